"""State entropy: how evenly an avatar spread its time over places."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share
from avatarium.leaderboards.whereabouts import squares
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Entropy (bits) of each avatar's distribution over square metres, summed, over the number of avatars."""
    total = 0.0
    for column in squares(transcript, role, avatars).T:
        shares = np.unique(column, return_counts=True)[1] / len(column)
        total -= float((shares * np.log2(shares)).sum())
    return total, float(len(avatars))


METRIC = Metric(
    name="state_entropy",
    title="state entropy",
    meaning="entropy of the square metres that an avatar spent its time in",
    unit="bit",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="after Hazan et al. 2019, arXiv:1812.02690",
)
