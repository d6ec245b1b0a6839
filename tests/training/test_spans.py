"""Controls whose range is not [-1, 1]: everywhere outside of networks they are what the world takes."""

import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from avatarium import agents, worlds
from avatarium.agents.branching import Act
from avatarium.agents.branching.changes import columns
from avatarium.agents.exported import Manifest, OnnxPolicy, pack, sample_controls
from avatarium.agents.manifest import from_json
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.agents.policy import Turn, keys
from avatarium.leaderboards.evaluate import evaluate
from avatarium.leaderboards.queue.checking import actions as fingerprint
from avatarium.render.play.bindings import scheme
from avatarium.render.play.hands import Grip, Hands
from avatarium.render.viewer.diary import spoken
from avatarium.render.web import memory
from avatarium.training.adapters.sb3 import vec_env
from avatarium.training.demos import demonstrations
from avatarium.training.packing.sources import Wish
from avatarium.training.packing.sources import rllib as rllib_source
from avatarium.training.play.minds import Frozen
from avatarium.training.run.export import to_onnx
from avatarium.worlds import UserError
from avatarium.worlds.core.checks import check_world
from avatarium.worlds.core.checks.running import controls_end_at_their_span
from avatarium.worlds.core.checks.trial import Trial
from avatarium.worlds.core.spec import Role

TANKS = "tanks:WORLD"


@pytest.fixture
def role(outside: None) -> Role:
    """Of the keepers of tanks, whose controls go from 0 to 10."""
    return worlds.make_batch(TANKS).roles["keeper"]


@pytest.fixture
def network(role: Role) -> ActorCritic:
    """One that is far from the middle, and not sure."""
    torch.manual_seed(1)
    made = ActorCritic(Interface(role.observation_size, controls=2), Architecture(hidden=(8,)))
    with torch.no_grad():
        made.actor[-1].weight *= 1000.0
    return made.eval()


def manifest(role: Role, **other: Any) -> Manifest:
    given = {"world": "tanks", "world_version": 1, "role": role.name, "signature": role.signature(), "actions": (), "controls": 2}
    return Manifest(**({"name": "me", "span": role.span, "sampling": "greedy", "value": True} | given | other))


def turn(seen: np.ndarray) -> Turn:
    rows = np.arange(len(seen))
    return Turn(seen, keys(np.full(len(seen), 3, np.uint64), rows, rows), None, "keeper", rows, np.zeros_like(rows))


def test_a_world_with_a_span_is_sound_and_says_what_it_takes(role: Role) -> None:
    assert check_world(worlds.spec(TANKS))
    assert role.action_space == Box(0.0, 10.0, (2,), np.float32)
    env = worlds.make(TANKS)
    env.reset(seed=1)
    with pytest.raises(
        UserError, match=r"the action of keeper_0 is \[10.5, 0.0\], but it has to be 2 numbers from 0 to 10: inflow, outflow"
    ):
        env.step({"keeper_0": np.array([10.5, 0.0], np.float32)})


def test_a_world_that_does_not_stop_at_the_ends_is_found(outside: None, tampered: Any) -> None:
    def wide_open(state: Any, episodes: Any, config: Any, actions: Any, out: Any, log: Any, start: int, stop: int) -> None:
        out[0].reward[start:stop] += actions[0][start:stop, :, 0]

    spec = tampered(worlds.spec(TANKS), step=wide_open)
    assert list(controls_end_at_their_span(Trial(spec, {}))) == ["controls beyond their span do something else than those at its ends"]


def test_the_usual_span_changes_no_signature(role: Role) -> None:
    steering = worlds.make_batch("steering").roles["pilot"]
    assert steering.signature() == replace(steering, span=(-1.0, 1.0)).signature() != replace(steering, span=(0.0, 1.0)).signature()
    assert "span" not in manifest(steering, span=(-1.0, 1.0)).to_json()
    assert from_json(manifest(role).to_json().encode()).span == (0.0, 10.0)


def test_stretching_is_undone_by_narrowing(role: Role) -> None:
    here = np.array([[-1.0, 0.25], [1.0, -0.5]], np.float32)
    assert role.stretched(here).tolist() == [[0.0, 6.25], [10.0, 2.5]] and role.stretched(here).dtype == np.float32
    assert role.narrowed(role.stretched(here)) == pytest.approx(here)


def test_random_policies_take_all_of_the_span(role: Role) -> None:
    acted, _ = agents.load("random", TANKS, "keeper").step(turn(np.zeros((2000, 2), np.float32)), ())
    assert 0.0 <= acted.min() < 0.1 and 9.9 < acted.max() <= 10.0 and acted.mean() == pytest.approx(5.0, abs=0.3)


def test_training_plays_in_the_span_and_learns_from_what_was_thought(playing: Any) -> None:
    play = playing(TANKS)
    with torch.no_grad():
        play.network.log_std.fill_(0.5)
    thought = play.fragment().actions[-1]
    done = play.stage.batch.actions["keeper"].reshape(thought.shape)
    assert done.min() == 0.0 and done.max() == 10.0 and thought.min() < -1.0
    assert done == pytest.approx(5.0 + 5.0 * thought.clip(-1, 1), abs=1e-5)


def test_an_exported_policy_gives_what_the_world_takes(role: Role, network: ActorCritic) -> None:
    exported, seen = OnnxPolicy(manifest(role), to_onnx(network, role, True)), np.random.default_rng(0).random((50, 2), np.float32)
    mean, log_std, _ = exported.infer((seen,))
    thought, unsure = network.act(torch.from_numpy(seen))[0].detach().chunk(2, dim=-1)
    assert mean == pytest.approx(5.0 + 5.0 * thought.numpy(), abs=1e-4) and np.exp(log_std) == pytest.approx(
        5.0 * unsure.exp().numpy(), abs=1e-4
    )
    acted = exported.step(turn(seen), ())[0]
    assert acted == pytest.approx(mean.clip(0, 10), abs=1e-5) and acted.min() == 0.0
    assert Frozen("me", network, role, greedy=True).step(turn(seen), ())[0] == pytest.approx(acted, abs=1e-4)


def test_an_exported_policy_is_judged(role: Role, network: ActorCritic, tmp_path: Path) -> None:
    """One that opens each valve as its gauge says reaches what there is."""
    network.actor = torch.nn.Linear(2, 2)
    with torch.no_grad():
        network.actor.weight.copy_(2.0 * torch.eye(2))
        network.actor.bias.fill_(-1.0)
    path = pack(tmp_path / "keeper.zip", to_onnx(network, role, True), manifest(role))
    (found,) = evaluate(TANKS, {"mine": str(path)}, range(3), {}, tmp_path / "played", "keeper")
    assert found.scores["episode_return"].value == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize("span", [[10.0, 0.0], [0.0], [0.0, "1"], [0.0, 1e300], 5])
def test_a_manifest_with_a_strange_span_is_refused(role: Role, span: Any) -> None:
    text = manifest(role).to_json().replace('"span": [\n  0.0,\n  10.0\n ]', f'"span": {str(span).replace(chr(39), chr(34))}')
    with pytest.raises(UserError, match="'span' in the manifest has to be two numbers, the lower one first"):
        from_json(text.encode())


def test_a_manifest_with_another_span_does_not_fit(role: Role) -> None:
    with pytest.raises(UserError, match=r"span \[-1.0, 1.0\] is not that of tanks's keeper, \[0.0, 10.0\]"):
        manifest(role, span=(-1.0, 1.0)).check_fits(worlds.spec(TANKS), role)


def test_controls_are_clipped_to_the_span() -> None:
    mean = np.array([[-2.0, 0.5, 9.0]], np.float32)
    assert sample_controls(mean, mean, np.zeros(1, np.uint64), True, (0.0, 1.0)).tolist() == [[0.0, 0.5, 1.0]]


def test_stable_baselines3_gives_what_the_world_takes(role: Role) -> None:
    env = vec_env(TANKS, 3)
    assert env.action_space == role.action_space
    seen = env.reset()
    rewards = env.step(10.0 * seen)[1]
    assert rewards == pytest.approx(1.0)


@pytest.mark.parametrize("normalised", [None, True, False])
def test_what_rllib_stretched_is_stretched_in_the_file(role: Role, tmp_path: Path, normalised: bool | None) -> None:
    """It does so by default, with what a module gives."""
    from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    config = DefaultModelConfig(fcnet_hiddens=[8])
    module = DefaultPPOTorchRLModule(observation_space=role.observation_space, action_space=role.action_space, model_config=config)
    folder = tmp_path / "learner_group"
    module.save_to_path(folder / "learner" / "rl_module")
    (tmp_path / "rllib_checkpoint.json").write_text('{"ray_version": "2.60.0"}')
    if normalised is not None:
        told = {"ctor_args_and_kwargs": ((), {"config": SimpleNamespace(normalize_actions=normalised)})}
        (folder / "class_and_ctor_args.pkl").write_bytes(pickle.dumps(told))
    loaded = rllib_source.load(str(tmp_path), Wish(role, None, None))
    seen = torch.rand(4, 2)
    mean, log_std = module.forward_inference({"obs": seen})["action_dist_inputs"].detach().chunk(2, dim=-1)
    found = OnnxPolicy(manifest(role, value=False), loaded.onnx_bytes).infer((seen.numpy(),))
    scale = 1.0 if normalised is False else 5.0
    assert found[0] == pytest.approx((scale * (mean + (scale > 1))).numpy(), abs=1e-4)
    assert np.exp(found[1]) == pytest.approx((scale * log_std.exp()).numpy(), abs=1e-4)


def test_torchrl_knows_the_span(outside: None) -> None:
    from avatarium.training.adapters.torchrl import WorldTensorEnv

    space = WorldTensorEnv(TANKS, num_envs=2).action_spec["keeper", "action"].space
    assert (float(space.low.min()), float(space.high.max())) == (0.0, 10.0)


def test_demonstrations_are_learnt_as_networks_think(outside: None, tmp_path: Path) -> None:
    evaluate(TANKS, {"heuristic": "heuristic"}, range(2), {}, tmp_path, "keeper")
    found = demonstrations.load([tmp_path], TANKS, "keeper")
    shown = next(found.fragments(20, 2)).fragment
    assert shown.present.all() and shown.actions == pytest.approx(2.0 * shown.observations[:-1] - 1.0, abs=1e-5)
    assert found.columns.actions.max() > 1.0


def test_copies_are_told_apart_over_the_whole_span(role: Role, network: ActorCritic) -> None:
    one, wide = OnnxPolicy(manifest(role), to_onnx(network, role, True)), replace(role, span=(-500.0, 500.0))
    other = OnnxPolicy(manifest(wide), to_onnx(network, wide, True))
    assert np.abs(fingerprint(one, role) - fingerprint(other, wide)).max() <= 1
    assert len(set(fingerprint(one, role).tolist())) > 50


def test_people_and_branches_act_in_the_span(role: Role) -> None:
    hands = Hands(scheme(role))
    assert hands.action(Grip()).tolist() == [5.0, 5.0]
    keys_of = {stroke.value: stroke.key for stroke in hands._scheme.strokes if stroke.part == 0 and not stroke.key.startswith("pad")}
    assert hands.action(Grip(held=frozenset({keys_of[1.0]}))).tolist() == [10.0, 5.0]
    assert columns(Act({"inflow": 7.5}), role) == {0: 7.5}
    with pytest.raises(UserError, match="inflow=-1 is no control of a keeper: give a number from 0 to 10"):
        columns(Act({"inflow": -1}), role)


def test_viewers_show_what_the_world_took(role: Role) -> None:
    done = np.array([[0.0, 7.5]], np.float32)
    assert spoken(role, done[0]) == "inflow 0.00, outflow 7.50"
    assert memory._action(role, done).tolist() == [[0, 150]] and memory._describe(role)["span"] == [0.0, 10.0]
