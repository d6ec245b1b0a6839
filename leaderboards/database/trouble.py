"""What databases and disks say, turned into what whoever reads it can do about it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from avatarium.worlds.core.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LATER = ("08", "40", "55", "57P", "53300", "25P03")
"""Beginnings of SQLSTATEs that pass: connection lost, deadlock, lock not to be had, server going down, too many connections, hung."""
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")


class UnavailableError(UserError):
    """The database does not answer now; the same transaction may be tried again."""


class DiskFullError(UserError):
    """There is no room; what was stored before is kept."""


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn errors of databases and disks into UserErrors; ``where`` names the leaderboard. Violated constraints are passed on."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise of_database(error, where) from error
    except OSError as error:
        raise of_disk(error, where) from error


def of_database(error: exc.DBAPIError | exc.TimeoutError, where: str) -> UserError:
    """The sentence for what a database said."""
    if isinstance(error, exc.TimeoutError):
        return UnavailableError(f"the database {where} has no connection to spare: try again in a moment")
    cause = error.orig
    reason = " ".join(str(cause).split())[:200]
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(getattr(cause, "sqlite_errorname", ""), reason, where)
    state = getattr(cause, "sqlstate", None) or ""
    if state == "53100":
        return _full(where)
    if (
        error.connection_invalidated
        or state.startswith(LATER)
        or (not state and isinstance(error, (exc.OperationalError, exc.InterfaceError)))
    ):
        return UnavailableError(f"the database {where} does not answer ({reason}): start it, or give its address with --board")
    if state == "42P01":
        return UserError(f"{where} holds no leaderboard: make one with `avatarium database upgrade URL`")
    return UserError(f"the database {where} refuses this ({reason}): see whether `avatarium database check URL` finds something")


def _of_sqlite(name: str, reason: str, where: str) -> UserError:
    if name.startswith(NO_ROOM):
        return _full(where)
    if name.startswith(BUSY):
        return UnavailableError(f"the leaderboard {where} is being written by others without a pause: try again in a moment")
    if name.startswith(DAMAGED) or "no such" in reason:
        return UserError(f"{where} is damaged, or is no leaderboard: move it away, or choose another file with --board")
    return UserError(f"the leaderboard {where} cannot be used ({reason}): choose another file with --board")


def of_disk(error: OSError, where: str) -> UserError:
    """The sentence for what a disk said."""
    if error.errno in FULL:
        return _full(where)
    return UserError(f"{error.filename or where} cannot be used ({error.strerror or error}): choose another file with --board")


def _full(where: str) -> DiskFullError:
    return DiskFullError(f"the disk that holds {where} is full: make room and give the same command again, what is done is kept")
