"""AoSI: how far what people are told is from the moment that they asked about."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps between a request and the sensor's packet it was answered with, over all that were: whichever agents had a hand in it."""
    return average(of_kind(transcript, "synced")["value"])


METRIC = Metric(
    name="aosi",
    title="AoSI",
    meaning="age of sensing information: steps between a request and the sensor's packet that it is answered with",
    unit="steps",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=None,
    fold=fold,
    reference="Ohri et al. 2025, arXiv:2510.25705",
)
