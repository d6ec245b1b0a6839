"""What this installation plays: the right version of a world, by the same rules as everybody else, in the scenario that was planned."""

import tempfile
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import EvalPlan, Season, Submission, WorldVersion
from avatarium.leaderboards.queue import quarantine
from avatarium.leaderboards.sandbox.host import InfrastructureError, Worker
from avatarium.leaderboards.scenarios import Scenario, robustness, scenarios
from avatarium.leaderboards.seasons import definition
from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.core.transcript import Transcript

SEED = 0
"""Of the episode by which installations are compared."""


@lru_cache(maxsize=64)
def world(address: str, version: int) -> WorldSpec:
    """The world at an address. Raises InfrastructureError unless this installation has the version that is played."""
    spec = discovery.spec(address)
    if spec.version != version:
        raise InfrastructureError(f"this worker has version {spec.version} of {spec.name}, and version {version} is played: install that")
    return spec


@lru_cache(maxsize=64)
def fingerprint(address: str) -> str:
    """Digest of an episode of random play: the same rules, on whatever machine, give the same."""
    spec = discovery.spec(address)
    minds = {role: agents.load("random", address, role) for role in spec.role_names()}
    with tempfile.TemporaryDirectory(prefix="avatarium-") as folder:
        return Transcript.open(play(address, minds, [SEED], Path(folder))[0]).digest


def agree(database: Database, spec: WorldSpec) -> None:
    """Compare this installation's rules of a world with those of whoever played it first. Raises InfrastructureError when they differ."""
    address = discovery.address(spec)
    mine = fingerprint(address)
    with database.reading() as session:
        known = session.get(WorldVersion, (address, spec.version))
        first = known.digest if known else ""
    if (first or database.insist(lambda session: _enter(session, address, spec.version, mine))) != mine:
        raise InfrastructureError(f"{spec.name} version {spec.version} plays otherwise on this worker than where it was first played")


def _enter(session: orm.Session, address: str, version: int, mine: str) -> str:
    row = quarantine.version(session, address, version)
    if not row.digest:
        row.digest = mine
        log.record(session, "rules known", row)
    return row.digest


@lru_cache(maxsize=1)
def protections() -> dict[str, bool]:
    """Which layers of the sandbox this machine gives; asked once."""
    with Worker() as empty:
        return empty.layers


def scenario(session: orm.Session, plan: EvalPlan, spec: WorldSpec, role: str, key: str) -> Scenario:
    """The scenario with a key: among those that are installed, or as the season defines it. Raises InfrastructureError."""
    address = session.scalars(sql.select(Submission.world).where(Submission.key == plan.submission)).one()
    if found := _installed(address, role).get(key):
        return found
    told = session.scalars(sql.select(Season.definition).where(Season.name == plan.season)).one()
    for one in definition.from_json(told).part(address, role).scenarios if told else ():
        if one.key(spec) == key:
            return one
    raise InfrastructureError(f"this worker has no scenario of {spec.name} with the key {key[:16]}: install the season's release")


@lru_cache(maxsize=64)
def _installed(address: str, role: str) -> dict[str, Scenario]:
    spec = discovery.spec(address)
    return {one.key(spec): one for one in (*scenarios(spec, role), *robustness(spec, role))}
