"""Restraint: the share of meals that leave enough for trees to bear again."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Meals of the avatars that were not scarce, over their meals."""
    meals, scarce = (len(happened(transcript, kind, role, avatars)) for kind in ("meal", "scarce_meal"))
    return float(meals - scarce), float(meals)


METRIC = Metric(
    name="restraint",
    title="restraint",
    meaning="meals of an avatar taken where at least 3 ripe trees were around",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
