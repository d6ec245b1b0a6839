"""Loop time: the share of time spent before a screen whose pictures seem new and come again."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps before a loop over all steps of the avatars."""
    return float(len(happened(transcript, "looped", role, avatars))), float(transcript.steps * len(avatars))


METRIC = Metric(
    name="loop_time",
    title="loop time",
    meaning="time spent before a screen with an endless loop",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
)
