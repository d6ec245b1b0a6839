"""Information shared: how many words avatars bring to people to whom they are new."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.signals import news
from avatarium.leaderboards.conduct.tracks import minutes, numbers, tracks
from avatarium.leaderboards.metrics import WORD_AND_DEED, Metric, Share
from avatarium.worlds.core.speech import SAY
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Words that somebody heard from an avatar and had neither heard nor said for 30 s, hearer by hearer, over the avatars' minutes.

    Nothing for a role that cannot speak.
    """
    focal, found = numbers(transcript, role, avatars), tracks(transcript)
    speaks = any(head.name == SAY.name for head in transcript.roles[role].heads)
    return float(news(found)[:, focal].sum()), minutes(found.present[:, focal]) if speaks else 0.0


METRIC = Metric(
    name="information_shared",
    title="news/min",
    meaning="new words brought to somebody, per minute",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Lowe et al. 2019, arXiv:1903.05168",
    digits=1,
    topic=WORD_AND_DEED,
)
