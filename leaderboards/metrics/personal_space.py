"""Personal space: how much avatars walk into the space that people keep around themselves."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.spacing import charged
from avatarium.leaderboards.metrics import SPACE, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Seconds in others' space, weighted by depth and the avatars' part in the approach, over minutes in company, person by person."""
    return charged(transcript, role, avatars)


METRIC = Metric(
    name="personal_space",
    title="space taken",
    meaning="weighted seconds in others' personal space, per minute in company of one of them",
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
