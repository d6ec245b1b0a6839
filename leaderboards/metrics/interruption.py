"""Interruption: how often avatars begin to speak while somebody before them is speaking."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.conduct.turns import interruptions
from avatarium.leaderboards.metrics import TALK, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Turns that break in on somebody within 2 m whom the avatar faces, over turns begun with such a person there."""
    focal, (begun, broken) = numbers(transcript, role, avatars), interruptions(tracks(transcript))
    return float(broken[:, focal].sum()), float(begun[:, focal].sum())


METRIC = Metric(
    name="interruption",
    title="interruption",
    meaning="turns that break in on somebody within 2 m",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Sacks, Schegloff and Jefferson 1974, doi:10.2307/412243; Schegloff 2000, Overlapping talk",
    digits=2,
    topic=TALK,
)
