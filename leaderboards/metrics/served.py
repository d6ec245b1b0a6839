"""Served: the share of requests that were done before the episode ended."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Requests that were done, over those that were made: whichever agents had a hand in it."""
    return float(len(of_kind(transcript, "served"))), float(of_kind(transcript, "requested")["value"].sum(dtype=float))


METRIC = Metric(
    name="served",
    title="served",
    meaning="requests that were done, of those that were made",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
