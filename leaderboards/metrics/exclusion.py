"""Exclusion: whether avatars in conversation let somebody wait at the edge."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.belonging import shut_out
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import BELONGING, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Time in conversation while somebody has stood ignored at its edge for more than 2 s, over time in conversation."""
    return shut_out(tracks(transcript), numbers(transcript, role, avatars))


METRIC = Metric(
    name="exclusion",
    title="exclusion",
    meaning="time in conversation while somebody waits, ignored, at its edge",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Kendon 1990, Conducting Interaction; Williams 2007, Ostracism",
    digits=3,
    topic=BELONGING,
)
