"""Coverage: the share of a building that was explored."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Tiles on which the avatars stood for the first time, each as its share of all, over the number of avatars."""
    return float(happened(transcript, "visited", role, avatars).sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="coverage",
    title="coverage",
    meaning="tiles on which an avatar has stood",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
