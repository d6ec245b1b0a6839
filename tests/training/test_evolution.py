"""Search without gradients: evolution strategies and brute force, from the arithmetic to a judged policy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.agents.exported import OnnxPolicy, read
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.training.learn.strategy import Grid, Strategy
from avatarium.training.play import arena
from avatarium.training.play.orders import Casting
from avatarium.training.play.trials import Trials, weights_of
from avatarium.training.run import checkpoint

TANKS, LANES = "tanks:WORLD", "lanes:WORLD"
EVOLVE = ("--train", "algorithm=evolution", "--train", "layers=0", "--train", "envs=64", "--train", "strategy.sigma=0.3", "--quiet")
SEARCH = ("--train", "algorithm=brute_force", "--train", "layers=0", "--quiet")


def test_a_strategy_finds_a_summit() -> None:
    summit, mean, rng, strategy = np.array([1.0, -2.0, 0.5]), np.zeros(3, np.float32), np.random.default_rng(0), Strategy(sigma=0.7)
    for generation in range(60):
        children = strategy.offspring(mean, generation, rng)
        mean = strategy.chosen(children, -np.square(children - summit).sum(axis=1))
    assert mean == pytest.approx(summit, abs=0.15)


def test_the_mean_of_the_best_is_gone_on_from() -> None:
    children = np.array([[0.0], [1.0], [2.0], [9.0]], np.float32)
    assert Strategy(parents=2, children=4).chosen(children, np.array([3.0, 5.0, 5.0, 4.0])).tolist() == [1.5]


def test_a_grid_narrows_about_the_best() -> None:
    grid, mean, rng = Grid(2), np.array([7.0, 0.0, 0.0]), np.random.default_rng()
    for generation in range(4):
        children = grid.offspring(mean, generation, rng)
        assert children.shape == (81, 3) and not children[:, 0].any() and np.abs(children).max() <= 1.0
        mean = grid.chosen(children, -np.abs(children[:, 1:] - [0.33, -0.97]).sum(axis=1))
    assert mean[1:] == pytest.approx([0.33, -0.97], abs=0.03)


def trials(world: str, envs: int, hidden: tuple[int, ...] = (), **settings: Any) -> tuple[Trials, str, ActorCritic]:
    here = arena.find(world, settings)
    name, role = next(iter(here.roles.items()))
    choices = () if role.continuous else tuple(len(head.choices) for head in role.heads)
    torch.manual_seed(0)
    network = ActorCritic(Interface(role.observation_size, choices, len(role.continuous)), Architecture(hidden=hidden))
    others = {other: "random" for other in here.roles if other != name}
    return Trials(here.open(envs), Casting({name: name}, others), 5), name, network


@pytest.mark.parametrize(("world", "hidden"), [(TANKS, ()), (LANES, (8,)), ("masks", (8,))])
def test_candidates_play_the_same_episodes_and_nobody_else_s(outside: None, world: str, hidden: tuple[int, ...]) -> None:
    """Alike candidates come to the same, unlike ones do as they would alone."""
    both, name, network = trials(world, 12, hidden)
    first = weights_of(network)
    second = first + np.random.default_rng(0).standard_normal(len(first)).astype(np.float32)
    found = both.play({name: network}, {name: np.stack([first, second, first])}, 3).fitness[name]
    assert found[0] == found[2] != found[1]
    alone, _, _ = trials(world, 4, hidden)
    assert alone.play({name: network}, {name: second[None]}, 3).fitness[name] == pytest.approx(found[1:2])
    assert alone.play({name: network}, {name: second[None]}, 4).fitness[name] != pytest.approx(found[1:2])


def test_what_is_seen_and_done_is_counted_for_one_episode_each(outside: None) -> None:
    """Whoever leaves early decides no more, and an episode that follows counts for nothing."""
    one, name, network = trials(LANES, 4, walkers=2, callers=1, leaving=True, episode_steps=20)
    played = one.play({name: network}, {name: weights_of(network)[None]}, 3)
    assert played.env_steps <= 4 * 20 and 0 < played.decisions[name] <= 2 * played.env_steps
    assert float(played.seen[name].count) == played.decisions[name]


def test_evolution_learns_and_leaves_what_other_runs_leave(train: Any, tmp_path: Path, ray_running: None) -> None:
    told = train(TANKS, *EVOLVE, "--steps", "38400", "--out", "run", "--evaluate", "4")
    assert told.code == 0
    points = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert len(points) == 30 and points[0]["keeper/children_step"] == pytest.approx(0.3)
    assert points[-1]["keeper/children_step"] == pytest.approx(0.3 * 0.96**29)
    assert points[-1]["return"] > 18.5 > points[0]["return"]
    manifest, content = read(tmp_path / "run" / "policy.zip")
    assert (manifest.sampling, manifest.value, manifest.span) == ("greedy", False, (0.0, 10.0))
    seen = np.array([[0.2, 0.9]], np.float32)
    assert OnnxPolicy(manifest, content).infer((seen,))[0] == pytest.approx(10 * seen, abs=1.0)
    assert (tmp_path / "run" / "replay.avt").is_file() and "algorithm=evolution" in (tmp_path / "run" / "card.md").read_text()


def test_a_resumed_search_ends_as_one_that_was_not_interrupted(train: Any, tmp_path: Path, ray_running: None) -> None:
    train(TANKS, *EVOLVE, "--steps", "7680", "--out", "whole", "--evaluate", "0")
    train(TANKS, *EVOLVE, "--steps", "3840", "--out", "half", "--evaluate", "0")
    train("--resume", "half", "--steps", "7680", "--evaluate", "0", "--quiet")
    whole, half = (checkpoint.load(tmp_path / name).modules["keeper"] for name in ("whole", "half"))
    assert whole.keys() == half.keys()
    acting = [name for name in whole if "actor" in name or "normalise" in name]
    assert len(acting) == 5 and all(np.array_equal(whole[name], half[name]) for name in acting)


def test_brute_force_finds_the_best_controls_that_never_change(train: Any, tmp_path: Path, ray_running: None) -> None:
    """Where gauges are uniform it is the middle."""
    train(TANKS, *SEARCH, "--train", "envs=1620", "--steps", "97200", "--out", "run", "--evaluate", "0")
    manifest, content = read(tmp_path / "run" / "policy.zip")
    found = OnnxPolicy(manifest, content).infer((np.random.default_rng(0).random((5, 2), np.float32),))[0]
    assert found == pytest.approx(5.0, abs=0.8) and (found == found[0]).all()


REFUSED = {
    "curious": ((*EVOLVE, "--train", "curiosity=rnd"), "evolution goes by returns, with small networks: leave out curiosity"),
    "remembering": ((*EVOLVE, "--train", "network=gru", "--train", "layers=1"), "leave out network=gru"),
    "runners": ((*EVOLVE, "--runners", "2"), "evolution plays in one batch: leave out --runners and --learners"),
    "share": ((*EVOLVE, "--train", "envs=40"), "40 environments cannot be shared out evenly over 16 children"),
    "parents": ((*EVOLVE, "--train", "strategy.parents=17"), "17 parents cannot be chosen from 16 children"),
    "layers": ((*SEARCH, "--train", "layers=1", "--train", "envs=81"), "brute_force is for one role with continuous controls"),
    "grid": ((*SEARCH, "--train", "envs=80"), "80 environments cannot be shared out evenly over 81 children"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_do_is_told_in_a_sentence(train: Any, outside: None, name: str) -> None:
    words, sentence = REFUSED[name]
    told = train(TANKS, *words)
    assert told.code != 0 and sentence in told.err


def test_brute_force_needs_controls(train: Any, outside: None) -> None:
    told = train(LANES, *SEARCH)
    assert told.code != 0 and "brute_force is for one role with continuous controls" in told.err


def test_a_cell_needs_a_layer_before_it(train: Any, outside: None) -> None:
    told = train(LANES, "--train", "network=gru", "--train", "layers=0")
    assert told.code != 0 and "a recurrent network needs a layer before its cell" in told.err
