"""Information reach: how many people a new word reaches at once."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.signals import news
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import WORD_AND_DEED, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Hearers to whom a word of an avatar was new, as in ``information_shared``, over the words that were new to anybody."""
    found = news(tracks(transcript))[:, numbers(transcript, role, avatars)]
    return float(found.sum()), float((found > 0).sum())


METRIC = Metric(
    name="information_reach",
    title="reach of news",
    meaning="people to whom a word is new that is new to anybody",
    unit="people",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Lowe et al. 2019, arXiv:1903.05168",
    digits=2,
    topic=WORD_AND_DEED,
)
