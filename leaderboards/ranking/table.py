"""The table of a season: one row for each entrant, the first place first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.ranking.columns import Column, sheet
from avatarium.leaderboards.ranking.places import placing
from avatarium.leaderboards.ranking.resampling import Resampled, resample
from avatarium.worlds.core.errors import UserError


@dataclass(frozen=True)
class Row:
    """Where one entrant stands, and how sure that is."""

    entrant: str
    place: int
    """Shared by those who cannot be told apart; see ``placing``."""
    best_rank: int
    worst_rank: int
    """The ranks that 95 % of the resamples leave open."""
    headline: stats.Interval
    pillars: Mapping[str, stats.Interval]
    beats_next: float | None
    """How likely it is better than the entrant of the next row; None in the last one."""
    covered: float
    """The share of scores that it has; the others count as those of the random policy."""


def table(
    columns: Sequence[Column],
    values: Sequence[np.ndarray],
    entrants: Sequence[str],
    resamples: int = stats.RESAMPLES,
    seed: int = stats.SEED,
) -> list[Row]:
    """Rank P entrants by their scores, float [P, S] for each column: the higher headline first, equal ones by name.

    Clones are to be left out before. Raises UserError when entrants repeat or scores do not fit; see ``sheet`` as well.
    """
    if len(set(entrants)) < len(entrants):
        raise UserError("an entrant is there more than once: every one needs a key of its own")
    if any(len(column) != len(entrants) for column in values):
        raise UserError(f"{len(entrants)} entrants need as many rows of scores in every column")
    if not entrants:
        return []
    by_name = sorted(range(len(entrants)), key=lambda k: entrants[k])
    scored = sheet(columns, [np.asarray(column)[by_name] for column in values])
    return _rows(resample(scored, resamples, seed), scored.covered, [entrants[k] for k in by_name])


def _rows(found: Resampled, covered: np.ndarray, entrants: Sequence[str]) -> list[Row]:
    """Rows of entrants that come in the order of their names."""
    places = placing(found.headline, found.headline_draws)
    heads = stats.Standing(found.headline, found.headline_draws.T).intervals()
    pillars = [stats.Standing(scores, drawn.T).intervals() for scores, drawn in zip(found.pillars, found.pillar_draws, strict=True)]
    order = np.argsort(-found.headline, kind="stable").tolist()
    return [
        Row(
            entrants[k],
            int(places.place[k]),
            int(places.best[k]),
            int(places.worst[k]),
            heads[k],
            {name: column[k] for name, column in zip(found.names, pillars, strict=True)},
            float(places.better[k, after]) if after is not None else None,
            float(covered[k]),
        )
        for k, after in zip(order, [*order[1:], None], strict=True)
    ]
