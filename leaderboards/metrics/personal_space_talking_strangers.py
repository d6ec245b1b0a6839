"""Personal space of strangers in talk, face to face: how much avatars walk into it."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.spacing import charged
from avatarium.leaderboards.metrics import SPACE, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """As ``personal_space``, of those others who are of another role, or of the crowd, face to face and standing."""
    return charged(transcript, role, avatars, own=False, talk=True)


METRIC = Metric(
    name="personal_space_talking_strangers",
    title="space (talk, strangers)",
    meaning="weighted seconds in the space of strangers in talk, face to face, per minute of such company",
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
