"""SCT: success weighted by completion time."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, journeys
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Sum over wishes of shortest time over time taken (0 for one given up), over the number of wishes that ended."""
    weights, ended = journeys(transcript, role, avatars)
    return float(weights.sum(dtype=float)), float(ended)


METRIC = Metric(
    name="sct",
    title="SCT",
    meaning="success weighted by the time of the shortest walk over the time taken",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Yokoyama, Ha and Batra 2021, Success weighted by completion time, arXiv:2103.08022",
)
