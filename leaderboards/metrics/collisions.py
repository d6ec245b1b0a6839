"""Collisions: how often an avatar walks into others."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, per_minute
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Contacts that began because the avatar walked into another, over the avatars' minutes. Being walked into is not counted."""
    return per_minute(transcript, "collision", role, avatars)


METRIC = Metric(
    name="collisions",
    title="collisions/min",
    meaning="times an avatar walks into another, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    reference="Francis et al. 2023, arXiv:2306.16740",
    digits=1,
)
