"""Which tables a database has to have, and how an older one gets them: by the steps in ``migrations/versions``.

A new step is a module there with the revision it follows; ``difference`` lists what it has to do after the models were changed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql

from avatarium.leaderboards.database.models import Base
from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

STEPS = Path(__file__).parent / "migrations"
TURN = 7_102_025
"""Key of the lock that those who upgrade one PostgreSQL database at the same time wait for."""


def upgrade(connection: sql.Connection, name: str) -> list[str]:
    """Take all steps that are missing, in the caller's transaction; returns their revisions. Raises UserError for foreign databases."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")
    steps, present = _steps(), revision(connection, name)
    if present == steps.get_current_head():
        return []
    missing = [step.revision for step in steps.iterate_revisions("head", present or "base")]

    def plan(*_: Any) -> Any:
        return steps._upgrade_revs("head", present)  # type: ignore[arg-type]  # None is "from the beginning"

    context = MigrationContext.configure(connection, opts={"fn": plan})
    with Operations.context(context):
        context.run_migrations()
    return missing[::-1]


def check(connection: sql.Connection, name: str) -> None:
    """Raise UserError, saying what to do, unless the database has just the tables of this version."""
    present = revision(connection, name)
    if present is None:
        raise UserError(f"{name} holds no leaderboard yet: make one with `avatarium database upgrade URL`")
    if present != _steps().get_current_head():
        raise UserError(f"{name} was written by an older Avatarium (schema {present}): run `avatarium database upgrade URL` once")


def revision(connection: sql.Connection, name: str) -> str | None:
    """The last step that was taken; None for an empty database. Raises UserError for one that is none of ours, or too new or too old."""
    tables = set(sql.inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite" and (old := connection.exec_driver_sql("PRAGMA user_version").scalar_one()):
        raise UserError(f"{name} was written by another version of Avatarium (schema {old}): choose another file with --board")
    if "alembic_version" not in tables:
        if tables & set(Base.metadata.tables):
            raise UserError(f"{name} is damaged, or is no leaderboard: choose another with --board")
        return None
    found = connection.execute(sql.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if found is not None and found not in {step.revision for step in _steps().walk_revisions()}:
        raise UserError(f"{name} was written by a newer Avatarium (schema {found}): install that version, or choose another with --board")
    return found


def difference(connection: sql.Connection) -> list[Any]:
    """What the models have that the database has not, and the other way round; nothing when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    return found


def _steps() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(STEPS))
