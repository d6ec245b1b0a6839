"""A season to rank: columns of three worlds, and scores of policies whose skill is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from avatarium.leaderboards.ranking.bradley_terry import chances
from avatarium.leaderboards.ranking.columns import PILLARS, Column


@dataclass
class Season:
    columns: list[Column]
    values: list[np.ndarray]
    entrants: list[str]


def season(skills, columns=6, seeds=8, noise=0.2, seed=0) -> Season:
    """Policies that score ``skills`` give or take ``noise``, on seeds some of which are harder for all."""
    rng = np.random.default_rng(seed)
    ids = tuple(int(s) for s in rng.permutation(100)[:seeds])
    found = [Column(f"world{k % 3}", f"mode{k // 3}", "success", PILLARS[k % 3], 0.0, 1.0, ids) for k in range(columns)]
    values = [np.asarray(skills)[:, None] + rng.normal(0, 0.2, seeds) + rng.normal(0, noise, (len(skills), seeds)) for _ in found]
    return Season(found, values, [f"policy{k:03}" for k in range(len(skills))])


def played(skills, games, log_tie=-0.5, seed=0):
    """Games between players at random as ``tally`` takes them, in matches of two, by known skills."""
    rng = np.random.default_rng(seed)
    one = rng.integers(0, len(skills), games)
    two = (one + rng.integers(1, len(skills), games)) % len(skills)
    lost, drawn, _ = chances(skills[one] - skills[two], log_tie)
    luck = rng.random(games)
    scores = np.where(luck < lost, 0.0, np.where(luck < lost + drawn, 0.5, 1.0))
    return [f"p{k:03}" for k in one], [f"p{k:03}" for k in two], scores.tolist(), [f"m{k // 2}" for k in range(games)]


@pytest.fixture(scope="session", name="season")
def season_():
    return season


@pytest.fixture(scope="session", name="played")
def played_():
    return played
