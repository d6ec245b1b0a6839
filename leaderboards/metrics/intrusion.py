"""Intrusion: the share of time spent in others' intimate space."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps with somebody nearer than 0.45 m, body to body, over all steps of the avatars.

    Somebody behind a wall is not near: the world notes only those with no box between the two middles.
    """
    return float(len(happened(transcript, "intrusion", role, avatars))), float(transcript.steps * len(avatars))


METRIC = Metric(
    name="intrusion",
    title="intrusion",
    meaning="time spent nearer than 0.45 m to somebody",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Hall 1966, The Hidden Dimension; Francis et al. 2023, arXiv:2306.16740",
    digits=3,
)
