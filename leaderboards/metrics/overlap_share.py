"""Overlap: the share of speech in conversation that meets other speech."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, by
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Steps of speaking at the same time as another one of the conversation, over all steps of speaking in one."""
    alone = by(transcript, "conversation_step", role, avatars)
    clashing, single = len(by(transcript, "overlap", role, avatars)), int((alone["who"] == alone["whom"]).sum())
    return float(clashing), float(clashing + single)


METRIC = Metric(
    name="overlap_share",
    title="overlap",
    meaning="speech at the same time as somebody else in the conversation",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Sacks, Schegloff and Jefferson 1974, Language 50(4)",
    digits=3,
)
