"""Handing in: a file, or one of the suite's own policies, becomes a row, and what it has to play becomes jobs. No graph is parsed here."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.agents import archive
from avatarium.agents.manifest import Manifest
from avatarium.leaderboards.database import log, seals
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import CHECKING, OPEN, PLAYING, Account, Season, Submission
from avatarium.leaderboards.queue import plans, quarantine
from avatarium.leaderboards.queue.plans import Block
from avatarium.leaderboards.scenarios import permitted
from avatarium.leaderboards.seasons import definition
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec

DAY_S = 24 * 3600.0
Blocks = Callable[[WorldSpec, str], Iterable[Block]]
"""What a policy for a role of a world has to play."""


@dataclass(frozen=True)
class Where:
    """For what somebody enters."""

    season: str
    track: str
    secret: str
    blocks: Blocks | None


def enter(
    database: Database,
    artefacts: Artefacts,
    content: bytes,
    season: str,
    track: str,
    account: int | None = None,
    trust: bool = False,
    *,
    secret: str = "",
    blocks: Blocks | None = None,
    world: str | None = None,
) -> Submission:
    """Hand in the bytes of a policy.zip; returns its row, which is there already when the same policy was handed in before.

    Its check and its episodes are planned, and done by whoever works on the queue: the blocks of seeds that the season defines, or those
    of ``blocks``. ``secret`` is the season's, for tracks whose seeds follow from it; ``trust`` is the operator's word for the file;
    ``world`` an address, for a world that is not found by the name in the manifest. Raises UserError when the file is none, does not fit
    the world, the season is closed, or the account has handed in enough today.
    """
    where = Where(season, track, secret, blocks)
    manifest, key = parsed(artefacts, content)
    spec = discovery.spec(world or manifest.world)
    fresh = _row(key, discovery.address(spec), spec.version, manifest.role)
    fresh.name, fresh.author, fresh.account = manifest.name, manifest.author, account
    fresh.manifest = json.loads(manifest.to_json())
    asked = _asked(database, where, spec, manifest.role)
    for scenario in {block.scenario.key(spec): block.scenario for block in asked}.values():
        permitted.check_fits(manifest, spec, scenario)
    fresh.artefact = artefacts.put(content, ".zip")
    return database.insist(lambda session: _enter(session, fresh, where, spec, asked, trust))


def enter_baseline(
    database: Database, policy: str, world: str, role: str, season: str, track: str, *, secret: str = "", blocks: Blocks | None = None
) -> Submission:
    """Let one of the suite's own policies (random, heuristic, oracle or WORLD/NAME) play what submissions play; returns its row."""
    where, spec = Where(season, track, secret, blocks), discovery.spec(world)
    fresh = _row(baseline_key(policy, spec, role), discovery.address(spec), spec.version, role)
    fresh.name = fresh.policy = policy
    fresh.baseline, fresh.state = True, PLAYING
    asked = _asked(database, where, spec, role)
    return database.insist(lambda session: _enter(session, fresh, where, spec, asked, True))


def baseline_key(policy: str, spec: WorldSpec, role: str) -> str:
    """The key of one of the suite's own policies."""
    return seals.digest(["baseline", policy, discovery.address(spec), spec.version, role])


def parsed(artefacts: Artefacts, content: bytes) -> tuple[Manifest, str]:
    """The manifest of a policy.zip and the key of the policy. Raises UserError when the file is none."""
    with artefacts.scratch() as folder:
        path = folder / "policy.zip"
        path.write_bytes(content)
        manifest, onnx_bytes = archive.read(path)
    return manifest, policy_key(manifest, onnx_bytes)


def policy_key(manifest: Manifest, onnx_bytes: bytes) -> str:
    """SHA-256 of what a policy says and computes, however it was zipped."""
    return hashlib.sha256(manifest.to_json().encode() + onnx_bytes).hexdigest()


def _row(key: str, world: str, version: int, role: str) -> Submission:
    texts = dict.fromkeys(("name", "author", "policy", "artefact", "weights", "actions", "sentence"), "")
    objects: dict[str, dict[str, object]] = {name: {} for name in ("manifest", "facts", "layers")}
    return Submission(key=key, world=world, world_version=version, role=role, baseline=False, state=CHECKING, **texts, **objects)


def _season(session: orm.Session, where: Where) -> Season:
    found = session.get(Season, where.season)
    if found is None:
        known = list(session.scalars(sql.select(Season.name)))
        raise UserError(f"there is no season {where.season!r}: {nearest(where.season, known) if known else 'none has been opened'}")
    return found


def _asked(database: Database, where: Where, spec: WorldSpec, role: str) -> list[Block]:
    """The blocks of seeds that are to be played."""
    if where.blocks is not None:
        return list(where.blocks(spec, role))
    with database.reading() as session:
        season = _season(session, where)
    part = definition.from_json(season.definition).part(discovery.address(spec), role)
    if part.version != spec.version:
        raise UserError(f"season {season.name} is about version {part.version} of {spec.name}, and version {spec.version} is installed")
    return list(part.blocks(where.track, where.secret))


def _enter(session: orm.Session, fresh: Submission, where: Where, spec: WorldSpec, blocks: Sequence[Block], trust: bool) -> Submission:
    log.wait_turn(session)
    season = _season(session, where)
    if season.state != OPEN and not fresh.baseline:
        raise UserError(f"season {season.name} takes no more submissions: it is {season.state}")
    quarantine.check(session, fresh.world, fresh.world_version)
    one = session.get(Submission, fresh.key)
    if one is None:
        moment = now(session)
        _within_limit(session, fresh.account, moment)
        one = _copy(fresh)
        one.created = moment
        session.add(one)
        log.record(session, "submitted", one)
    plans.plan(session, one, season, where.track, spec, blocks, trust)
    session.flush()
    return one


def _copy(fresh: Submission) -> Submission:
    """A new object of the same columns: a transaction that is repeated needs a new one."""
    return Submission(**{column.key: getattr(fresh, column.key) for column in Submission.__mapper__.column_attrs})


def _within_limit(session: orm.Session, account: int | None, moment: float) -> None:
    """Raise UserError when an account has handed in as many policies within a day as it may."""
    if account is None:
        return
    row = session.get_one(Account, account)
    if row.disabled:
        raise UserError(f"the account {row.name} is disabled: ask the organisers")
    since = list(
        session.scalars(
            sql.select(Submission.created)
            .where(Submission.account == account, Submission.created > moment - DAY_S)
            .order_by(Submission.created)
        )
    )
    if len(since) >= row.daily_limit:
        hours = (since[-row.daily_limit] + DAY_S - moment) / 3600 if row.daily_limit else 24.0
        raise UserError(
            f"{row.name} has handed in {len(since)} policies within a day, and {row.daily_limit} are allowed: "
            f"try again in {max(0.1, hours):.1f} hours"
        )
