"""Episode return: the sum of rewards."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Undiscounted rewards of the avatars, summed over the episode, over their number."""
    rewards = transcript.rewards[role][:, list(avatars)]
    return float(rewards.sum(dtype=float)), float(len(avatars))


METRIC = Metric(
    name="episode_return",
    title="return",
    meaning="rewards of an avatar, summed over an episode",
    unit="reward",
    low=float("-inf"),
    high=float("inf"),
    higher_is_better=True,
    floor=None,
    fold=fold,
)
