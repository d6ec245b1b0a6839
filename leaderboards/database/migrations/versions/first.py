"""The tables as they were at first."""

from typing import Any

import sqlalchemy as sql
from alembic import op

revision, down_revision, branch_labels, depends_on = "1", None, None, None

TEXT, YES_NO, JSON, WHOLE = sql.String(), sql.Boolean(), sql.JSON(), sql.BigInteger()
REAL: sql.Double[float] = sql.Double()
NUMBER = sql.BigInteger().with_variant(sql.Integer(), "sqlite")
"""Of rows: SQLite counts only in INTEGER columns."""


def upgrade() -> None:
    """Make all tables."""
    for make in (_people, _seasons, _submissions, _work, _results, _after):
        make()


def downgrade() -> None:
    """Remove all tables, with everything in them."""
    for name in (
        "event_log",
        "audit",
        "rating_snapshot",
        "match",
        "episode",
        "attempt",
        "job",
        "plan_sums",
        "eval_plan",
        "submission",
        "anchor",
        "world_version",
        "season",
        "api_token",
        "account",
    ):
        op.drop_table(name)


def _row(name: str, *columns: sql.Column[Any] | sql.schema.Constraint) -> None:
    """A table whose rows are counted."""
    op.create_table(name, sql.Column("id", NUMBER, primary_key=True, autoincrement=True), *columns)


def _some(kind: Any, *names: str, null: bool = False) -> list[sql.Column[Any]]:
    return [sql.Column(name, kind, nullable=null) for name in names]


def _of(name: str, column: str, null: bool = False) -> sql.Column[Any]:
    """A column that points to a row of another table."""
    return sql.Column(name, NUMBER if column.endswith(".id") else TEXT, sql.ForeignKey(column), nullable=null)


def _people() -> None:
    """Who submits, and by which tokens."""
    _row(
        "account",
        *_some(TEXT, "name"),
        *_some(WHOLE, "daily_limit"),
        *_some(YES_NO, "disabled"),
        *_some(REAL, "created"),
        sql.UniqueConstraint("name"),
    )
    _row(
        "api_token",
        _of("account", "account.id"),
        *_some(TEXT, "label", "sha256"),
        *_some(JSON, "scopes"),
        *_some(REAL, "created"),
        *_some(REAL, "expires", "revoked", "last_used", null=True),
        sql.UniqueConstraint("sha256"),
    )
    op.create_index("ix_api_token_account", "api_token", ["account"])


def _seasons() -> None:
    """What is played, by which versions, and the ends of its scales."""
    op.create_table(
        "season",
        sql.Column("name", TEXT, primary_key=True),
        *_some(TEXT, "title", "state"),
        *_some(JSON, "definition"),
        *_some(TEXT, "ruleset", "commitment"),
        *_some(TEXT, "secret", null=True),
        *_some(REAL, "created"),
        *_some(REAL, "frozen", "revealed", null=True),
    )
    op.create_table(
        "world_version",
        sql.Column("world", TEXT, primary_key=True),
        sql.Column("version", WHOLE, primary_key=True, autoincrement=False),
        *_some(TEXT, "digest", "quarantined"),
        *_some(REAL, "created"),
    )
    _row(
        "anchor",
        _of("season", "season.name"),
        *_some(TEXT, "world", "role", "scenario", "metric"),
        *_some(REAL, "random", "reference"),
        *_some(TEXT, "sha256"),
        sql.UniqueConstraint("season", "world", "role", "scenario", "metric"),
    )
    op.create_index("ix_anchor_season", "anchor", ["season"])


def _submissions() -> None:
    """What was handed in, and what it has to play."""
    op.create_table(
        "submission",
        sql.Column("key", TEXT, primary_key=True),
        _of("account", "account.id", null=True),
        *_some(TEXT, "name", "author", "world"),
        *_some(WHOLE, "world_version"),
        *_some(TEXT, "role"),
        *_some(YES_NO, "baseline"),
        *_some(TEXT, "policy", "artefact"),
        *_some(JSON, "manifest", "facts", "layers"),
        *_some(TEXT, "weights", "actions"),
        _of("clone_of", "submission.key", null=True),
        *_some(TEXT, "state", "sentence"),
        *_some(REAL, "created"),
    )
    op.create_index("ix_submission_account", "submission", ["account"])
    op.create_index("ix_submission_created", "submission", ["created"])
    op.create_index("ix_submission_state", "submission", ["state"])
    op.create_index("ix_submission_world", "submission", ["world"])
    _row(
        "eval_plan",
        _of("submission", "submission.key"),
        _of("season", "season.name"),
        *_some(TEXT, "track"),
        *_some(WHOLE, "episodes"),
        *_some(TEXT, "state", "sentence"),
        *_some(REAL, "created"),
        *_some(REAL, "finished", null=True),
        sql.UniqueConstraint("submission", "season", "track"),
    )
    op.create_index("ix_eval_plan_season", "eval_plan", ["season"])
    op.create_index("ix_eval_plan_submission", "eval_plan", ["submission"])
    plan = sql.Column("plan", NUMBER, sql.ForeignKey("eval_plan.id"), primary_key=True, autoincrement=False)
    op.create_table("plan_sums", plan, *_some(sql.LargeBinary(), "content"))


def _work() -> None:
    """The queue."""
    _row(
        "job",
        *_some(TEXT, "key"),
        _of("plan", "eval_plan.id"),
        *_some(TEXT, "kind"),
        *_some(JSON, "payload"),
        *_some(TEXT, "state", "reason"),
        *_some(WHOLE, "priority", "attempts"),
        *_some(TEXT, "owner"),
        *_some(REAL, "lease_until", "not_before", "created"),
        *_some(REAL, "finished", null=True),
        sql.UniqueConstraint("key"),
    )
    op.create_index("ix_job_plan", "job", ["plan"])
    op.create_index("job_next", "job", ["state", "priority", "id"])
    _row(
        "attempt",
        _of("job", "job.id"),
        *_some(TEXT, "owner"),
        *_some(REAL, "started"),
        *_some(REAL, "ended", null=True),
        *_some(TEXT, "outcome", "sentence"),
    )
    op.create_index("ix_attempt_job", "attempt", ["job"])


def _results() -> None:
    """Episodes and matches."""
    _row(
        "episode",
        _of("submission", "submission.key"),
        *_some(TEXT, "scenario", "scenario_name"),
        *_some(WHOLE, "seed"),
        *_some(TEXT, "partner"),
        *_some(WHOLE, "steps"),
        *_some(JSON, "shares", "background"),
        *_some(TEXT, "digest", "artefact"),
        *_some(TEXT, "fault", null=True),
        *_some(JSON, "layers"),
        _of("job", "job.id", null=True),
        *_some(REAL, "created"),
        sql.UniqueConstraint("submission", "scenario", "seed", "partner"),
    )
    op.create_index("ix_episode_job", "episode", ["job"])
    _row(
        "match",
        _of("season", "season.name"),
        *_some(TEXT, "world", "scenario"),
        *_some(WHOLE, "seed"),
        _of("first", "submission.key"),
        _of("second", "submission.key"),
        *_some(REAL, "outcome"),
        *_some(REAL, "first_score", "second_score", null=True),
        *_some(TEXT, "digest", "artefact"),
        _of("job", "job.id", null=True),
        *_some(REAL, "created"),
        sql.UniqueConstraint("scenario", "seed", "first", "second"),
    )
    op.create_index("ix_match_first", "match", ["first"])
    op.create_index("ix_match_job", "match", ["job"])
    op.create_index("ix_match_season", "match", ["season"])
    op.create_index("ix_match_second", "match", ["second"])
    op.create_index("ix_match_world", "match", ["world"])


def _after() -> None:
    """What is made of them, and the log of everything."""
    _row(
        "rating_snapshot",
        _of("season", "season.name"),
        *_some(TEXT, "track", "world", "role", "inputs"),
        *_some(JSON, "table"),
        *_some(REAL, "created"),
    )
    op.create_index("snapshot_of", "rating_snapshot", ["season", "track", "world", "role", "id"])
    _row(
        "audit",
        _of("season", "season.name"),
        _of("episode", "episode.id", null=True),
        *_some(TEXT, "kind"),
        *_some(YES_NO, "passed"),
        *_some(JSON, "detail"),
        *_some(REAL, "created"),
    )
    op.create_table(
        "event_log",
        sql.Column("number", NUMBER, primary_key=True, autoincrement=False),
        *_some(TEXT, "kind", "subject", "content", "previous", "hash"),
        *_some(REAL, "created"),
    )
    op.create_index("ix_event_log_subject", "event_log", ["subject"])
