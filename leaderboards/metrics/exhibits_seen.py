"""Exhibits seen: how much of a museum an avatar looked at."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Exhibits of the open rooms that the avatars saw, each as its share of all of those, over the number of avatars.

    What is behind glass cannot be seen well enough; what is behind doors that have to be opened is counted by other metrics.
    """
    return float(happened(transcript, "seen", role, avatars).sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="exhibits_seen",
    title="exhibits seen",
    meaning="exhibits of the open rooms that an avatar looked at from within 2 m for a second",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
