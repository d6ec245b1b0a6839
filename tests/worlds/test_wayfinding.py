"""Wayfinding: its buildings, journeys, guidance, people and bounds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.agents import load
from avatarium.agents.play import play
from avatarium.worlds import make_batch
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.wayfinding import WORLD
from avatarium.worlds.wayfinding.rules import ARRIVAL, COLLIDED, CROWD_ARRIVAL, FAILURE

KIND = {event.name: k for k, event in enumerate(WORLD.events)}


def outcome(policy: str, steps: int = 600, num_envs: int = 16, **config: Any) -> dict[str, float]:
    """Success, SPL and the tally of a policy over the first ``steps`` steps."""
    batch = make_batch("wayfinding", num_envs=num_envs, **config)
    batch.reset(1)
    count = batch.num_agents["walker"]
    envs, avatars = np.repeat(np.arange(num_envs), count), np.tile(np.arange(count), num_envs)
    for _ in range(steps):
        rows = batch.observations["walker"].reshape(num_envs * count, -1)
        assert WORLD.heuristic is not None and WORLD.oracle is not None
        acts = WORLD.oracle(batch, "walker", envs, avatars) if policy == "oracle" else WORLD.heuristic("walker", rows, batch.config)
        batch.step({"walker": acts.reshape(num_envs, count, -1)})
    tally = batch.events.tally
    journeys = tally["count"][:, [ARRIVAL, FAILURE]].sum()
    return {
        "success": tally["count"][:, ARRIVAL].sum() / journeys,
        "spl": tally["value"][:, ARRIVAL].sum() / journeys,
        "crowd": float(tally["count"][:, CROWD_ARRIVAL].sum()),
        "collisions": float(tally["count"][:, COLLIDED].sum()),
    }


def test_the_oracle_arrives_and_the_heuristic_is_between_it_and_chance() -> None:
    oracle, heuristic = outcome("oracle"), outcome("heuristic")
    assert oracle["success"] > 0.98 and oracle["spl"] > 0.93
    assert 0.5 < heuristic["success"] < oracle["success"]


@pytest.mark.parametrize(
    "config", [{"guidance": "signs"}, {"control": "continuous"}, {"split": "held-out"}, {"crowd": 8, "custom": "keep-right"}]
)
def test_bounds_hold_in_every_variant(config: dict[str, Any]) -> None:
    assert outcome("oracle", **config)["success"] > 0.95
    assert outcome("heuristic", **config)["success"] > 0.2


def test_the_crowd_walks_about_and_reaches_places() -> None:
    assert outcome("oracle", crowd=8, walkers=1)["crowd"] > 16


def test_a_custom_changes_on_which_side_people_pass() -> None:
    sides = {custom: passing_side(custom) for custom in ("keep-right", "keep-left")}
    assert sides["keep-right"] > 0.1 and sides["keep-left"] < -0.1


def passing_side(custom: str) -> float:
    """Mean over encounters of two of the crowd who walk towards one another: 1 = each has the other on its left."""
    batch = make_batch("wayfinding", num_envs=16, walkers=1, crowd=12, custom=custom)
    batch.reset(2)
    sides = []
    for _ in range(400):
        batch.step({"walker": np.zeros((16, 1, 2), np.int32)})
        people = batch.state.avatars[:, 1:]
        dx, dy = (people[f][:, None, :] - people[f][:, :, None] for f in ("x", "y"))
        cos, sin = people["cos"][:, :, None], people["sin"][:, :, None]
        opposed = people["cos"][:, None, :] * cos + people["sin"][:, None, :] * sin < -0.8
        ahead, left = dx * cos + dy * sin, dy * cos - dx * sin
        met = opposed & (np.abs(ahead) < 0.3) & (np.abs(left) < 1.5) & (np.abs(left) > 0.3)
        sides += np.sign(left[met]).tolist()
    return float(np.mean(sides))


def test_every_room_can_be_reached_from_every_other() -> None:
    for split in ("train", "validation", "held-out"):
        batch = make_batch("wayfinding", num_envs=200, split=split)
        batch.reset(0)
        for i in range(200):
            cells, rooms = batch.state.plan.cells[i], batch.state.rooms[i, : batch.state.num_rooms[i]]
            field = batch.state.ways[i, 0]
            free = cells == 0
            assert (field[free] < 65535).all(), "a cell is cut off"
            assert (rooms["kind"] > 0).sum() >= 2 and batch.state.plan.num_boxes[i] < 90


def test_buildings_are_as_large_as_asked_and_larger_when_held_out() -> None:
    counts = {}
    for split in ("train", "held-out"):
        batch = make_batch("wayfinding", num_envs=300, split=split)
        batch.reset(0)
        counts[split] = np.array([(batch.state.rooms["kind"][i, : batch.state.num_rooms[i]] > 0).sum() for i in range(300)])
    assert counts["train"].min() >= 5 and counts["train"].max() <= 12 and (counts["train"] >= 6).mean() > 0.97
    assert counts["held-out"].mean() > counts["train"].mean() + 2.5


def test_splits_share_no_level() -> None:
    levels = {}
    for split in ("train", "validation", "held-out"):
        batch = make_batch("wayfinding", num_envs=100, split=split)
        batch.reset(0)
        levels[split] = set((batch.episodes.level >> np.uint64(62)).tolist())
    assert levels == {"train": {0}, "validation": {1}, "held-out": {2}}


def test_plates_are_read_only_in_sight_and_tell_the_destination() -> None:
    batch = make_batch("wayfinding", num_envs=64, guidance="signs")
    batch.reset(0)
    where = batch.roles["walker"].slices()
    for _ in range(100):
        batch.step({"walker": np.random.default_rng(0).integers(0, [5, 3], (64, 8, 2)).astype(np.int32)})
    plates = batch.observations["walker"][..., where["plates"]].reshape(64, 8, 3, -1)
    present, wanted = plates[..., 0] > 0, plates[..., 3] > 0
    assert 0.2 < present.mean() < 1 and 0.01 < wanted.mean() < 0.5 and not (wanted & ~present).any()
    assert (plates[~present] == 0).all() and np.hypot(plates[..., 1], plates[..., 2]).max() <= 1
    assert "compass" not in where


def test_reward_terms_pay_for_what_they_say() -> None:
    batch = make_batch("wayfinding", num_envs=8, **{"rewards.progress": 1.0, "rewards.time": -0.5})
    batch.reset(0)
    before = batch.state.avatars["way"].copy()
    envs, avatars = np.repeat(np.arange(8), 8), np.tile(np.arange(8), 8)
    assert WORLD.oracle is not None
    batch.step({"walker": WORLD.oracle(batch, "walker", envs, avatars).reshape(8, 8, 2)})
    terms = dict(zip(batch.roles["walker"].terms, np.moveaxis(batch.reward_terms["walker"], -1, 0), strict=True))
    same = batch.state.avatars["spent"] == 1
    assert terms["progress"][same] == pytest.approx((before - batch.state.avatars["way"])[same], abs=1e-5)
    assert (terms["time"] == -0.5).all()


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    path = play("wayfinding", {"walker": load("heuristic", "wayfinding", "walker")}, [2026], tmp_path, {"crowd": 2})[0]
    digest = Transcript.open(path).digest
    card = Path(__file__).parents[2] / "worlds" / "wayfinding" / "README.md"
    assert digest in card.read_text()
