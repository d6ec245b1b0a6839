"""Company missed: how much of the time in which avatars want company they find none."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.belonging import missed
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import BELONGING, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Time at the edge of a conversation, or calling, for more than 2 s without company, over the same and the time in conversation."""
    return missed(tracks(transcript), numbers(transcript, role, avatars))


METRIC = Metric(
    name="company_missed",
    title="company missed",
    meaning="time without company, of the time in which an avatar wants or has it",
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
