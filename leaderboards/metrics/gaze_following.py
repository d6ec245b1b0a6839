"""Gaze following: how often an avatar looks at what it saw another look at."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Cues that the avatars followed within 10 s, over all cues that they had: others looking at what they had not seen themselves."""
    followed, cued = (len(happened(transcript, kind, role, avatars)) for kind in ("gaze_followed", "cued"))
    return float(followed), float(cued)


METRIC = Metric(
    name="gaze_following",
    title="gaze following",
    meaning="exhibits that an avatar saw another look at, and looked at itself within 10 s",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
