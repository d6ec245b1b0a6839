"""Circulation: how many people one comes to talk with."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, by, company, minutes
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Partners with whom the avatars were in conversation for the first time, over the minutes in which they were there."""
    _, there = company(transcript, role, avatars)
    return float(len(by(transcript, "acquaintance", role, avatars))), minutes(there)


METRIC = Metric(
    name="circulation",
    title="partners/min",
    meaning="different partners in conversation, per minute that somebody is there",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    digits=1,
)
