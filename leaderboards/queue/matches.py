"""Jobs of matches: two submissions in one episode, for ratings where one can do better, for cross-play where both need each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.block import play_block
from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import FINISHED, EvalPlan, Job, Match, Season, Submission
from avatarium.leaderboards.episodes import Episode, setting
from avatarium.leaderboards.metrics import Share, metric
from avatarium.leaderboards.queue import installed, playing
from avatarium.leaderboards.queue.desk import Desk
from avatarium.leaderboards.queue.leases import MATCH, Lease, Store
from avatarium.leaderboards.queue.plans import add_job
from avatarium.leaderboards.ranking.pairing import next_games
from avatarium.leaderboards.ranking.ratings import rate
from avatarium.leaderboards.ranking.tally import tally
from avatarium.leaderboards.scenarios import CROSS_PLAY, Scenario
from avatarium.leaderboards.scenarios.scenario import VERSUS
from avatarium.leaderboards.seasons.definition import Definition, Part

SEEDS = 8
"""Episodes of one match job, each of them played with both in both seats."""
LATE = 1_000_000
"""Priority of matches: after everybody's own episodes."""


@dataclass(frozen=True)
class Pool:
    """Who may meet whom in a scenario: ``ours`` in the judged role, ``theirs`` in the same or the other role."""

    part: Part
    scenario: Scenario
    role: str
    """The partner's."""
    ours: Sequence[EvalPlan]
    theirs: Sequence[EvalPlan]

    @property
    def one_role(self) -> bool:
        """Whether both are in the same role, and so may meet in both orders."""
        return self.role == self.part.role


def pools(session: orm.Session, definition: Definition, track: str) -> Iterator[Pool]:
    """The cross-play of a track: for each scenario of that mode those who have finished playing alone."""
    for part in definition.parts:
        for scenario in part.scenarios:
            if scenario.mode.name != CROSS_PLAY or scenario.skipped:
                continue
            others = [name for name in part.spec.role_names() if name != part.role]
            role = part.role if scenario.mode.focal or not others else others[0]
            if role != part.role and part.spec.role_names()[0] != part.role:
                continue  # of two roles that meet, the first one's table asks for the games
            ours, theirs = (_finished(session, definition.name, track, part.world, name) for name in (part.role, role))
            yield Pool(part, scenario, role, ours, theirs)


def _finished(session: orm.Session, season: str, track: str, world: str, role: str) -> list[EvalPlan]:
    query = sql.select(EvalPlan).join(Submission, Submission.key == EvalPlan.submission)
    query = query.where(EvalPlan.season == season, EvalPlan.track == track, EvalPlan.state == FINISHED)
    query = query.where(Submission.world == world, Submission.role == role, Submission.clone_of.is_(None))
    return list(session.scalars(query.order_by(EvalPlan.submission)))


def schedule(session: orm.Session, season: Season, definition: Definition, track: str, secret: str, rounds: int = 4) -> int:
    """Plan about ``rounds`` match jobs for each who has finished, where they tell most; returns how many are new."""
    return sum(_schedule(session, season, pool, track, secret, rounds) for pool in pools(session, definition, track))


def _schedule(session: orm.Session, season: Season, pool: Pool, track: str, secret: str, rounds: int) -> int:
    plans = {plan.submission: plan for plan in (*pool.ours, *pool.theirs)}
    ours, theirs = {p.submission for p in pool.ours}, {p.submission for p in pool.theirs}
    seeds = pool.part.seeds(pool.scenario, track, secret)[:SEEDS]
    key = pool.scenario.key(pool.part.spec)
    count = rounds * max(len(ours), len(theirs))
    added = 0
    for one, other in _pairs(session, pool, key, sorted(plans), count):
        for first, second in ((one, other), (other, one)):
            if first in ours and second in theirs:
                payload: dict[str, Any] = {
                    "scenario": pool.scenario.name,
                    "key": key,
                    "seeds": seeds,
                    "partner": second,
                    "role": pool.role,
                }
                parts = [first, second, key, seeds, season.ruleset]
                added += add_job(session, plans[first], MATCH, parts, payload, LATE)
    return added


def _pairs(session: orm.Session, pool: Pool, key: str, players: list[str], count: int) -> list[tuple[str, str]]:
    """Who should meet, the most telling games first; everybody with everybody where that takes no more games."""
    ours, theirs = {p.submission for p in pool.ours}, {p.submission for p in pool.theirs}
    possible = sorted({tuple(sorted((a, b))) for a in ours for b in theirs if a != b})
    if len(possible) <= count or pool.scenario.mode.meeting != VERSUS:
        return [(a, b) for a, b in possible]
    games = list(session.scalars(sql.select(Match).where(Match.scenario == key, Match.first.in_(players), Match.second.in_(players))))
    ids = [f"{g.seed} {min(g.first, g.second)} {max(g.first, g.second)}" for g in games]
    known = rate(tally([g.first for g in games], [g.second for g in games], [g.outcome for g in games], ids, players))
    allowed = None if pool.one_role else {frozenset(pair) for pair in possible}
    return next_games(known, count, seed=len(games), allowed=allowed)


def do(desk: Desk, lease: Lease, folder: Path) -> Store:
    """Play a match job and keep the transcripts; returns what is to be stored."""
    told = lease.payload
    with desk.database.reading() as session:
        one, other = session.get_one(Submission, lease.submission), session.get_one(Submission, told["partner"])
        plan = session.get_one(EvalPlan, lease.plan)
        spec = installed.world(one.world, one.world_version)
        scenario = installed.scenario(session, plan, spec, one.role, told["key"])
    installed.agree(desk.database, spec)
    minds = [desk.entrant(who).policy(setting(spec, scenario.config, who.role)) for who in (one, other)]
    extra = {"submission": one.key, "partner": other.key}
    found = play_block(scenario, spec, one.role, minds[0], told["seeds"], folder, extra, {told["role"]: minds[1]})
    kept = {e.seed: desk.artefacts.put(e.transcript.read_bytes(), ".avt") if e.transcript else "" for e in found}
    head = spec.metrics[0]

    def store(session: orm.Session, job: Job) -> None:
        if scenario.mode.meeting == VERSUS:
            add(session, job, [_match(plan.season, one, other, told["key"], head, e, kept[e.seed], told["role"]) for e in found])
        else:
            layers = desk.entrant(one).layers
            kinds = [playing.as_row(one.key, told["key"], scenario.name, e, kept[e.seed], layers, other.key) for e in found if not e.fault]
            playing.store(session, job, one.key, kinds)

    return store


def add(session: orm.Session, job: Job, rows: Sequence[Match]) -> None:
    """Store matches that are not there yet."""
    moment = now(session)
    for row in rows:
        same = {"scenario": row.scenario, "seed": row.seed, "first": row.first, "second": row.second}
        if session.scalars(sql.select(Match.id).filter_by(**same)).first() is None:
            row.job, row.created = job.id, moment
            session.add(row)
            log.record(session, "match", row)


def _match(season: str, one: Submission, other: Submission, scenario: str, head: str, e: Episode, kept: str, role: str) -> Match:
    first, second = scores(head, e, one_role=role == one.role)
    return Match(
        season=season,
        world=one.world,
        scenario=scenario,
        seed=e.seed,
        first=one.key,
        second=other.key,
        outcome=outcome(head, e, first, second),
        first_score=first,
        second_score=second,
        digest=e.digest,
        artefact=kept,
    )


def scores(head: str, e: Episode, one_role: bool) -> tuple[float | None, float | None]:
    """What both have by a metric; of two roles, one's share of what both want, and the rest."""
    first = _value(e.shares.get(head))
    if one_role:
        return first, _value(e.background.get(head))
    return first, None if first is None else 1.0 - first


def outcome(head: str, e: Episode, first: float | None, second: float | None) -> float:
    """1 where the first did better, 0 where the second did; who fails has lost, whatever the score was."""
    if e.fault:
        return 1.0 if e.partner_fault else 0.0
    if first is None or second is None or first == second:
        return 0.5
    return float((first > second) == metric(head).higher_is_better)


def _value(share: Share | None) -> float | None:
    return share[0] / share[1] if share and share[1] > 0 else None
