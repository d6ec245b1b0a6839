"""Overtaking: whether those who pass others leave them room."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.passing import considerate
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import WALKING, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times an avatar overtook with 0.45 m of room all the while and without cutting in, over all times it overtook."""
    focal, (overtaken, good) = numbers(transcript, role, avatars), considerate(tracks(transcript))
    return float(good[:, focal].sum()), float(overtaken[:, focal].sum())


METRIC = Metric(
    name="overtaking",
    title="overtaking",
    meaning="times an avatar overtakes that leave 0.45 m and the way ahead to the other",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Hall 1966; Kirby 2010, Social Robot Navigation; Francis et al. 2023, arXiv:2306.16740",
    digits=2,
    topic=WALKING,
)
