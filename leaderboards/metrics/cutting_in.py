"""Cutting in: how often avatars pass somebody and step into its path close before it."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.passing import cuts_in, passing
from avatarium.leaderboards.conduct.tracks import minutes, numbers, tracks
from avatarium.leaderboards.metrics import WALKING, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Times an avatar passed another and stepped in less than 1 m before it, over minutes of walking the same way, pair by pair."""
    focal, found = numbers(transcript, role, avatars), tracks(transcript)
    return float(cuts_in(found)[:, focal].sum()), minutes((passing(found).together & found.company)[:, focal])


METRIC = Metric(
    name="cutting_in",
    title="cutting in",
    meaning="times an avatar passes somebody and steps in close before it, per minute of walking the same way as another",
    unit="1/min",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=60.0,
    fold=fold,
    reference="Kirby 2010, Social Robot Navigation; Francis et al. 2023, arXiv:2306.16740",
    digits=2,
    topic=WALKING,
)
