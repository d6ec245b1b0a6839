"""Columns: what entrants are scored in, put onto one scale on which the random policy has 0 and the reference policy has 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.worlds.core.errors import UserError, nearest

PILLARS = ("navigation", "social", "curiosity")
LOW, HIGH = -0.5, 1.5
"""Normalised scores end here, so that one column in which the anchors are close cannot decide a table."""


@dataclass(frozen=True)
class Column:
    """One metric of one mode of one world, with the frozen scores of the two policies that make its scale."""

    world: str
    mode: str
    metric: str
    pillar: str
    random: float
    """What the random policy scores."""
    reference: float
    """What the reference policy scores: less than ``random`` where lower is better."""
    seeds: tuple[int, ...]
    """Which seed each of S values belongs to."""
    part: str = ""
    """Columns of one part, such as a role, are one number before they are averaged with those of others; the world's by default."""

    @property
    def group(self) -> tuple[str, str]:
        """World and part."""
        return self.world, self.part

    @property
    def name(self) -> str:
        """World, mode and metric."""
        return f"{self.world}/{self.mode}/{self.metric}"


@dataclass(frozen=True)
class Sheet:
    """Normalised scores of P entrants, columns by name and seeds ascending, whatever order they came in."""

    columns: tuple[Column, ...]
    scores: tuple[np.ndarray, ...]
    """float64 [P, S] of each column; 0, the random policy's score, where an entrant has nothing."""
    covered: np.ndarray
    """float64 [P]: the share of values that an entrant has, each column counting the same."""

    @property
    def pillars(self) -> tuple[str, ...]:
        """The pillars that have a column."""
        there = {column.pillar for column in self.columns}
        return tuple(pillar for pillar in PILLARS if pillar in there)


def normalise(values: np.ndarray, column: Column) -> np.ndarray:
    """Put scores (any shape) onto the scale of a column: (x - random) / (reference - random), clipped; NaN stays.

    >>> normalise(np.array([30.0, 20.0, 5.0]), Column("maze", "solo", "seconds", "navigation", random=30, reference=10, seeds=(1, 2, 3)))
    array([0.  , 0.5 , 1.25])

    Raises UserError when the anchors coincide or are not finite, since they make no scale then.
    """
    low, high = column.random, column.reference
    if not (math.isfinite(low) and math.isfinite(high)) or math.isclose(low, high):
        raise UserError(f"{column.name} has no scale: its anchors, {low:g} and {high:g}, have to be finite and to differ")
    return np.clip((np.asarray(values, np.float64) - low) / (high - low), LOW, HIGH) + 0.0  # -0 where lower is better becomes 0


def sheet(columns: Sequence[Column], values: Sequence[np.ndarray]) -> Sheet:
    """Normalise and order the scores, float [P, S] for each column; NaN where an entrant has nothing, which counts as random.

    Raises UserError when columns or their seeds repeat, a pillar is unknown, shapes disagree, or anchors make no scale.
    """
    if not columns or len(columns) != len(values):
        raise UserError(f"a table takes as many arrays of scores as columns, at least one: these are {len(values)} and {len(columns)}")
    entrants = len(values[0])
    if len({column.name for column in columns}) < len(columns):
        raise UserError(f"a column is there more than once among {', '.join(sorted(column.name for column in columns))}")
    order = sorted(range(len(columns)), key=lambda c: columns[c].name)
    found = [_normalised(columns[c], np.asarray(values[c], np.float64), entrants) for c in order]
    covered = np.mean([(~np.isnan(z)).mean(axis=1) for z in found], axis=0)
    return Sheet(tuple(columns[c] for c in order), tuple(np.nan_to_num(z, nan=0.0) for z in found), covered)


def _normalised(column: Column, values: np.ndarray, entrants: int) -> np.ndarray:
    """The scores of one column, seeds ascending; refuses what does not fit."""
    if column.pillar not in PILLARS:
        raise UserError(f"{column.name} is of no pillar {column.pillar!r}: {nearest(column.pillar, PILLARS)}")
    if not column.seeds or len(set(column.seeds)) < len(column.seeds):
        raise UserError(f"{column.name} has to have seeds, each of them once")
    if values.shape != (entrants, len(column.seeds)):
        raise UserError(f"{column.name} has scores of shape {values.shape}: it takes {entrants} entrants by {len(column.seeds)} seeds")
    return normalise(values[:, np.argsort(column.seeds)], column)
