"""Whoever does not learn plays all the same: scripted, as an exported policy, or as the network of another run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium import worlds
from avatarium.training.play.env_runner import BatchedEnvRunner
from avatarium.training.play.minds import Frozen, Seated, load_mind
from avatarium.training.run import checkpoint, engine, export
from avatarium.training.run.checkpoint import Progress
from avatarium.training.run.direction import Direction
from avatarium.training.run.plan import Plan
from avatarium.worlds import UserError

Playing = Callable[..., Any]
RIGHT = 2


@pytest.fixture(scope="module")
def run(plan: Plan, outside: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which walkers have learnt to go right, whatever they see; there is its exported policy too."""
    plan = replace(plan, settings={"callers": 1})
    built = engine.config_for(plan).get_multi_rl_module_spec(spaces=spaces_of(plan)).build()
    networks = {name: built[name].network for name in plan.casting.modules}
    with torch.no_grad():
        last = networks["walker"].actor[-1]
        last.weight.zero_()
        last.bias.copy_(torch.eye(5)[RIGHT] * 50)
    modules = {name: {f"network.{key}": part.numpy() for key, part in network.state_dict().items()} for name, network in networks.items()}
    folder = tmp_path_factory.mktemp("minds") / "run"
    checkpoint.save(folder / "checkpoints", plan, Progress(), {"rl_module": modules, "optimizer": {}}, Direction(plan))
    found = checkpoint.load(folder)
    export.write_policy(folder / "policy_walker.zip", found, found.roles["walker"], "goes right")
    return folder


def spaces_of(plan: Plan) -> dict[str, Any]:
    return {name: (role.observation_space, role.action_space) for name, role in plan.arena.roles.items()}


@pytest.mark.parametrize("mind", ["random", "run", "checkpoint", "zip"])
def test_a_role_is_played_while_another_learns(ray_running: None, plan: Plan, run: Path, mind: str) -> None:
    where = {"run": run, "checkpoint": run / "checkpoints" / "000000", "zip": run / "policy_walker.zip"}
    plan = replace(plan, settings={"callers": 1, "episode_steps": 1000}, minds={"walker": str(where.get(mind, mind))})
    plan.check()
    runner = BatchedEnvRunner(config=engine.config_for(plan), worker_index=0)
    batch = runner.sample()[0]
    assert set(batch.fragments) == {"caller"}
    places = runner._stages.open[0].batch.observations["walker"][..., 0]
    assert np.all(places == 1.0) == (mind != "random")
    assert len(np.unique(places)) > 3 or mind != "random"
    assert set(runner.get_metrics()["events"]) == {"arrival"}


def test_training_beside_a_mind_changes_what_learns_alone(ray_running: None, plan: Plan, run: Path) -> None:
    plan = replace(plan, settings={"callers": 1}, minds={"walker": str(run)})
    algorithm = engine.config_for(plan).build_algo()
    results = [algorithm.train() for _ in range(2)]
    state = engine.learner_state(algorithm)
    algorithm.stop()
    assert set(state["rl_module"]) == {"caller"}
    assert set(results[-1]["env_runners"]["module_episode_returns_mean"]) == {"walker", "caller"}  # both are reported
    assert set(results[-1]["env_runners"]["num_module_steps_sampled"]) == {"caller"}


@pytest.mark.parametrize("core", ["mlp", "lstm", "gru"])
def test_a_frozen_network_acts_as_it_did_when_it_learnt(playing: Playing, core: str) -> None:
    """The likeliest actions, over steps, with a memory that goes on until the episode ends."""
    play = playing(core=core, episode_steps=7)
    batch = worlds.make_batch("lanes:WORLD", num_envs=3, episode_steps=7)
    batch.reset(5)
    seat = Seated(batch, "walker", Frozen("frozen", play.network, play.role, greedy=True), origin=1)
    state = play.network.initial(6)
    for t in range(20):
        with torch.no_grad():
            outputs, state = play.network.act(torch.from_numpy(batch.observations["walker"].reshape(6, 3)), state)
        expected = np.stack([part.argmax(-1) for part in np.split(outputs.numpy(), [3], axis=-1)], axis=-1)
        actions = seat.act(t)
        assert np.array_equal(actions, expected)
        batch.step({"walker": actions.reshape(3, 2, 2)})
        if batch.ended.any():
            assert batch.ended.all()
            seat.forget(batch.ended)
            state = play.network.initial(6)


def test_some_avatars_may_be_moved_and_others_keep_their_memory(playing: Playing) -> None:
    play = playing(core="gru")
    batch = worlds.make_batch("lanes:WORLD", num_envs=3)
    batch.reset(5)
    seat = Seated(batch, "walker", Frozen("frozen", play.network, play.role), origin=1)
    seat.act(0, np.array([1, 4]))
    (memory,) = seat._memory
    assert np.abs(memory).sum(1).nonzero()[0].tolist() == [1, 4]
    seat.forget(np.array([True, False, False]))
    assert np.abs(memory).sum(1).nonzero()[0].tolist() == [4]
    assert not np.array_equal(seat.act(1), seat.act(2))  # another step, another draw


@pytest.mark.parametrize(
    ("role", "mind", "settings", "complaint"),
    [
        ("walkers", "random", {}, "there is no role 'walkers' in lanes: did you mean 'walker'"),
        ("caller", "heuristc", {}, "there is no policy 'heuristc'"),
        ("caller", "heuristic", {}, "world 'lanes' has no heuristic"),
        ("caller", "RUN/policy_walker.zip", {}, "made for the role walker, not for caller"),
        ("caller", "RUN/nothing.zip", {}, "nothing.zip"),
        ("caller", "EMPTY", {}, "there is no checkpoint in"),
        ("walker", "RUN", {"control": "continuous"}, "senses or does other things than walker here"),
    ],
)
def test_a_mind_that_cannot_play_is_refused_before_anything_starts(
    plan: Plan, run: Path, tmp_path: Path, role: str, mind: str, settings: dict[str, Any], complaint: str
) -> None:
    (tmp_path / "empty").mkdir()
    text = mind.replace("RUN", str(run)).replace("EMPTY", str(tmp_path / "empty"))
    with pytest.raises(UserError, match=complaint):
        replace(plan, settings={"callers": 1} | settings, minds={role: text}).check()


def test_somebody_has_to_learn(plan: Plan) -> None:
    with pytest.raises(UserError, match="every role has a mind already"):
        replace(plan, settings={"callers": 1}, minds={"walker": "random", "caller": "random"}).check()


def test_a_run_elsewhere_cannot_play_here(run: Path) -> None:
    batch = worlds.make_batch("memory", num_envs=1)
    with pytest.raises(UserError, match="is a run in lanes:WORLD that has no policy for role player of memory"):
        load_mind(str(run), batch, "player")
