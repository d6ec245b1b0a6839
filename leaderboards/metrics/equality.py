"""Equality: how evenly what is eaten is shared out."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """1 - Gini coefficient of the meals of all avatars, E of Perolat et al., whose agents are paid for nothing else.

    Fines are left out, because the coefficient is one of amounts that are not negative. Nothing where nobody ate.
    """
    everybody = sum(role.count for role in transcript.roles.values())
    meals = np.bincount(of_kind(transcript, "meal")["who"], minlength=everybody).astype(float)
    if not meals.sum():
        return 0.0, 0.0
    return 1.0 - float(np.abs(meals[:, None] - meals[None]).sum() / (2 * everybody * meals.sum())), 1.0


METRIC = Metric(
    name="equality",
    title="equality",
    meaning="how evenly meals are shared out: 1 - Gini coefficient",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Perolat et al. 2017, arXiv:1707.06600",
)
