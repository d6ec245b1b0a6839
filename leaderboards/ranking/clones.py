"""Clones: entrants that are the same policy, by what they are made of or by what they do."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.ranking.graph import components

AGREEMENT = 0.999
"""Policies that do the same in more than this share of the probes count as one."""


def clones(
    submitted: Sequence[str],
    content: Sequence[str],
    weights: Sequence[str] | None = None,
    actions: np.ndarray | None = None,
    agreement: float = AGREEMENT,
) -> np.ndarray:
    """Which entrant stands for each of P, int64 [P]: the earliest of all that are the same policy, directly or through others.

    ``submitted`` orders them and tells them apart, such as times with keys. ``content`` and ``weights`` are hashes, of the whole and of
    the weights alone; empty ones match nothing. ``actions`` are ints [P, K], what each does on K fixed observations, where a row of
    negative ones was not asked.
    """
    same = _equal(content) | _equal(weights or [""] * len(content))
    if actions is not None and actions.size:
        same |= alike(actions, agreement)
    group = components(same)
    shown = np.arange(len(content))
    for k in np.unique(group):
        members = np.flatnonzero(group == k).tolist()
        shown[members] = min(members, key=lambda i: submitted[i])
    return shown


def alike(actions: np.ndarray, agreement: float = AGREEMENT) -> np.ndarray:
    """Which of P entrants agree in more than that share of their actions [P, K], bool [P, P]; who was not asked agrees with nobody."""
    found = np.zeros((len(actions), len(actions)), bool)
    asked = np.asarray(np.all(actions >= 0, axis=1))
    for k in np.flatnonzero(asked):
        found[k] = np.count_nonzero(np.equal(actions, actions[k]), axis=1) > agreement * actions.shape[1]
    return np.asarray(found & asked[:, None] & asked[None, :])


def _equal(hashes: Sequence[str]) -> np.ndarray:
    """Which of P hashes are equal and not empty, bool [P, P]."""
    told, there = np.array(hashes, dtype=str), np.array([bool(one) for one in hashes], bool)
    return np.asarray(np.equal(told[:, None], told[None, :]) & there[:, None])
