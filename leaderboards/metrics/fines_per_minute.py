"""Fines per minute: how often an avatar fines others."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, per_minute
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Fines that the avatars imposed, over their minutes."""
    return per_minute(transcript, "fined", role, avatars)


METRIC = Metric(
    name="fines_per_minute",
    title="fines/min",
    meaning="times an avatar fines another, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    digits=1,
)
