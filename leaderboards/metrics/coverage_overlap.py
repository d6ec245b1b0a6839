"""Coverage overlap: how unlike the places are that the avatars of an episode went to."""

from collections.abc import Sequence
from itertools import combinations

from avatarium.leaderboards.metrics import Metric, Share
from avatarium.leaderboards.whereabouts import squares
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """1 - Jaccard index of the square metres that two avatars visited, summed over all pairs, over their number."""
    visited = [set(column.tolist()) for column in squares(transcript, role, avatars).T]
    apart = [1.0 - len(one & other) / len(one | other) for one, other in combinations(visited, 2)]
    return sum(apart), float(len(apart))


METRIC = Metric(
    name="coverage_overlap",
    title="apartness",
    meaning="square metres that only one of two avatars visited, of those that either did (1 - Jaccard index)",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
)
