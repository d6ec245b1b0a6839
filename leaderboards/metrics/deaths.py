"""Deaths: how often an avatar is tagged and has to start again from its base."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, per_minute
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times the avatars were tagged, over their minutes."""
    return per_minute(transcript, "tagged", role, avatars)


METRIC = Metric(
    name="deaths",
    title="tagged/min",
    meaning="times an avatar is tagged, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    digits=1,
)
