"""Reward per request: what an agent is paid, over how many requests people made."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Rewards of the avatars, on average over them, over requests that were made, whether done or not.

    How many there are does not depend on what anybody does: policies rank as they do by return, and episodes of unlike traffic count alike.
    """
    rewards = transcript.rewards[role][:, list(avatars)]
    return float(rewards.sum(dtype=float)) / len(avatars), float(of_kind(transcript, "requested")["value"].sum(dtype=float))


METRIC = Metric(
    name="reward_per_request",
    title="per request",
    meaning="rewards of an agent, over requests that were made, whether done or not",
    unit="reward",
    low=float("-inf"),
    high=float("inf"),
    higher_is_better=True,
    floor=None,
    fold=fold,
)
