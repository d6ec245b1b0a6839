"""Offences: how often one breaks a custom of the crowd."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, by, company, minutes
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times that one of the crowd turned away from an avatar for what it did, over the minutes in which the avatars were there."""
    _, there = company(transcript, role, avatars)
    return float(len(by(transcript, "offence", role, avatars))), minutes(there)


METRIC = Metric(
    name="offences",
    title="offences/min",
    meaning="times that one of the crowd turns away because a custom is broken, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    digits=2,
)
