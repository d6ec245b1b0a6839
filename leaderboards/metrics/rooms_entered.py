"""Rooms entered: how much of a building an avatar was in, whatever it came for."""

from collections.abc import Sequence

from avatarium.leaderboards.knowledge import rooms_entered
from avatarium.leaderboards.metrics import Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Rooms, corridors aside, in which each of the avatars ever was, over all rooms and avatars."""
    found = rooms_entered(transcript, role, avatars).seen
    return float(found.sum()), float(found.size)


METRIC = Metric(
    name="rooms_entered",
    title="rooms entered",
    meaning="rooms of the building, corridors aside, that an avatar was in",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
