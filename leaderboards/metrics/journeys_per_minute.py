"""Journeys per minute: how much an avatar gets done."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, per_minute
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Arrivals over the avatars' minutes."""
    return per_minute(transcript, "arrival", role, avatars)


METRIC = Metric(
    name="journeys_per_minute",
    title="journeys/min",
    meaning="destinations that an avatar reaches in a minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
