"""Crowd delay: what avatars cost the people around them."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, average, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Seconds by which journeys of the crowd took longer than at top speed, over their number; nothing where there is no crowd."""
    return average(of_kind(transcript, "crowd_arrival")["value"])


METRIC = Metric(
    name="crowd_delay",
    title="crowd delay",
    meaning="seconds that the crowd's journeys take beyond a walk at top speed",
    unit="s",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=None,
    fold=fold,
    digits=1,
)
