"""Glass time: the share of time spent before the glass of a room that nobody can enter."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps before the glass over all steps of the avatars."""
    return float(len(happened(transcript, "at_glass", role, avatars))), float(transcript.steps * len(avatars))


METRIC = Metric(
    name="glass_time",
    title="glass time",
    meaning="time spent before the glass of a room that cannot be entered",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
)
