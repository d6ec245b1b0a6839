"""Sustainability: whether there is still something to eat late in an episode."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """The mean time (s) of each avatar's meals, over the avatars of all roles that ate: S of Perolat et al., in seconds not steps."""
    meals = of_kind(transcript, "meal")
    means = [float(meals["value"][meals["who"] == who].mean(dtype=float)) for who in np.unique(meals["who"])]
    return float(sum(means)), float(len(means))


METRIC = Metric(
    name="sustainability",
    title="sustainability",
    meaning="mean time at which avatars eat",
    unit="s",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Perolat et al. 2017, arXiv:1707.06600",
    digits=1,
)
