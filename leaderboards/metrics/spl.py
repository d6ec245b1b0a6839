"""SPL: success weighted by path length."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, journeys
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Sum over journeys of shortest way over way walked (0 for a failure), over the number of journeys that ended."""
    weights, ended = journeys(transcript, role, avatars)
    return float(weights.sum(dtype=float)), float(ended)


METRIC = Metric(
    name="spl",
    title="SPL",
    meaning="success weighted by the shortest way over the way walked",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Anderson et al. 2018, arXiv:1807.06757",
)
