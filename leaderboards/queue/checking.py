"""Jobs of checks: all that ``avatarium.leaderboards.check`` asks of a file. What does not pass is rejected, with the reason."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.agents.exported import OnnxPolicy
from avatarium.leaderboards import check, probes
from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.models import REJECTED, Submission
from avatarium.leaderboards.episodes import setting
from avatarium.leaderboards.queue import installed, plans
from avatarium.leaderboards.queue.desk import Desk
from avatarium.leaderboards.queue.leases import Lease, Store
from avatarium.leaderboards.scenarios import alone
from avatarium.worlds.core.spec import Role, WorldSpec

ROWS = 512
"""Observations on which policies are compared."""
FINE = 100
"""Steps within half a span by which continuous actions are told apart."""


@dataclass(frozen=True)
class Found:
    """What a check found; ``reason`` is empty for a policy that may play."""

    reason: str
    facts: dict[str, Any]
    layers: dict[str, bool]
    actions: str = ""
    """Artefact of what it does on fixed observations."""


def do(desk: Desk, lease: Lease, folder: Path) -> Store:
    """Check a submission; returns what is to be stored. Raises InfrastructureError for what is this machine's fault."""
    with desk.database.reading() as session:
        one = session.get_one(Submission, lease.submission)
    spec = installed.world(one.world, one.world_version)
    installed.agree(desk.database, spec)
    found = examined(desk, one, spec, bool(lease.payload.get("trust")), folder)
    return lambda session, job: store(session, one.key, found)


def examined(desk: Desk, one: Submission, spec: WorldSpec, trust: bool, folder: Path) -> Found:
    """Examine the file of a submission, and note what it does on fixed observations, by which copies are found."""
    report = check.check(desk.artefacts.fetch(one.artefact, folder), one.world, trust)
    if not report.accepted:
        named = report.reason.startswith(one.name)
        return Found(report.reason if named else f"{one.name} cannot be played: {report.reason}", report.facts, report.layers)
    where = setting(spec, alone(spec, one.role)[0].config, one.role)
    policy = desk.entrant(one).policy(where)
    assert isinstance(policy, OnnxPolicy)
    content = io.BytesIO()
    np.save(content, actions(policy, where.role))
    return Found("", report.facts, report.layers, desk.artefacts.put(content.getvalue(), ".npy"))


def actions(policy: OnnxPolicy, role: Role) -> np.ndarray:
    """int16 [K]: what a policy thinks best, head by head, in its first step at ``ROWS`` fixed observations."""
    observations = probes.samples(role, ROWS)
    best = policy.infer((observations, *policy.initial_state(ROWS)))[0]
    if policy.manifest.controls:
        found: np.ndarray = np.round(role.narrowed(best).clip(-FINE, FINE) * FINE).astype(np.int16).ravel()
        return found
    heads = np.split(best, np.cumsum(policy.manifest.actions)[:-1], axis=1)
    return np.stack([head.argmax(axis=1) for head in heads], axis=1).astype(np.int16).ravel()


def store(session: orm.Session, key: str, found: Found) -> None:
    """Store what a check found: the submission may play, or is rejected; a copy of an earlier one is marked as that."""
    one = session.get_one(Submission, key)
    one.facts, one.layers, one.actions = dict(found.facts), dict(found.layers), found.actions
    one.weights = str(found.facts.get("weights", ""))
    if found.reason:
        plans.close(session, one, REJECTED, found.reason)
        return
    if earlier := _first_like(session, one):
        one.clone_of = earlier
        log.record(session, "copy", one, of=earlier)
    plans.passed(session, one)


def _first_like(session: orm.Session, one: Submission) -> str | None:
    """The first submission for the same role with the same weights or that does the same, if there is one before this."""
    same = [Submission.actions == one.actions] + ([Submission.weights == one.weights] if one.weights else [])
    query = sql.select(Submission.key).where(sql.or_(*same), Submission.key != one.key, Submission.created <= one.created)
    query = query.where(Submission.world == one.world, Submission.role == one.role, Submission.clone_of.is_(None))
    return session.scalars(query.order_by(Submission.created, Submission.key).limit(1)).first()
