"""Time to 90 %: how long it takes an avatar to see nine tenths of a museum."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

ENOUGH = 0.9
ROUNDING = 1e-4


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Seconds until each avatar had seen 90 % of the exhibits of the open rooms, over the number of avatars.

    Whoever never gets there counts with the length of the episode (the figure is censored): read it beside exhibits seen.
    """
    seen, numbers, total = of_kind(transcript, "seen"), avatar_numbers(transcript.roles.values())[role], 0.0
    for avatar in avatars:
        mine = seen[seen["who"] == numbers[avatar]]
        reached = np.flatnonzero(np.cumsum(mine["value"], dtype=float) >= ENOUGH - ROUNDING)
        steps = int(mine["step"][reached[0]]) + 1 if len(reached) else transcript.steps
        total += steps * round(float(STEP_S), 6)
    return total, float(len(avatars))


METRIC = Metric(
    name="time_to_90",
    title="time to 90 %",
    meaning="seconds until an avatar has seen 90 % of the exhibits of the open rooms, or until the end",
    unit="s",
    low=0.0,
    high=float("inf"),
    higher_is_better=False,
    floor=None,
    fold=fold,
    digits=0,
)
