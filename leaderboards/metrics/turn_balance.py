"""Turn balance: how evenly two who converse share the floor."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Twice the lesser of the steps in which each of two listened to the other, over the sum of both; over all pairs with the avatars."""
    numbers = avatar_numbers(transcript.roles.values())[role]
    heard = _hearings(of_kind(transcript, "conversation_step"))
    even = total = 0
    for me in (numbers[avatar] for avatar in avatars):
        for other in {b for a, b in heard if a == me} | {a for a, b in heard if b == me}:
            mine, theirs = heard.get((me, other), 0), heard.get((other, me), 0)
            even, total = even + 2 * min(mine, theirs), total + mine + theirs
    return float(even), float(total)


def _hearings(steps: np.ndarray) -> dict[tuple[int, int], int]:
    """For how many steps (who, whom) listened to whom, of the steps in conversation [E]."""
    listening = steps[(steps["whom"] >= 0) & (steps["whom"] != steps["who"])]
    pairs, counts = np.unique(np.stack([listening["who"], listening["whom"]], axis=1), axis=0, return_counts=True)
    return {(int(who), int(whom)): int(count) for (who, whom), count in zip(pairs, counts, strict=True)}


METRIC = Metric(
    name="turn_balance",
    title="turn balance",
    meaning="how evenly two who converse share the floor: 1 = each listens as long as it is heard",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Sacks, Schegloff and Jefferson 1974, Language 50(4)",
    digits=2,
)
