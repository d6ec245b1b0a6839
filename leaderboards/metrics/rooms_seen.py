"""Rooms seen: how many of the rooms of a museum an avatar was in."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Open rooms that the avatars entered, each as its share of all but the first, over the number of avatars."""
    return float(happened(transcript, "entered", role, avatars).sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="rooms_seen",
    title="rooms seen",
    meaning="open rooms, corridors included, that an avatar entered, other than the one it began in",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
