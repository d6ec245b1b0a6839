"""The tables. Nothing is deleted, and what decides a score is written once: later changes only add states and reasons.

Moments are UTC as seconds since 1970 (float), since SQLite has no type for them and both databases compare numbers alike.
"""

from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

Json = dict[str, Any]

CHECKING, REJECTED, PLAYING, FINISHED, FAILED, RETIRED = "checking", "rejected", "playing", "finished", "failed", "retired"
WAITING, LEASED, DONE, GIVEN_UP, VOID = "waiting", "leased", "done", "given up", "void"
SUBMISSION_STATES = (CHECKING, REJECTED, PLAYING, FINISHED, FAILED, RETIRED, VOID)
"""Of a submission, and of its plan in a season; the sentence beside a state says why. Void is what nobody is to blame for but the world."""
JOB_STATES = (WAITING, LEASED, DONE, GIVEN_UP, VOID)
OPEN, FROZEN, REVEALED = "open", "frozen", "revealed"
SEASON_STATES = (OPEN, FROZEN, REVEALED)
LOCAL = "local"
"""The season of whoever has a board for themselves: any world, as many episodes as they like, no table of pillars."""
PUBLIC, RANKED, FINAL = "public", "ranked", "final"
TRACKS = (PUBLIC, RANKED, FINAL)
"""Known seeds; secret seeds of a season; fresh seeds that are played once, at its end."""


class Base(orm.DeclarativeBase):
    """All tables."""

    type_annotation_map = {Json: sql.JSON, list[Any]: sql.JSON, int: sql.BigInteger}  # noqa: RUF012


def _serial() -> Mapped[int]:
    """A primary key that counts up; SQLite counts only in INTEGER columns."""
    return mapped_column(sql.BigInteger().with_variant(sql.Integer, "sqlite"), primary_key=True, autoincrement=True)


class Account(Base):
    """Somebody who submits."""

    __tablename__ = "account"
    id: Mapped[int] = _serial()
    name: Mapped[str] = mapped_column(unique=True)
    daily_limit: Mapped[int]
    """Submissions per day."""
    disabled: Mapped[bool] = mapped_column(default=False)
    created: Mapped[float]


class ApiToken(Base):
    """What a program shows to act for an account; only its hash is kept."""

    __tablename__ = "api_token"
    id: Mapped[int] = _serial()
    account: Mapped[int] = mapped_column(sql.ForeignKey("account.id"), index=True)
    label: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    """Of "read", "submit" and "admin"."""
    created: Mapped[float]
    expires: Mapped[float | None]
    revoked: Mapped[float | None]
    last_used: Mapped[float | None]


class Season(Base):
    """A set of scenarios, rules and seeds that is fixed before anybody submits."""

    __tablename__ = "season"
    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default=OPEN)
    definition: Mapped[Json]
    """Worlds with versions, scenarios, numbers of episodes, anchors, as ``seasons.definition`` writes it."""
    ruleset: Mapped[str]
    """SHA-256 of the definition."""
    commitment: Mapped[str]
    """SHA-256 of the secret from which the seeds of the ranked track follow; empty where there is none."""
    secret: Mapped[str | None]
    """Once it has been revealed."""
    created: Mapped[float]
    frozen: Mapped[float | None]
    revealed: Mapped[float | None]


class WorldVersion(Base):
    """A version of a world that scores were made with."""

    __tablename__ = "world_version"
    world: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    """Of a fixed episode: the same rules give the same digest."""
    quarantined: Mapped[str] = mapped_column(default="")
    """Why no score of it counts, where it failed by itself; empty otherwise."""
    created: Mapped[float]


class Anchor(Base):
    """What the random and the reference policy scored: the ends of a scale, frozen with a season."""

    __tablename__ = "anchor"
    id: Mapped[int] = _serial()
    season: Mapped[str] = mapped_column(sql.ForeignKey("season.name"), index=True)
    world: Mapped[str]
    role: Mapped[str]
    scenario: Mapped[str]
    metric: Mapped[str]
    random: Mapped[float]
    reference: Mapped[float]
    sha256: Mapped[str]
    """Of the file that the numbers come from."""
    __table_args__ = (sql.UniqueConstraint("season", "world", "role", "scenario", "metric"),)


class Submission(Base):
    """A policy that was handed in, or one of the suite's own; never deleted."""

    __tablename__ = "submission"
    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of manifest and graph; of the suite's own policies: of name, world, version and role."""
    account: Mapped[int | None] = mapped_column(sql.ForeignKey("account.id"), index=True)
    name: Mapped[str]
    author: Mapped[str] = mapped_column(default="")
    world: Mapped[str] = mapped_column(index=True)
    """Its address, under which the world is found again."""
    world_version: Mapped[int]
    role: Mapped[str]
    baseline: Mapped[bool]
    """Whether it is one of the suite's own, played in the judge's process."""
    policy: Mapped[str]
    """What ``agents.load`` takes for a baseline; empty for a file."""
    artefact: Mapped[str]
    """SHA-256 of the zip; empty for a baseline without one."""
    manifest: Mapped[Json]
    facts: Mapped[Json]
    """Nodes, parameters, opset, microseconds per decision."""
    layers: Mapped[Json]
    weights: Mapped[str] = mapped_column(default="")
    """Fingerprint of the weights; equal for copies in another wrapping."""
    actions: Mapped[str] = mapped_column(default="")
    """Artefact with the actions on fixed observations, by which copies are found."""
    clone_of: Mapped[str | None] = mapped_column(sql.ForeignKey("submission.key"))
    state: Mapped[str] = mapped_column(index=True)
    sentence: Mapped[str] = mapped_column(default="")
    created: Mapped[float] = mapped_column(index=True)


class EvalPlan(Base):
    """What a submission has to play in a track of a season, and how far it is."""

    __tablename__ = "eval_plan"
    id: Mapped[int] = _serial()
    submission: Mapped[str] = mapped_column(sql.ForeignKey("submission.key"), index=True)
    season: Mapped[str] = mapped_column(sql.ForeignKey("season.name"), index=True)
    track: Mapped[str]
    episodes: Mapped[int]
    """How many it takes until it is finished."""
    state: Mapped[str]
    sentence: Mapped[str] = mapped_column(default="")
    created: Mapped[float]
    finished: Mapped[float | None]
    __table_args__ = (sql.UniqueConstraint("submission", "season", "track"),)


class PlanSums(Base):
    """The sums of a finished plan's episodes, packed for tables; they follow from the episodes and can be made anew."""

    __tablename__ = "plan_sums"
    plan: Mapped[int] = mapped_column(sql.ForeignKey("eval_plan.id"), primary_key=True, autoincrement=False)
    content: Mapped[bytes]
    """As ``standings.sums`` packs them."""


class Job(Base):
    """A piece of work that is done exactly once, however often it is begun."""

    __tablename__ = "job"
    id: Mapped[int] = _serial()
    key: Mapped[str] = mapped_column(unique=True)
    """Hash of submission, scenario, seeds, partners and ruleset."""
    plan: Mapped[int] = mapped_column(sql.ForeignKey("eval_plan.id"), index=True)
    kind: Mapped[str]
    """check, episodes, match, audit."""
    payload: Mapped[Json]
    state: Mapped[str] = mapped_column(default=WAITING)
    reason: Mapped[str] = mapped_column(default="")
    priority: Mapped[int] = mapped_column(default=0)
    """Smaller ones first."""
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str] = mapped_column(default="")
    """Who has leased it; a result is taken from this owner alone."""
    lease_until: Mapped[float] = mapped_column(default=0.0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    created: Mapped[float]
    finished: Mapped[float | None]
    __table_args__ = (sql.Index("job_next", "state", "priority", "id"),)


class Attempt(Base):
    """One try at a job, and how it ended."""

    __tablename__ = "attempt"
    id: Mapped[int] = _serial()
    job: Mapped[int] = mapped_column(sql.ForeignKey("job.id"), index=True)
    owner: Mapped[str]
    started: Mapped[float]
    ended: Mapped[float | None]
    outcome: Mapped[str] = mapped_column(default="")
    """done, policy fault, infrastructure fault, world fault, lost (its lease ran out)."""
    sentence: Mapped[str] = mapped_column(default="")


class Episode(Base):
    """One scored episode. Submission, scenario, seed and partner are its key."""

    __tablename__ = "episode"
    id: Mapped[int] = _serial()
    submission: Mapped[str] = mapped_column(sql.ForeignKey("submission.key"))
    scenario: Mapped[str]
    """``Scenario.key``: world, version, settings, company, senses."""
    scenario_name: Mapped[str]
    seed: Mapped[int]
    partner: Mapped[str] = mapped_column(default="")
    """Key of the other submission in cross-play; empty otherwise."""
    steps: Mapped[int]
    shares: Mapped[Json]
    """Numerator and denominator of each metric for the avatars of the submission."""
    background: Mapped[Json]
    """The same for everybody else of its role."""
    digest: Mapped[str]
    """Of the transcript's contents."""
    artefact: Mapped[str]
    """SHA-256 of the transcript's file."""
    fault: Mapped[str | None]
    layers: Mapped[Json]
    job: Mapped[int | None] = mapped_column(sql.ForeignKey("job.id"), index=True)
    created: Mapped[float]
    __table_args__ = (sql.UniqueConstraint("submission", "scenario", "seed", "partner"),)


class Match(Base):
    """Two submissions in one episode, of which one may have done better."""

    __tablename__ = "match"
    id: Mapped[int] = _serial()
    season: Mapped[str] = mapped_column(sql.ForeignKey("season.name"), index=True)
    world: Mapped[str] = mapped_column(index=True)
    scenario: Mapped[str]
    seed: Mapped[int]
    first: Mapped[str] = mapped_column(sql.ForeignKey("submission.key"), index=True)
    second: Mapped[str] = mapped_column(sql.ForeignKey("submission.key"), index=True)
    outcome: Mapped[float]
    """1 where the first did better, 0.5 where neither did, 0 where the second did."""
    first_score: Mapped[float | None]
    second_score: Mapped[float | None]
    digest: Mapped[str]
    artefact: Mapped[str]
    job: Mapped[int | None] = mapped_column(sql.ForeignKey("job.id"), index=True)
    created: Mapped[float]
    __table_args__ = (sql.UniqueConstraint("scenario", "seed", "first", "second"),)


class RatingSnapshot(Base):
    """A table as it was computed, with the hash of all that it was computed from."""

    __tablename__ = "rating_snapshot"
    id: Mapped[int] = _serial()
    season: Mapped[str] = mapped_column(sql.ForeignKey("season.name"))
    track: Mapped[str]
    world: Mapped[str]
    """Empty for the table over all worlds."""
    role: Mapped[str]
    inputs: Mapped[str]
    """SHA-256 of the episodes and matches that it rests on."""
    table: Mapped[Json]
    """As ``standings`` writes it."""
    created: Mapped[float]
    __table_args__ = (sql.Index("snapshot_of", "season", "track", "world", "role", "id"),)


class Audit(Base):
    """Somebody looked whether a result is what it says."""

    __tablename__ = "audit"
    id: Mapped[int] = _serial()
    season: Mapped[str] = mapped_column(sql.ForeignKey("season.name"))
    episode: Mapped[int | None] = mapped_column(sql.ForeignKey("episode.id"))
    kind: Mapped[str]
    """replay: actions stepped again; inference: the policy asked again."""
    passed: Mapped[bool]
    detail: Mapped[Json]
    created: Mapped[float]


class LogEntry(Base):
    """One event; each holds the hash of the one before, so that no row can be changed, added or taken away unseen."""

    __tablename__ = "event_log"
    number: Mapped[int] = mapped_column(sql.BigInteger().with_variant(sql.Integer, "sqlite"), primary_key=True, autoincrement=False)
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    """Which row it is about, as ``table:key``."""
    content: Mapped[str]
    """JSON, as it was hashed; for rows that decide scores with their SHA-256."""
    previous: Mapped[str]
    hash: Mapped[str]
    created: Mapped[float]
