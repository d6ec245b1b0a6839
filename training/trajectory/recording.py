"""Where everybody was in one recording, at even steps of time, and what an observer could know of the place."""

from dataclasses import dataclass, replace

import numpy as np

from avatarium.worlds.core.errors import UserError

NO_BOXES = np.zeros((0, 4), np.float32)
MOST_STEPS = 1_000_000
"""Of one recording; a clock that jumps by years would ask for more."""


@dataclass(frozen=True, eq=False)
class Recording:
    """T steps, A people, B boxes. Not-a-number stands for what is not there, or not known."""

    name: str
    scene: str
    """What is averaged over, and left out of training as a whole: the place of a public recording, the world of one of ours."""
    step_s: float
    people: tuple[str, ...]
    places: np.ndarray  # float32 [T, A, 2], m
    facing: np.ndarray  # float32 [T, A, 2], of length 1
    goals: np.ndarray  # float32 [T, A, 2], m: where they are heading for
    boxes: np.ndarray  # float32 [B, 4]: x0, y0, x1, y1 (m) of walls and things

    @classmethod
    def of(cls, name: str, scene: str, step_s: float, people: tuple[str, ...], places: np.ndarray) -> "Recording":
        """One of which nothing is known but places [T, A, 2]."""
        unknown = np.full(places.shape, np.nan, np.float32)
        return cls(name, scene, step_s, people, places.astype(np.float32), unknown, unknown, NO_BOXES)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.places)

    def resampled(self, step_s: float) -> "Recording":
        """At steps of ``step_s`` seconds: places on the line between the two steps around, the rest as it was at the step before.

        Raises UserError where the steps wanted are not longer than 0 s.
        """
        if not step_s > 0:
            raise UserError(f"steps of {step_s:g} s cannot be: give a number of seconds above 0")
        if abs(step_s - self.step_s) < 1e-6 or not self.steps:
            return self
        at = np.arange(0, (self.steps - 1) * self.step_s + 1e-6, step_s) / self.step_s
        at = np.where(abs(at - np.round(at)) < 1e-6, np.round(at), at)
        before = at.astype(int)
        after, share = np.minimum(before + 1, self.steps - 1), (at - before)[:, None, None].astype(np.float32)
        between = self.places[before] + share * (self.places[after] - self.places[before])
        places = np.where(share > 0, between, self.places[before])
        return replace(self, step_s=step_s, places=places, facing=self.facing[before], goals=self.goals[before])


def even(step_s: float, times: list[np.ndarray], tracks: list[np.ndarray]) -> np.ndarray:
    """Tracks of A people at uneven times (s) on one clock with even steps: float32 [T, A, 2], from the first time of all.

    Between two of its times a track is a straight line where these are at most one and a half steps apart; else it is absent.
    """
    begin = min(float(t[0]) for t in times)
    steps = int(np.floor((max(float(t[-1]) for t in times) - begin) / step_s + 1e-6)) + 1
    if steps > MOST_STEPS:
        raise UserError(f"{steps} steps of {step_s:g} s lie between the first and the last time: split the file, or give longer steps")
    clock, places = begin + step_s * np.arange(steps), np.full((steps, len(times), 2), np.nan, np.float32)
    for a, (seen, track) in enumerate(zip(times, tracks, strict=True)):
        after = np.clip(np.searchsorted(seen, clock - 1e-6 * step_s), 0, len(seen) - 1)
        before = np.maximum(after - 1, 0)
        exact = np.abs(seen[after] - clock) <= 1e-6 * step_s
        near = (seen[after] - seen[before] <= 1.5 * step_s) & (seen[before] <= clock) & (clock <= seen[after])
        for axis in range(2):
            places[:, a, axis] = np.where(exact | near, np.interp(clock, seen, track[:, axis]), np.nan)
    return places
