"""Tallies: games between named players, counted so that neither their order nor the seats matter any more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards.stats import SEED
from avatarium.worlds.core.errors import UserError

GROUPS = 1000
"""Matches are resampled one by one up to so many, then in groups: of independent matches these vary by as much, and are quicker to draw."""
OUTCOMES = (0.0, 0.5, 1.0)
"""What a game gives the first of two players: lost, drawn, won."""


@dataclass(frozen=True)
class Tally:
    """Equal games of a group of matches, counted: E kinds of them, in ascending order."""

    players: tuple[str, ...]
    """P names in alphabetical order, those without games too."""
    groups: int
    """How many groups of matches there are."""
    group: np.ndarray
    """int64 [E]."""
    first: np.ndarray
    """int64 [E]: the one of the two players who comes first in ``players``; the other is ``second``, int64 [E]."""
    second: np.ndarray
    outcome: np.ndarray
    """int64 [E]: 0, 1, 2 where the first one lost, drew, won."""
    count: np.ndarray
    """int64 [E]."""

    @property
    def wins(self) -> np.ndarray:
        """Games that the row's player won against the column's, int64 [P, P]."""
        return np.asarray(self._counted(self.outcome == 2) + self._counted(self.outcome == 0).T)

    @property
    def draws(self) -> np.ndarray:
        """Games that were drawn, int64 [P, P], each of them in two cells."""
        found = self._counted(self.outcome == 1)
        return np.asarray(found + found.T)

    def _counted(self, some: np.ndarray) -> np.ndarray:
        cells = np.zeros((len(self.players), len(self.players)), np.int64)
        np.add.at(cells, (self.first[some], self.second[some]), self.count[some])
        return cells


def tally(
    first: Sequence[str], second: Sequence[str], scores: Sequence[float], matches: Sequence[str], players: Sequence[str] = ()
) -> Tally:
    """Count G games: who played whom, what it gave the first of the two (0, 0.5 or 1), and the id of the match that it belongs to.

    A match is what is resampled as a whole, such as a game and the return game with seats exchanged. ``players`` may name more players.
    Raises UserError when a game is against oneself, has another score, or lengths disagree.
    """
    if not len(first) == len(second) == len(scores) == len(matches):
        raise UserError(f"games need two players, a score and a match each: {len(first)}, {len(second)}, {len(scores)}, {len(matches)}")
    names = sorted({*first, *second, *players})
    row = {name: k for k, name in enumerate(names)}
    one, two = (np.array([row[name] for name in side], np.int64) for side in (first, second))
    outcome = np.rint(2 * np.asarray(scores, np.float64))
    if (odd := np.flatnonzero(~np.isin(np.asarray(scores, np.float64), OUTCOMES))).size:
        raise UserError(f"{first[odd[0]]} against {second[odd[0]]} gave {scores[odd[0]]}: a game gives 0, 0.5 or 1")
    if (alone := np.flatnonzero(one == two)).size:
        raise UserError(f"{first[alone[0]]} played against itself in match {matches[alone[0]]}: such a game says nothing of a rating")
    outcome = np.where(one < two, outcome, 2 - outcome).astype(np.int64)
    groups, group = _dealt(matches)
    shape = (max(1, groups), max(1, len(names)), max(1, len(names)), len(OUTCOMES))
    kinds, count = np.unique(np.ravel_multi_index((group, np.minimum(one, two), np.maximum(one, two), outcome), shape), return_counts=True)
    group, first_of, second_of, outcome = np.unravel_index(kinds, shape)
    return Tally(tuple(names), groups, group, first_of, second_of, outcome, count)


def _dealt(matches: Sequence[str]) -> tuple[int, np.ndarray]:
    """How many groups there are, and the group of each game's match, int64 [G]; shuffled, lest ids in turn tell of pairs in turn."""
    ids = sorted(set(matches))
    place = {match: k for k, match in enumerate(ids)}
    dealt = np.random.default_rng(SEED).permutation(len(ids)) % GROUPS
    return min(len(ids), GROUPS), dealt[np.array([place[match] for match in matches], np.int64)]
