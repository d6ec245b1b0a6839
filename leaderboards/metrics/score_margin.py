"""Score margin: by how much a team outscores the other."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """What the avatars' teams scored less what they conceded, summed over avatars, over the avatars whose game ended."""
    own, other = (happened(transcript, kind, role, avatars) for kind in ("score", "conceded"))
    return average(own - other)


METRIC = Metric(
    name="score_margin",
    title="margin",
    meaning="points scored less points conceded in a game",
    unit="points",
    low=float("-inf"),
    high=float("inf"),
    higher_is_better=True,
    floor=None,
    fold=fold,
    digits=1,
)
