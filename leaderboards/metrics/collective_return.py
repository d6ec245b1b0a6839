"""Collective return: what all avatars of a world get together."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, seconds
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Rewards of all avatars, whoever moves them, over the seconds of the episode: U of Perolat et al., who divide by steps."""
    return sum(float(rewards.sum(dtype=float)) for rewards in transcript.rewards.values()), seconds(transcript)


METRIC = Metric(
    name="collective_return",
    title="collective",
    meaning="rewards of all avatars together, per second",
    unit="reward/s",
    low=float("-inf"),
    high=float("inf"),
    higher_is_better=True,
    floor=None,
    fold=fold,
    reference="Perolat et al. 2017, arXiv:1707.06600",
    digits=2,
)
