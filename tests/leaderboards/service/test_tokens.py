"""Tokens: shown once, kept as hashes, worth what they say and as long as they say; every change is in the log."""

import json
import time
from typing import Any

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.models import ApiToken, LogEntry
from avatarium.leaderboards.service import tokens
from avatarium.worlds.core.errors import UserError

ME = "/api/v1/me"


def test_a_token_stands_for_its_account(board: Any) -> None:
    found = board.client().get(ME, headers=board.token("read", "submit"))
    assert found.json() == {"account": "ada", "scopes": ["read", "submit"], "daily_limit": 50, "submitted_today": 0}


def test_tokens_are_long_and_kept_as_hashes(board: Any) -> None:
    text = board.token("read")["Authorization"].removeprefix("Bearer ")
    assert len(text.removeprefix(tokens.PREFIX)) == 43  # 256 bits in base64
    with board.database.reading() as session:
        (row,) = session.scalars(sql.select(ApiToken))
        kept = json.dumps({c.key: getattr(row, c.key) for c in ApiToken.__mapper__.column_attrs})
        logged = " ".join(session.scalars(sql.select(LogEntry.content)))
    assert row.sha256 == tokens.digest(text)
    assert text not in kept + logged
    assert row.sha256 not in logged


@pytest.mark.parametrize("scope", [("read",), ("submit",), ()])
def test_only_admins_administer(board: Any, scope: tuple[str, ...]) -> None:
    client = board.client()
    headers = board.token(*scope) if scope else {}
    for method, path, body in (
        ("GET", "/accounts", None),
        ("POST", "/accounts", {"name": "eve"}),
        ("PATCH", "/accounts/ada", {"disabled": True}),
        ("GET", "/accounts/ada/tokens", None),
        ("POST", "/accounts/ada/tokens", {"label": "", "scopes": ["admin"]}),
        ("DELETE", "/tokens/1", None),
    ):
        refused = client.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert refused.status_code == (403 if scope else 401), (method, path)
        assert refused.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/accounts", headers=board.token("admin")).status_code == 200


def test_scopes_hold_for_uploads(board: Any) -> None:
    refused = board.client().post("/api/v1/submissions", content=b"x", headers=board.token("read", "admin"))
    assert (refused.status_code, refused.json()["detail"]) == (403, "this token may admin, read, but not submit")


def test_tokens_end(board: Any) -> None:
    client, admin = board.client(), board.token("admin", account="root")
    kept, revoked, expired, disabled = (board.token("read", account=name) for name in ("kept", "revoked", "expired", "disabled"))
    assert all(client.get(ME, headers=one).status_code == 200 for one in (kept, revoked, expired, disabled))
    number = client.get("/api/v1/accounts/revoked/tokens", headers=admin).json()[0]["id"]
    assert client.delete(f"/api/v1/tokens/{number}", headers=admin).json()["revoked"] is not None
    with board.database.session() as session:
        row = session.scalars(sql.select(ApiToken).where(ApiToken.sha256 == tokens.digest(expired["Authorization"].split()[1]))).one()
        row.expires = time.time() - 1
    assert client.patch("/api/v1/accounts/disabled", json={"disabled": True}, headers=admin).json()["disabled"] is True
    assert client.get(ME, headers=kept).status_code == 200
    for ended in (revoked, expired, disabled, {"Authorization": "Bearer avt_nonsense"}):
        answer = client.get(ME, headers=ended)
        assert answer.status_code == 401
        assert "expired or revoked" in answer.json()["detail"]
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert client.get("/api/v1/seasons", headers=ended).status_code == 401  # a bad token is never taken for none


def test_an_expiry_lies_where_it_was_asked_for(board: Any) -> None:
    client, admin = board.client(), board.token("admin")
    made = client.post("/api/v1/accounts/ada/tokens", json={"label": "ci", "scopes": ["read"], "days": 2}, headers=admin)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["expires"] == pytest.approx(time.time() + 2 * 86400, abs=60)
    listed = client.get("/api/v1/accounts/ada/tokens", headers=admin).json()
    assert "token" not in listed[-1]
    assert client.get(ME, headers={"Authorization": f"Bearer {made.json()['token']}"}).status_code == 200


def test_every_change_is_logged_and_the_chain_holds(board: Any) -> None:
    client, admin = board.client(), board.token("admin")
    client.post("/api/v1/accounts", json={"name": "bela", "daily_limit": 2}, headers=admin)
    number = client.post("/api/v1/accounts/bela/tokens", json={"label": "x", "scopes": ["submit"]}, headers=admin).json()["id"]
    client.delete(f"/api/v1/tokens/{number}", headers=admin)
    client.patch("/api/v1/accounts/bela", json={"disabled": True}, headers=admin)
    with board.database.reading() as session:
        kinds = list(session.scalars(sql.select(LogEntry.kind).order_by(LogEntry.number)))
    assert kinds[2:] == ["account created", "token created", "token revoked", "account changed"]
    assert log.check(board.database) == []


def test_names_are_taken_once(board: Any) -> None:
    client, admin = board.client(), board.token("admin")
    refused = client.post("/api/v1/accounts", json={"name": "ADA"}, headers=admin)
    assert (refused.status_code, "already" in refused.json()["detail"]) == (409, True)
    missing = client.patch("/api/v1/accounts/adaa", json={"disabled": True}, headers=admin)
    assert (missing.status_code, missing.json()["detail"]) == (404, "there is no account 'adaa': did you mean 'ada'?")


def test_nonsense_is_no_token(board: Any) -> None:
    with board.database.session() as session:
        owner = tokens.new_account(session, "ada", 0.0)
        for scopes, days in (([], None), (["rad"], None), (["read"], -1.0)):
            with pytest.raises(UserError):
                tokens.new_token(session, owner, 0.0, "", scopes, days)
