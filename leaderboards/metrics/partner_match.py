"""Partner match: how alike are the interests of those who listen to one another."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, by
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Likeness of interests with whoever is listened to, summed over the steps of listening, over their number."""
    met, talk = by(transcript, "acquaintance", role, avatars), by(transcript, "conversation_step", role, avatars)
    likeness = {(int(event["who"]), int(event["whom"])): float(event["value"]) for event in met}
    found = [likeness[pair] for pair in zip(talk["who"].tolist(), talk["whom"].tolist(), strict=True) if pair in likeness]
    return float(sum(found)), float(len(found))


METRIC = Metric(
    name="partner_match",
    title="partner match",
    meaning="how alike one's interests are with those one listens to",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    digits=2,
)
