"""Conversation time: how much of one's time is spent in conversation."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, company
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps in a conversation, over the steps in which the avatars were there."""
    talk, there = company(transcript, role, avatars)
    return float(len(talk)), float(there)


METRIC = Metric(
    name="conversation_time",
    title="in conversation",
    meaning="time spent in conversation, of the time somebody is there",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Kendon 1990, Conducting interaction",
    digits=3,
)
