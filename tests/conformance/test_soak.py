"""Ten million random agent-steps: every observation is a number in its space, nobody stands in a wall or in somebody else."""

from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.chance import random_actions

AGENT_STEPS = 10_000_000
STEPS_PER_LOOK = 8
NUM_ENVS = 256
ROUNDING_M = 1e-5


@pytest.mark.parametrize("name", worlds.names())
def test_ten_million_agent_steps(name: str) -> None:
    for crowded, seed in ((False, 1), (True, 2)):
        soak(name, crowded, seed, AGENT_STEPS // 2)


def soak(name: str, crowded: bool, seed: int, agent_steps: int) -> None:
    """Step a batch until it has made so many agent-steps, looking at all of it now and then."""
    more = {"crowd": 8} if crowded and hasattr(worlds.spec(name).config(), "crowd") else {}
    batch, rng = worlds.make_batch(name, num_envs=NUM_ENVS, **more), np.random.default_rng(seed)
    table = [random_actions(batch, rng) for _ in range(64)]
    batch.reset(seed)
    done = 0
    while done < agent_steps:
        for _ in range(STEPS_PER_LOOK):
            step = batch.step(table[rng.integers(len(table))])
        done += STEPS_PER_LOOK * NUM_ENVS * sum(batch.num_agents.values())
        for role, space in batch.observation_spaces.items():
            inside = (step.observation[role] >= space.low) & (step.observation[role] <= space.high)
            assert inside.all(), f"{role}: {step.observation[role][~inside][0]} at {np.argwhere(~inside)[0]}"
            assert np.isfinite(step.reward[role]).all()
        if hasattr(batch.state, "avatars") and hasattr(batch.state, "plan"):
            assert_nobody_overlaps(batch.state)


def assert_nobody_overlaps(state: Any) -> None:
    """Every avatar is at least its radius away from every box and twice that from every other avatar."""
    avatars, plan = state.avatars, state.plan
    place, here = np.stack([avatars["x"], avatars["y"]], axis=-1), avatars["present"].astype(bool)
    apart = np.linalg.norm(place[:, :, None] - place[:, None], axis=-1)
    apart[~(here[:, :, None] & here[:, None])] = np.inf
    apart[:, np.arange(place.shape[1]), np.arange(place.shape[1])] = np.inf
    assert apart.min() >= 2 * RADIUS_M - ROUNDING_M
    count = int(plan.num_boxes.max())
    real = np.arange(count) < plan.num_boxes[:, None]
    low, high = plan.boxes[:, :2, :count], plan.boxes[:, 2:, :count]
    nearest = np.clip(place[:, :, :, None], low[:, None], high[:, None])
    gap = np.linalg.norm(place[:, :, :, None] - nearest, axis=2)
    gap[~(here[:, :, None] & real[:, None])] = np.inf
    assert gap.min() >= RADIUS_M - ROUNDING_M


def test_an_overlap_is_found() -> None:
    batch = worlds.make_batch("wayfinding", num_envs=2)
    batch.reset(0)
    assert_nobody_overlaps(batch.state)
    inside = batch.snapshot()
    batch.state.avatars["x"][1, 0], batch.state.avatars["y"][1, 0] = batch.state.avatars["x"][1, 1] + 0.4, batch.state.avatars["y"][1, 1]
    with pytest.raises(AssertionError):
        assert_nobody_overlaps(batch.state)
    batch.restore(inside)
    batch.state.avatars["x"][1, 0], batch.state.avatars["y"][1, 0] = 0.3, 5.0
    with pytest.raises(AssertionError):
        assert_nobody_overlaps(batch.state)
