"""States discovered: how many faces of machines an avatar found."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Faces beyond the first that the avatars saw machines show, each as its share of all of them, over the number of avatars."""
    return float(happened(transcript, "discovered", role, avatars).sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="states_discovered",
    title="states found",
    meaning="faces of machines, beyond the one each shows at first, that an avatar saw",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
