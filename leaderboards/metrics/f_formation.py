"""F-formation: how well those who converse keep the space between them."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Mean of the looks at avatars in conversation: how squarely they face the centre, times how evenly all stand around it."""
    return average(happened(transcript, "f_formation", role, avatars))


METRIC = Metric(
    name="f_formation",
    title="F-formation",
    meaning="how squarely one faces the centre of a conversation, and how evenly all stand around it",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Kendon 1990, Conducting interaction; Setti et al. 2015, PLoS ONE 10(5)",
    digits=2,
)
