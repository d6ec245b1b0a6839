"""AoRI: how long people wait for what they asked for."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps from when a request was made to when it was done, over all that were: whichever agents had a hand in it."""
    return average(of_kind(transcript, "served")["value"])


METRIC = Metric(
    name="aori",
    title="AoRI",
    meaning="age of request information: steps from a request to when it is done, of those that were",
    unit="steps",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=None,
    fold=fold,
    reference="Ohri et al. 2025, arXiv:2510.25705",
)
