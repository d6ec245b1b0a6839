"""Journey time: how long an avatar needs to its destination."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Seconds of the journeys that arrived, over their number. Read it beside success: journeys that fail are not in it."""
    return average(happened(transcript, "journey_time", role, avatars))


METRIC = Metric(
    name="journey_time",
    title="journey time",
    meaning="seconds that a journey takes which arrives",
    unit="s",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=None,
    fold=fold,
    digits=1,
)
