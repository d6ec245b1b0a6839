"""Wing found: who got into the locked wing."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript

WING = 1.0


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Avatars that entered the wing, whoever opened it, over the number of avatars."""
    return float((happened(transcript, "entered_hidden", role, avatars) == WING).sum()), float(len(avatars))


METRIC = Metric(
    name="wing_found",
    title="wing found",
    meaning="avatars that entered the locked wing, whoever opened it",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
