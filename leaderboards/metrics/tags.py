"""Tags: how often an avatar tags an opponent."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, per_minute
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Opponents tagged, over the avatars' minutes."""
    return per_minute(transcript, "tag", role, avatars)


METRIC = Metric(
    name="tags",
    title="tags/min",
    meaning="times an avatar tags an opponent, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    digits=1,
)
