"""Hidden seen: how much an avatar saw of what is behind doors that have to be opened."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Exhibits of wing and vault that the avatars saw, each as its share of all of those, over the number of avatars."""
    return float(happened(transcript, "seen_hidden", role, avatars).sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="hidden_seen",
    title="hidden seen",
    meaning="exhibits of the locked wing and the vault that an avatar looked at from within 2 m for a second",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
