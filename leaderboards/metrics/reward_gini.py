"""Gini of reward: how unevenly avatars earn."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, company
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Gini coefficient of what each avatar earned per step in which it was there, losses counted as 0; over the number of episodes."""
    if len(avatars) < 2:
        return 0.0, 0.0
    there = [company(transcript, role, [avatar])[1] for avatar in avatars]
    returns = transcript.rewards[role][:, list(avatars)].sum(axis=0, dtype=float)
    rates = np.array([max(earned, 0.0) / steps for earned, steps in zip(returns, there, strict=True) if steps])
    total = 2.0 * len(rates) * rates.sum()
    return (float(np.abs(rates[:, None] - rates).sum() / total), 1.0) if total > 0 else (0.0, 0.0)


METRIC = Metric(
    name="reward_gini",
    title="Gini",
    meaning="how unevenly reward per time falls on avatars: 0 = alike, 1 = one has it all",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=False,
    floor=1.0,
    fold=fold,
    reference="Gini 1912, Variabilità e mutabilità",
    digits=2,
)
