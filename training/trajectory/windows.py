"""Windows of recordings: what was seen of somebody, what an observer knew besides, and where that person then went.

A row is one person at one moment. Everybody who was there throughout the steps observed is a row, so that a model sees all who are
around; which rows count is a matter of the protocol, and never shown to a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from avatarium.training.trajectory.recording import Recording
from avatarium.worlds.core.errors import UserError

Rows = np.ndarray | slice
"""Of windows: their numbers, a mask of them, or a slice."""
OBSERVED, PREDICTED = 8, 12
FEWEST_STEPS = 2
"""Of a future that counts when futures may be of any length."""
PROTOCOLS = {
    "full": "tracks of all 20 steps, where there is more than one (the loader of Gupta et al. 2018)",
    "any-length": "tracks of 2 future steps or more, each counting the same (Schöller et al. 2020)",
}


@dataclass(frozen=True, eq=False)
class Past:
    """What an observer knows of N people; rows of one moment stand together."""

    observed: np.ndarray  # float32 [N, OBSERVED, 2], m
    facing: np.ndarray  # float32 [N, 2], of length 1; not-a-number where unknown
    goal: np.ndarray  # float32 [N, 2], m; not-a-number where unknown
    moment: np.ndarray  # int64 [N]: the same number for those who are in one place at one time, rising
    plan: np.ndarray  # int64 [N]: index in plans
    plans: tuple[np.ndarray, ...]  # float32 [B, 4] each

    def __len__(self) -> int:
        return len(self.observed)

    def take(self, rows: Rows) -> "Past":
        """Some rows."""
        picked = {name: getattr(self, name)[rows] for name in ("observed", "facing", "goal", "moment", "plan")}
        return replace(self, **picked)


@dataclass(frozen=True, eq=False)
class Windows:
    """N rows of what was known and what came; ``future`` is not-a-number from where somebody is gone."""

    past: Past
    future: np.ndarray  # float32 [N, PREDICTED, 2], m
    recording: np.ndarray  # int64 [N]: index of the recording
    person: np.ndarray  # int64 [N]: index in the recording
    step: np.ndarray  # int64 [N]: of the recording, the last one observed
    recordings: tuple[Recording, ...]

    def __len__(self) -> int:
        return len(self.past)

    def take(self, rows: Rows) -> "Windows":
        """Some rows."""
        picked = {name: getattr(self, name)[rows] for name in ("future", "recording", "person", "step")}
        return replace(self, past=self.past.take(rows), **picked)

    @cached_property
    def lasting(self) -> np.ndarray:
        """int64 [N]: future steps until somebody is gone."""
        return np.asarray((~np.isnan(self.future[..., 0])).sum(axis=1))

    @cached_property
    def scenes(self) -> np.ndarray:
        """str [N]."""
        return np.asarray(np.array([recording.scene for recording in self.recordings])[self.recording])

    def counting(self, protocol: str) -> np.ndarray:
        """bool [N]: the rows that count under a protocol of ``PROTOCOLS``."""
        if protocol == "any-length":
            return np.asarray(self.lasting >= FEWEST_STEPS)
        whole = self.lasting == PREDICTED
        together = np.bincount(self.past.moment, weights=whole, minlength=1)
        return np.asarray(whole & (together[self.past.moment] > 1))


def windows(recordings: Sequence[Recording], stride: int = 1) -> Windows:
    """All windows of recordings, one beginning every ``stride`` steps. Raises UserError where nobody is there long enough."""
    if stride < 1:
        raise UserError(f"a stride of {stride} steps leads nowhere: give 1 or more")
    parts = [part for number, recording in enumerate(recordings) for part in _rows(recording, number, stride)]
    if not parts:
        raise UserError(f"nobody is there for {OBSERVED} steps and {FEWEST_STEPS} more: give longer recordings, or shorter steps by --step")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    moment = np.repeat(np.arange(len(parts)), [len(part["person"]) for part in parts])
    columns["future"][np.cumsum(np.isnan(columns["future"][..., 0]), axis=1) > 0] = np.nan
    plans = tuple(recording.boxes for recording in recordings)
    past = Past(columns["observed"], columns["facing"], columns["goal"], moment, columns["recording"], plans)
    return Windows(past, columns["future"], columns["recording"], columns["person"], columns["step"], tuple(recordings))


def _rows(recording: Recording, number: int, stride: int) -> list[dict[str, np.ndarray]]:
    """The rows of each moment of a recording at which there are any."""
    there = ~np.isnan(recording.places[..., 0])
    beyond = np.full((PREDICTED, *recording.places.shape[1:]), np.nan, np.float32)
    places, found = np.concatenate([recording.places, beyond]), []
    for begin in range(0, recording.steps - OBSERVED - FEWEST_STEPS + 1, stride):
        last = begin + OBSERVED - 1
        who = np.flatnonzero(there[begin : last + 1].all(axis=0))
        if len(who):
            found.append(
                {
                    "observed": places[begin : last + 1, who].swapaxes(0, 1),
                    "future": places[last + 1 : last + 1 + PREDICTED, who].swapaxes(0, 1),
                    "facing": recording.facing[last, who],
                    "goal": recording.goals[last, who],
                    "person": who,
                    "step": np.full(len(who), last),
                    "recording": np.full(len(who), number),
                }
            )
    return found
