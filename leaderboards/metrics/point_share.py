"""Point share: a team's part of all points scored."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """What the avatars' teams scored, over what was scored in their games by both sides."""
    own, other = (float(happened(transcript, kind, role, avatars).sum(dtype=float)) for kind in ("score", "conceded"))
    return own, own + other


METRIC = Metric(
    name="point_share",
    title="point share",
    meaning="the own part of all points scored in a game",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
