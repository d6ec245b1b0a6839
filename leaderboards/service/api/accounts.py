"""Accounts and tokens: for those who run the leaderboard, and who one is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.service import tokens
from avatarium.leaderboards.service.api.parameters import Number
from avatarium.leaderboards.service.asking import Admin, Here, Reader
from avatarium.leaderboards.service.problems import documented, refusing
from avatarium.leaderboards.service.reading import accounts, shapes

router = APIRouter(tags=["accounts"], responses=documented(400, 401, 403, 422, 429, 503))
Name = Annotated[str, Path(pattern=f"^{tokens.NAME}$", description="An account's name.")]


def _whole(value: object) -> object:
    """JSON does not tell 5.0 from 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


DailyLimit = Annotated[
    int, Field(ge=0, le=tokens.MAX_DAILY_LIMIT, strict=True, description="Submissions per day."), BeforeValidator(_whole)
]


class NewAccount(BaseModel):
    """An account that is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "lab-of-ada", "daily_limit": 5}]})
    name: str = Field(pattern=f"^{tokens.NAME}$")
    daily_limit: DailyLimit = tokens.DAILY_LIMIT


class Changes(BaseModel):
    """What is to change about an account."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"disabled": True}]})
    disabled: bool | None = Field(None, strict=True)
    daily_limit: DailyLimit | None = None


class WantedToken(BaseModel):
    """A token that is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"label": "laptop", "scopes": ["submit"], "days": 90}]})
    label: str = Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    scopes: list[Literal["read", "submit", "admin"]] = Field(min_length=1, max_length=len(tokens.SCOPES))
    days: float | None = Field(None, gt=0, le=tokens.MAX_DAYS, description="Until it expires; null for never.")


@router.get("/me")
def get_me(here: Here, who: Reader) -> shapes.Me:
    """Whom the token stands for, and how much it may submit today."""
    with here.database.reading() as session:
        return accounts.me(session, who)


@router.get("/accounts")
def list_accounts(here: Here, who: Admin) -> list[shapes.Account]:
    """All accounts."""
    with here.database.reading() as session:
        return accounts.listed(session)


@router.post("/accounts", status_code=201, responses=documented(409))
def make_account(here: Here, who: Admin, wanted: NewAccount) -> shapes.Account:
    """Make an account."""
    with refusing(409), here.database.session() as session:
        return accounts.shape(tokens.new_account(session, wanted.name, now(session), wanted.daily_limit))


@router.patch("/accounts/{name}", responses=documented(404))
def change_account(here: Here, who: Admin, name: Name, changes: Changes) -> shapes.Account:
    """Disable or enable an account, or change how much it may submit. The tokens of a disabled account are worth nothing."""
    with refusing(404), here.database.session() as session:
        account = tokens.account(session, name)
        tokens.change_account(session, account, now(session), changes.disabled, changes.daily_limit)
        return accounts.shape(account)


@router.get("/accounts/{name}/tokens", responses=documented(404))
def list_tokens(here: Here, who: Admin, name: Name) -> list[shapes.Token]:
    """The tokens of an account, revoked ones too, without their texts."""
    with refusing(404), here.database.reading() as session:
        return accounts.tokens(session, tokens.account(session, name))


@router.post("/accounts/{name}/tokens", status_code=201, responses=documented(404, 409))
def make_token(response: Response, here: Here, who: Admin, name: Name, wanted: WantedToken) -> shapes.NewToken:
    """Make a token; its text is told this once."""
    with here.database.session() as session:
        with refusing(404):
            account = tokens.account(session, name)
        with refusing(409):
            row, text = tokens.new_token(session, account, now(session), wanted.label, list(wanted.scopes), wanted.days)
        response.headers["Cache-Control"] = "no-store"
        return shapes.NewToken(**accounts.token(row, name).model_dump(), token=text)


@router.delete("/tokens/{number}", responses=documented(404))
def revoke_token(here: Here, who: Admin, number: Number) -> shapes.Token:
    """Revoke a token, for good."""
    with refusing(404), here.database.session() as session:
        row = tokens.revoke(session, number, now(session))
        return accounts.token(row, accounts.name_of(session, row))
