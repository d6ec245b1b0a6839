"""Matched conversation: time in conversation, weighted by what its topics are worth to those who listen."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, company
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """What the topic of each step was worth to the avatars, or to their listeners; over the steps in which they were there."""
    talk, there = company(transcript, role, avatars)
    return float(talk["value"].sum(dtype=float)), float(there)


METRIC = Metric(
    name="matched_conversation",
    title="matched conversation",
    meaning="time in conversation, weighted by what its topics are worth to those who listen",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    digits=3,
)
