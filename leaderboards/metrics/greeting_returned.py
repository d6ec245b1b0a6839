"""Greeting returned: whether avatars answer those who greet them."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.signals import greetings
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import TALK, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Greetings, waves or first words, that an avatar answered within 3 s, over those meant for it."""
    return greetings(tracks(transcript), numbers(transcript, role, avatars))


METRIC = Metric(
    name="greeting_returned",
    title="greetings returned",
    meaning="greetings that an avatar answers within 3 s",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Schegloff 1968, doi:10.1525/aa.1968.70.6.02a00030; Goffman 1971, Relations in Public; Kendon 1990, Conducting Interaction",
    digits=2,
    topic=TALK,
)
