"""Success: the share of journeys that reach their destination in time."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, journeys
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Journeys that arrived, over journeys that ended."""
    weights, ended = journeys(transcript, role, avatars)
    return float(len(weights)), float(ended)


METRIC = Metric(
    name="success",
    title="success",
    meaning="journeys that reach their destination in time",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Anderson et al. 2018, arXiv:1807.06757",
)
