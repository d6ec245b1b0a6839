"""Screen time: the share of time spent before a screen that shows noise."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps near the screen over all steps of the avatars."""
    return float(len(happened(transcript, "watched", role, avatars))), float(transcript.steps * len(avatars))


METRIC = Metric(
    name="screen_time",
    title="screen time",
    meaning="time spent before the screen",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Burda et al. 2018, arXiv:1808.04355",
)
