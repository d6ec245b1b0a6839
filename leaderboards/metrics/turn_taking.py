"""Turn-taking: whether people in conversation speak in turn and about as much."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.conduct.turns import balance
from avatarium.leaderboards.metrics import TALK, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Twice the time that the quieter of two in conversation holds the floor alone, over the time that either speaks; all pairs summed."""
    return balance(tracks(transcript), numbers(transcript, role, avatars))


METRIC = Metric(
    name="turn_taking",
    title="turn balance",
    meaning="speech in conversation that is matched by speech of the other, one at a time",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Sacks, Schegloff and Jefferson 1974, doi:10.2307/412243",
    digits=2,
    topic=TALK,
)
