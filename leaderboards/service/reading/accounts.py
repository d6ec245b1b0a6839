"""Accounts and tokens, as those who run the leaderboard see them, and as one sees oneself."""

import time

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service.reading import shapes
from avatarium.leaderboards.service.tokens import Bearer

DAY = 86400.0


def listed(session: Session) -> list[shapes.Account]:
    """All accounts by name."""
    return [shape(row) for row in session.scalars(sql.select(models.Account).order_by(models.Account.name))]


def shape(row: models.Account) -> shapes.Account:
    """What is told of an account."""
    return shapes.Account(name=row.name, daily_limit=row.daily_limit, disabled=row.disabled, created=row.created)


def tokens(session: Session, account: models.Account) -> list[shapes.Token]:
    """The tokens of an account, revoked ones too."""
    query = sql.select(models.ApiToken).where(models.ApiToken.account == account.id).order_by(models.ApiToken.id)
    return [token(row, account.name) for row in session.scalars(query)]


def token(row: models.ApiToken, account: str) -> shapes.Token:
    """What is told of a token."""
    return shapes.Token(account=account, **{n: getattr(row, n) for n in shapes.Token.model_fields if n != "account"})


def me(session: Session, who: Bearer) -> shapes.Me:
    """Whom a token stands for."""
    account = session.get_one(models.Account, who.account)
    recent = sql.select(sql.func.count()).where(models.Submission.account == who.account, models.Submission.created > time.time() - DAY)
    return shapes.Me(
        account=who.name, scopes=sorted(who.scopes), daily_limit=account.daily_limit, submitted_today=session.scalar(recent) or 0
    )


def name_of(session: Session, row: models.ApiToken) -> str:
    """The name of the account that a token belongs to."""
    return session.get_one(models.Account, row.account).name
