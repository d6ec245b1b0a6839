"""Domination played decision by decision: the same game in fewer steps. And what a commander is told of the other team."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.agents import load
from avatarium.agents.exported import OnnxPolicy, pack
from avatarium.agents.manifest import Manifest, StateShape
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.agents.play import Seat
from avatarium.training.run.export import to_onnx
from avatarium.worlds import Batch, UserError, make_batch
from avatarium.worlds.core.spec import Role
from avatarium.worlds.domination import WORLD
from avatarium.worlds.domination.state import MIDDLE

GAMES = 8
LEVELS = ("order", "commander")


def games(by_decision: bool, **config: Any) -> Batch:
    """Games of three against three that have just begun."""
    made = make_batch("domination", num_envs=GAMES, autoreset=False, by_decision=by_decision, team=3, **config)
    made.reset(range(GAMES))
    return made


def remembering(folder: Path, role: Role) -> OnnxPolicy:
    """A policy with memory, far from uniform."""
    torch.manual_seed(3)
    choices = tuple(len(head.choices) for head in role.heads)
    network = ActorCritic(Interface(role.observation_size, choices), Architecture("lstm", (16,), 12)).eval()
    with torch.no_grad():
        network.actor[-1].weight *= 300.0
    signature = role.signature()
    manifest = Manifest(
        "tiny", "domination", WORLD.version, role.name, signature, choices, 0, (StateShape("hidden", (12,)), StateShape("cell", (12,)))
    )
    return OnnxPolicy.open(pack(folder / f"{role.name}.zip", to_onnx(network, role), manifest), WORLD, role)


def outcome(batch: Batch, folder: Path) -> tuple[Any, ...]:
    """Play to the end, a policy with memory against majority: decisions, returns, whatever happened, and how everything stands then."""
    level = batch.config.command
    mine = remembering(folder, batch.roles["red"])
    theirs = load("domination/majority", "domination", "blue", team=3, command=level)
    seats = [Seat(batch, role, mind, range(GAMES)) for role, mind in (("red", mine), ("blue", theirs))]
    returns, steps, chosen = dict.fromkeys(batch.roles, 0.0), 0, []
    due = batch.roles["red"].slices()["due"]
    while not batch.episodes.over.all():
        deciding = (batch.observations["red"][:, 0, due][:, 0] > 0) & ~batch.episodes.over
        actions = {seat.role: seat.act() for seat in seats}
        chosen += [(int(i), int(batch.clock[i]), actions["red"][i, :, 0].tolist()) for i in np.flatnonzero(deciding)]
        paid = batch.step(actions).reward
        returns, steps = {role: returns[role] + paid[role] for role in returns}, steps + 1
    state = batch.state
    return steps, sorted(chosen), returns, batch.events.tally["count"], state.score, state.avatars["x"], batch.clock


@pytest.mark.parametrize("level", LEVELS)
def test_decision_by_decision_it_is_the_same_game(level: str, tmp_path: Path) -> None:
    one, other = (outcome(games(by_decision, command=level), tmp_path) for by_decision in (False, True))
    assert one[0] == 600 and other[0] < 150, "steps"
    assert one[1] == other[1], "what was decided, with a memory that stands still between"
    assert len({str(choice) for _, _, choice in one[1]}) > 3
    for role in one[2]:
        assert one[2][role] == pytest.approx(other[2][role], abs=1e-4)
    for mine, theirs in zip(one[3:], other[3:], strict=True):
        assert np.array_equal(mine, theirs)


def test_where_every_step_is_decided_in_all_steps_are_alike() -> None:
    for world, config in (("domination", {}), ("wayfinding", {})):
        batch = make_batch(world, num_envs=2, by_decision=True, **config)
        batch.reset(0)
        batch.step({name: np.zeros((2, role.count, role.action_size), role.action_dtype) for name, role in batch.roles.items()})
        assert batch.clock.tolist() == [1, 1] and not any(role.due for role in batch.roles.values())


def test_sensors_that_lag_behind_cannot_be_told_decision_by_decision() -> None:
    with pytest.raises(UserError, match=r"task\.delay"):
        games(True, command="order", **{"task.delay": 3})
    games(True, command="order", **{"task.noise": 0.1})
    games(False, command="order", **{"task.delay": 3})


def test_a_commander_knows_of_those_opponents_whom_one_of_its_soldiers_sees() -> None:
    batch = games(False, command="commander", walls=0)
    where, seen = batch.roles["red"].slices()["rivals"], 0
    middle = batch.state.points[:, MIDDLE]
    for step in range(60):
        batch.step({role: np.zeros((GAMES, 1, 1), np.int32) for role in batch.roles})
        told, avatars = batch.observations["red"][:, 0, where].reshape(GAMES, 3, 9), batch.state.avatars
        places, here = np.stack([avatars["x"], avatars["y"]], axis=2), avatars["present"] == 1
        apart = np.linalg.norm(places[:, 3:, None] - places[:, None, :3], axis=3)
        expected = (here[:, 3:, None] & here[:, None, :3] & (apart < 10.0)).any(axis=2)
        assert np.array_equal(told[..., 0] == 1, expected) and not told[~expected].any(), step
        away = np.linalg.norm(places[:, 3:] - middle[:, None], axis=2)
        assert 24 * np.hypot(*told[expected][:, 1:3].T) == pytest.approx(away[expected], abs=1e-3)
        assert 32 * told[expected][:, 6] == pytest.approx(away[expected], abs=2.5), "ways lead around corners of cells"
        seen += int(expected.sum())
    assert 0 < seen < 60 * GAMES * 3
