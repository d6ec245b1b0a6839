"""Promise kept: whether avatars go where they have pointed."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.signals import promises
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import WORD_AND_DEED, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times an avatar pointed in somebody's sight and went there within 10 s, over times it pointed so."""
    return promises(tracks(transcript), numbers(transcript, role, avatars))


METRIC = Metric(
    name="promise_kept",
    title="promises kept",
    meaning="times an avatar points and then goes there",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Cohen and Levesque 1990, Intention is choice with commitment",
    digits=2,
    topic=WORD_AND_DEED,
)
