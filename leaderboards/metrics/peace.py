"""Peace: the share of time that nobody is in time-out."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps of all avatars not spent in time-out, over all their steps: P of Perolat et al. over the number of avatars.

    A time-out begins with the step after the fine, and the end of the episode cuts it short.
    """
    fines, everybody = of_kind(transcript, "fined"), sum(role.count for role in transcript.roles.values())
    lost = np.minimum(fines["value"], transcript.steps - 1 - fines["step"]).sum(dtype=float)
    return float(transcript.steps * everybody - lost), float(transcript.steps * everybody)


METRIC = Metric(
    name="peace",
    title="peace",
    meaning="time not spent in time-out after a fine",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Perolat et al. 2017, arXiv:1707.06600",
)
