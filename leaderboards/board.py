"""The board: who stands where, how sure that is, and how each policy generalises."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from avatarium.leaderboards.database.models import Episode as Record
from avatarium.leaderboards.database.models import Submission
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.judge import Court
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.leaderboards.queue.plans import CLOSED
from avatarium.leaderboards.scenarios import Scenario, alone
from avatarium.leaderboards.scoring import Score, scores
from avatarium.leaderboards.store import Store
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec


@dataclass(frozen=True)
class Row:
    """One line: a submission with its scores by metric; without scores, ``note`` says why it is not ranked."""

    submission: Submission
    scores: dict[str, Score]
    records: list[Record]
    note: str = ""


@dataclass(frozen=True)
class Board:
    """The standing of everybody under one ruleset, the best first, and after them those who are not ranked."""

    court: Court
    metrics: list[Metric]
    rows: list[Row]

    @property
    def ranked(self) -> list[Row]:
        """The lines with scores."""
        return [row for row in self.rows if row.scores]


def board(store: Store, where: Court) -> Board:
    """Compute the standing over the episodes that are stored: all who played every seed of every scenario are ranked."""
    metrics = [metric(name) for name in where.spec.metrics]
    rows = [_row(store, s, where) for s in store.submissions(where.address) if s.role == where.role]
    complete = {row.submission.key: row for row in rows if not row.note}
    found: dict[str, dict[str, Score]] = {}
    if complete:
        strata = [k for k, _ in enumerate(where.scenarios) for _ in range(where.episodes)]
        found = scores({key: [_episode(r) for r in row.records] for key, row in complete.items()}, strata, metrics)
    head = metrics[0]
    ranked = [Row(row.submission, found[key], row.records) for key, row in complete.items()]
    ranked.sort(key=lambda row: (row.scores[head.name].best_rank, -_signed(head, row.scores[head.name])))
    return Board(where, metrics, [*ranked, *(row for row in rows if row.note)])


def most_episodes(store: Store, spec: WorldSpec, role: str) -> int:
    """The largest number of episodes per scenario that anybody has played in full; 0 when nobody has."""
    found = alone(spec, role)
    world = discovery.address(spec)
    keys = [s.key for s in store.submissions(world) if s.role == role and s.state not in CLOSED]
    return max((min(_played(store, key, scenario, spec) for scenario in found) for key in keys), default=0)


def _played(store: Store, key: str, scenario: Scenario, spec: WorldSpec) -> int:
    seeds = {record.seed for record in store.records(key, [scenario.key(spec)])}
    return next(n for n in itertools.count() if scenario.first_seed + n not in seeds)


def _signed(head: Metric, score: Score) -> float:
    value = score.value if head.higher_is_better else -score.value
    return value if value == value else float("-inf")


def _row(store: Store, submission: Submission, where: Court) -> Row:
    """A line without scores yet: its episodes in the order of scenarios and seeds, or why it is not ranked."""
    if submission.world_version != where.spec.version:
        return Row(submission, {}, [], f"made for version {submission.world_version} of the world")
    if submission.state in CLOSED:
        return Row(submission, {}, [], f"{submission.state}: {submission.sentence}")
    records: list[Record] = []
    for scenario in where.scenarios:
        known = {r.seed: r for r in store.records(submission.key, [scenario.key(where.spec)])}
        records += [known[seed] for seed in scenario.seeds(where.episodes) if seed in known]
    if len(records) < where.total:
        again = "" if submission.baseline else ": submit it again to go on"
        return Row(submission, {}, records, f"{len(records)} of {where.total} episodes played{again}")
    return Row(submission, {}, records)


def _episode(record: Record) -> Episode:
    shares, background = ({name: (share[0], share[1]) for name, share in told.items()} for told in (record.shares, record.background))
    return Episode(record.seed, record.steps, shares, None, record.digest, record.fault, background=background)


def find(board: Board, name: str) -> Row:
    """The ranked line of the policy called ``name``, or whose key begins so. Raises UserError when there is none or more than one."""
    rows = [row for row in board.ranked if row.submission.name == name or row.submission.key.startswith(name)]
    if not rows:
        known = [row.submission.name for row in board.ranked]
        raise UserError(f"no policy {name!r} is ranked: {nearest(name, known) if known else 'submit one first'}")
    if len(rows) > 1:
        keys = ", ".join(row.submission.key[:8] for row in rows)
        raise UserError(f"{len(rows)} policies are called {name!r}: give one of their keys, {keys}")
    return rows[0]


def played(row: Row, where: Court) -> list[tuple[Scenario, list[Episode]]]:
    """The episodes of one policy scenario by scenario."""
    n = where.episodes
    return [(scenario, [_episode(r) for r in row.records[k * n : (k + 1) * n]]) for k, scenario in enumerate(where.scenarios)]


def generalisation(row: Row, where: Court, metrics: Sequence[Metric]) -> list[tuple[Scenario, dict[str, Score]]]:
    """The scores of one policy scenario by scenario: how it fares in places, among people and under customs it has not seen."""
    return [(scenario, scores({"": episodes}, [0] * len(episodes), metrics)[""]) for scenario, episodes in played(row, where)]
