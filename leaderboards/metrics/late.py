"""Late: the share of requests that were done after their deadline."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Requests that were done too late, over those that were done: whichever agents had a hand in it."""
    return float(len(of_kind(transcript, "late"))), float(len(of_kind(transcript, "served")))


METRIC = Metric(
    name="late",
    title="late",
    meaning="requests that were done after their deadline, of those that were done",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=None,
    fold=fold,
    reference="Ohri et al. 2025, arXiv:2510.25705",
)
