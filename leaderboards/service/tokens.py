"""Bearer tokens: 256 random bits, shown once; the database holds their SHA-256, what they may do, and until when."""

import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Account, ApiToken
from avatarium.worlds.core.errors import UserError, nearest

READ, SUBMIT, ADMIN = "read", "submit", "admin"
SCOPES = (READ, SUBMIT, ADMIN)
PREFIX = "avt_"
"""So that a token that has leaked is recognised as one."""
DAILY_LIMIT = 5
MAX_DAILY_LIMIT = 10_000
MAX_DAYS = 3650.0
NAME = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}"
USED_EVERY_S = 60.0
"""How exactly the last use of a token is kept."""


@dataclass(frozen=True)
class Bearer:
    """Who asks: a token that is valid."""

    token: int
    account: int
    name: str
    scopes: frozenset[str]
    last_used: float | None = None


def digest(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(session: Session, token: str, now: float) -> Bearer | None:
    """Whom a token stands for; None for one that is unknown, revoked, expired, or of a disabled account."""
    query = sql.select(ApiToken, Account).join(Account, Account.id == ApiToken.account).where(ApiToken.sha256 == digest(token))
    found = session.execute(query).first()
    if found is None:
        return None
    row, account = found
    if row.revoked is not None or account.disabled or (row.expires is not None and row.expires <= now):
        return None
    return Bearer(row.id, account.id, account.name, frozenset(map(str, row.scopes)), row.last_used)


def used(database: Database, who: Bearer, now: float) -> None:
    """Remember, to the minute, that a token was used."""
    if who.last_used is None or who.last_used < now - USED_EVERY_S:
        with database.session() as session:
            session.execute(sql.update(ApiToken).where(ApiToken.id == who.token).values(last_used=now))


def check_name(name: str, daily_limit: int) -> None:
    """Raise UserError for what no account can be called, or may submit."""
    if not re.fullmatch(NAME, name):
        raise UserError(f"{name[:80]!r} cannot be an account's name: use up to 60 letters, digits, spaces, dots and dashes")
    if not 0 <= daily_limit <= MAX_DAILY_LIMIT:
        raise UserError(f"a daily limit is a number from 0 to {MAX_DAILY_LIMIT}, not {daily_limit}")


def new_account(session: Session, name: str, now: float, daily_limit: int = DAILY_LIMIT) -> Account:
    """An account, logged. Raises UserError when there is one of that name already."""
    if session.scalar(sql.select(Account).where(sql.func.lower(Account.name) == name.lower())):
        raise UserError(f"there is an account {name!r} already: give it a token instead, or choose another name")
    account = Account(name=name, daily_limit=daily_limit, created=now)
    session.add(account)
    session.flush()
    log.append(session, "account created", f"account:{account.id}", {"name": name, "daily_limit": daily_limit})
    return account


def account(session: Session, name: str) -> Account:
    """The account of that name. Raises UserError when there is none."""
    found = session.scalar(sql.select(Account).where(Account.name == name))
    if found is None:
        known = session.scalars(sql.select(Account.name)).all()
        raise UserError(f"there is no account {name!r}: {nearest(name, known) if known else 'make one first'}")
    return found


def change_account(session: Session, of: Account, now: float, disabled: bool | None = None, daily_limit: int | None = None) -> None:
    """Disable or enable an account, or change how much it may submit; logged."""
    changes = {"disabled": disabled, "daily_limit": daily_limit}
    told = {name: value for name, value in changes.items() if value is not None and value != getattr(of, name)}
    for name, value in told.items():
        setattr(of, name, value)
    if told:
        log.append(session, "account changed", f"account:{of.id}", told)


def new_token(session: Session, of: Account, now: float, label: str, scopes: list[str], days: float | None) -> tuple[ApiToken, str]:
    """A token for an account, and its text, which is told this once only. Raises UserError for unknown scopes."""
    for scope in scopes:
        if scope not in SCOPES:
            raise UserError(f"there is no scope {scope!r}: {nearest(scope, SCOPES)}")
    if not scopes or (days is not None and not 0 < days <= MAX_DAYS):
        raise UserError(f"a token needs a scope, and expires after 1 to {MAX_DAYS:.0f} days or never")
    if of.disabled:
        raise UserError(f"the account {of.name!r} is disabled: enable it first")
    text = PREFIX + secrets.token_urlsafe(32)
    expires = now + days * 86400 if days is not None else None
    row = ApiToken(account=of.id, label=label, sha256=digest(text), scopes=sorted(set(scopes)), created=now, expires=expires)
    session.add(row)
    session.flush()
    log.append(session, "token created", f"api_token:{row.id}", {"account": of.id, "scopes": row.scopes, "expires": expires})
    return row, text


def revoke(session: Session, token: int, now: float) -> ApiToken:
    """End a token for good; logged. Raises UserError when there is none of that number."""
    row = session.get(ApiToken, token)
    if row is None:
        raise UserError(f"there is no token {token}: `avatarium account list` tells their numbers")
    if row.revoked is None:
        row.revoked = now
        log.append(session, "token revoked", f"api_token:{token}", {"account": row.account})
    return row
