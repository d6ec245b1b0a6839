"""Left out: standing at the edge of a conversation without being let in."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, by, company
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps at the edge of a conversation, facing it, in none; over the steps in which the avatars were there."""
    _, there = company(transcript, role, avatars)
    return float(len(by(transcript, "left_out_step", role, avatars))), float(there)


METRIC = Metric(
    name="left_out",
    title="left out",
    meaning="time at the edge of a conversation, facing it, without being in it",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Kendon 1990, Conducting interaction",
    digits=3,
)
