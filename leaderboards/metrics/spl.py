"""SPL: success weighted by path length."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Sum over journeys of shortest way over way walked (0 for a failure), over the number of journeys."""
    arrivals, failures = (happened(transcript, kind, role, avatars) for kind in ("arrival", "failure"))
    return float(arrivals.sum(dtype=float)), float(len(arrivals) + len(failures))


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
