"""Turn transfer: whether avatars take the floor neither too early nor too late."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.conduct.turns import SMOOTH_S, offsets
from avatarium.leaderboards.metrics import TALK, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times an avatar took over the floor between 0.2 s before and 1 s after the end of the turn before, over all times it took it over."""
    found = offsets(tracks(transcript), numbers(transcript, role, avatars)).round(6)
    return float(((found >= SMOOTH_S[0]) & (found <= SMOOTH_S[1])).sum()), float(len(found))


METRIC = Metric(
    name="turn_transfer",
    title="smooth transfers",
    meaning="turns begun without overlap that is noticed, and without a long silence before",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Heldner and Edlund 2010, doi:10.1016/j.wocn.2010.08.002; Stivers et al. 2009; Jefferson 1989",
    digits=2,
    topic=TALK,
)
