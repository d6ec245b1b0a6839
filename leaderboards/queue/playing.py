"""Jobs of episodes: a block of seeds of one scenario is played, its transcripts are kept, and the rows are made that the scores rest on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.agents.exported import PolicyError
from avatarium.leaderboards.block import play_block
from avatarium.leaderboards.database import log, models
from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import FAILED, EvalPlan, Job, Submission
from avatarium.leaderboards.episodes import Episode, setting
from avatarium.leaderboards.queue import installed, plans
from avatarium.leaderboards.queue.desk import Desk
from avatarium.leaderboards.queue.leases import Lease, Store
from avatarium.leaderboards.queue.rules import MAX_FAULTS
from avatarium.leaderboards.sandbox import trust
from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.leaderboards.scenarios import Scenario
from avatarium.leaderboards.shared_seats import WorldFault
from avatarium.worlds.core import transcript
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec


@dataclass(frozen=True)
class Order:
    """What a job asks for, as this installation plays it."""

    one: Submission
    spec: WorldSpec
    scenario: Scenario
    key: str
    seeds: list[int]
    """Those that have not been played."""
    trusted: bool


def do(desk: Desk, lease: Lease, folder: Path) -> Store:
    """Play what is missing of a block, and keep the files; returns what is to be stored.

    Raises InfrastructureError for what is this machine's fault, and WorldFault for what is the world's.
    """
    order = read(desk, lease)
    found = played(desk, order, folder) if order.seeds else []
    layers = {} if order.one.baseline else desk.entrant(order.one).layers if found else {}
    rows = [_row(desk, order, one, layers) for one in found if not one.partner_fault]

    return lambda session, job: store(session, job, order.one.key, rows)


def read(desk: Desk, lease: Lease) -> Order:
    """Look up what a job is about."""
    told, query = lease.payload, sql.select(models.Episode.seed)
    with desk.database.reading() as session:
        one = session.get_one(Submission, lease.submission)
        spec = installed.world(one.world, one.world_version)
        scenario = installed.scenario(session, session.get_one(EvalPlan, lease.plan), spec, one.role, told["key"])
        known = query.where(models.Episode.submission == one.key, models.Episode.scenario == told["key"], models.Episode.partner == "")
        missing = sorted(set(told["seeds"]) - set(session.scalars(known)))
    return Order(one, spec, scenario, told["key"], missing, bool(told.get("trust")))


def played(desk: Desk, order: Order, folder: Path) -> list[Episode]:
    """The episodes, one of them simulated once more. What fails in the world is tried a second time before the world is blamed."""
    installed.agree(desk.database, order.spec)
    if not order.one.baseline:
        trust.require(installed.protections(), order.trusted)
    try:
        found = _episodes(desk, order, folder)
    except (InfrastructureError, UserError, OSError, MemoryError):
        raise
    except Exception:
        found = _once_more(desk, order, folder)
    proof = next((one.transcript for one in found if one.transcript), None)
    if proof and not (verdict := transcript.verify(proof)).ok:
        raise WorldFault(verdict.message.replace(str(proof), f"{order.scenario.name}, {proof.name}"))
    return found


def _once_more(desk: Desk, order: Order, folder: Path) -> list[Episode]:
    try:
        return _episodes(desk, order, folder)
    except (InfrastructureError, UserError, OSError, MemoryError):
        raise
    except Exception as error:
        raise WorldFault(f"{order.scenario.name} of {order.spec.name} ends in {type(error).__name__}: {error}") from error


def _episodes(desk: Desk, order: Order, folder: Path) -> list[Episode]:
    entrant = desk.entrant(order.one)
    try:
        policy = entrant.policy(setting(order.spec, order.scenario.config, order.one.role))
    except PolicyError as refusal:  # it has passed its check, so something is different here
        raise InfrastructureError(f"{order.one.name} could not be loaded again: {refusal}") from refusal
    extra = {"submission": order.one.key, "scenario": order.scenario.name}
    return play_block(order.scenario, order.spec, order.one.role, policy, order.seeds, folder, extra)


def _row(desk: Desk, order: Order, one: Episode, layers: dict[str, bool]) -> models.Episode:
    kept = desk.artefacts.put(one.transcript.read_bytes(), ".avt") if one.transcript else ""
    return as_row(order.one.key, order.key, order.scenario.name, one, kept, layers)


def as_row(
    submission: str, scenario: str, name: str, one: Episode, artefact: str, layers: dict[str, bool], partner: str = ""
) -> models.Episode:
    """An episode as it is stored, with the SHA-256 of its transcript's file. Raises InfrastructureError where a metric gives no number."""
    shares, background = ({metric: list(share) for metric, share in told.items()} for told in (one.shares, one.background))
    for metric, share in (*shares.items(), *background.items()):
        if not all(map(math.isfinite, share)):
            raise InfrastructureError(f"the metric {metric} gives no number for seed {one.seed} of {name}: mend the metric")
    return models.Episode(
        submission=submission,
        scenario=scenario,
        scenario_name=name,
        seed=one.seed,
        partner=partner,
        steps=one.steps,
        shares=shares,
        background=background,
        digest=one.digest,
        artefact=artefact,
        fault=one.fault,
        layers=layers,
    )


def store(session: orm.Session, job: Job, submission: str, rows: Sequence[models.Episode]) -> None:
    """Store episodes that are not there yet, and see what follows for their plan: finished, or failed where there were too many faults."""
    moment, played = now(session), sql.select(models.Episode.scenario, models.Episode.seed, models.Episode.partner)
    known = set(session.execute(played.where(models.Episode.submission == submission)))
    fresh = [row for row in rows if (row.scenario, row.seed, row.partner) not in known]
    for row in fresh:
        row.job, row.created = job.id, moment
    session.add_all(fresh)
    session.flush()
    for row in fresh:
        log.record(session, "episode", row)
    one, plan = session.get_one(Submission, submission), session.get_one(EvalPlan, job.plan)
    failed = sql.select(sql.func.count()).where(models.Episode.submission == submission, models.Episode.fault.is_not(None))
    faults = session.scalar(failed) or 0
    if faults > MAX_FAULTS and plan.state not in plans.CLOSED:
        plans.close(session, one, FAILED, f"{one.name} failed in {faults} episodes, more than the {MAX_FAULTS} that are forgiven")
    else:
        plans.settle(session, plan)
