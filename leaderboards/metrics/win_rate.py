"""Win rate: the share of games that are won, ties counting half."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Avatars whose team scored more than it conceded, and half of those with equal scores, over the avatars whose game ended."""
    own, other = (happened(transcript, kind, role, avatars) for kind in ("score", "conceded"))
    return average((own > other) + 0.5 * (own == other))


METRIC = Metric(
    name="win_rate",
    title="win rate",
    meaning="games won, ties counting half",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
