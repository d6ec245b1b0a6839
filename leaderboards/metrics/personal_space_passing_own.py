"""Personal space of their own role in passing: how much avatars walk into it."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.spacing import charged
from avatarium.leaderboards.metrics import SPACE, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """As ``personal_space``, of those others who are of the same role, not face to face, or walking."""
    return charged(transcript, role, avatars, own=True, talk=False)


METRIC = Metric(
    name="personal_space_passing_own",
    title="space (passing, own)",
    meaning="weighted seconds in the space of their own role in passing, per minute of such company",
    unit="s/min",
    low=0.0,
    high=60.0,
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    reference="Hall 1966, The Hidden Dimension; Francis et al. 2023, arXiv:2306.16740",
    digits=2,
    topic=SPACE,
)
