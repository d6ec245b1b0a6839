"""Greetings answered: the share of greetings received that are returned in time."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, by, of_kind
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Greetings that the avatars returned within 3 s, over the greetings that were meant for them."""
    known, greetings = avatar_numbers(transcript.roles.values())[role], of_kind(transcript, "greeting")
    received = np.isin(greetings["whom"], [known[avatar] for avatar in avatars])
    return float(len(by(transcript, "greeting_returned", role, avatars))), float(received.sum())


METRIC = Metric(
    name="greetings_answered",
    title="greetings answered",
    meaning="greetings received that are returned within 3 s",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Kendon and Ferber 1973, A description of some human greetings",
    digits=2,
)
