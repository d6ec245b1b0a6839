"""Handing in: what is taken, what is refused and why, and that nobody can fill memory, the disk or all connections."""

import contextlib
import io
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import log, models

PATH = "/api/v1/submissions"
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture
def zipped(submission: Callable[..., Path]) -> bytes:
    """A policy for wayfinding."""
    return submission("wayfinding", "tiny").read_bytes()


def count(board: Any) -> int:
    with board.database.reading() as session:
        return session.scalar(sql.select(sql.func.count()).select_from(models.Submission)) or 0


def test_a_zip_is_taken_and_queued(opened: Any, zipped: bytes) -> None:
    client, headers = opened.client(), opened.token("submit")
    taken = client.post(PATH, content=zipped, headers=headers | ZIP)
    assert taken.status_code == 202
    state = taken.json()
    assert (state["state"], {plan["track"] for plan in state["plans"]}) == ("checking", {"public", "ranked"})
    assert state["plans"][0]["ahead"] == 0
    assert client.get(taken.headers["location"]).json() == state
    card = client.get(f"{PATH}/{state['key']}").json()
    assert (card["account"], card["name"], card["timeline"][0]["kind"]) == ("ada", "tiny", "submitted")
    again = client.post(PATH, content=zipped, headers=headers | ZIP)
    assert (again.status_code, again.json()["key"], count(opened)) == (202, state["key"], 1)
    assert log.check(opened.database) == []


def test_a_form_is_taken_as_well(opened: Any, zipped: bytes) -> None:
    sent = {"file": ("policy.zip", zipped, "application/zip")}
    taken = opened.client().post(PATH, params={"track": "public"}, files=sent, headers=opened.token("submit"))
    assert (taken.status_code, [plan["track"] for plan in taken.json()["plans"]]) == (202, ["public"])


def test_the_page_takes_a_token_in_its_form_and_no_other(opened: Any, zipped: bytes) -> None:
    client, header = opened.client(), opened.token("submit")
    text = header["Authorization"].split()[1]
    sent = {"file": ("policy.zip", zipped, "application/zip")}
    for token, status in (("", 401), ("avt_wrong", 401), (opened.token("read")["Authorization"].split()[1], 403)):
        refused = client.post("/submit", files=sent, data={"token": token}, headers=header)
        assert refused.status_code == status
        assert 'role="alert"' in refused.text
    assert count(opened) == 0
    taken = client.post("/submit", files=sent, data={"token": text})
    assert taken.status_code == 303
    assert client.get(taken.headers["location"]).status_code == 200
    assert "set-cookie" not in taken.headers
    assert text not in taken.headers["location"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the upload is empty"),
        (b"\x80\x04pickled", "policy.zip is a pickle, not a zip"),
        (b"PK\x03\x04" + b"x" * 300, "cut off"),
    ],
)
def test_rubbish_is_refused_in_one_sentence(opened: Any, content: bytes, sentence: str) -> None:
    refused = opened.client().post(PATH, content=content, headers=opened.token("submit") | ZIP)
    assert refused.status_code == 422
    assert sentence in refused.json()["detail"]
    assert count(opened) == 0


def test_a_world_in_a_manifest_is_never_imported(opened: Any, zipped: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strangers.py").write_text(f"open({str(tmp_path / 'touched')!r}, 'w').close()\nWORLD = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(zipped)) as known, zipfile.ZipFile(out, "w") as made:
        made.writestr("manifest.json", known.read("manifest.json").replace(b'"world": "wayfinding"', b'"world": "strangers:WORLD"'))
        made.writestr("policy.onnx", known.read("policy.onnx"))
    refused = opened.client().post(PATH, content=out.getvalue(), headers=opened.token("submit") | ZIP)
    assert refused.status_code == 422
    assert not (tmp_path / "touched").exists()


def test_only_worlds_of_the_season_are_taken(opened: Any, submission: Callable[..., Path]) -> None:
    content = submission("gathering").read_bytes()
    refused = opened.client().post(PATH, content=content, headers=opened.token("submit") | ZIP)
    assert refused.json()["detail"].startswith("season spring is not about a world 'gathering'")


def test_other_kinds_of_content_are_refused(opened: Any) -> None:
    client, headers = opened.client(), opened.token("submit")
    assert client.post(PATH, content=b"{}", headers=headers | {"Content-Type": "application/json"}).status_code == 415
    assert client.post(PATH, data={"file": "text"}, files={"other": b"x"}, headers=headers).status_code == 422
    many = [("file", ("a.zip", b"x")), ("file", ("b.zip", b"x"))]
    assert client.post(PATH, files=many, headers=headers).status_code == 400


def test_closed_seasons_take_nothing(opened: Any, zipped: bytes) -> None:
    client, headers = opened.client(), opened.token("submit") | ZIP
    for query, status in (({"season": "autumn"}, 404), ({"track": "final"}, 422), ({"track": "rankd"}, 422)):
        assert client.post(PATH, params=query, content=zipped, headers=headers).status_code == status
    with opened.database.session() as session:
        session.execute(sql.update(models.Season).values(state=models.FROZEN))
    assert client.post(PATH, content=zipped, headers=headers).json()["detail"] == "no season is open now: come back when one is"
    assert client.post(PATH, params={"season": "spring"}, content=zipped, headers=headers).status_code == 409


def test_without_its_secret_a_season_has_no_ranked_track(opened: Any, zipped: bytes) -> None:
    (opened.folder / "secrets" / "spring.secret").unlink()
    client, headers = opened.client(), opened.token("submit") | ZIP
    assert client.post(PATH, params={"track": "ranked"}, content=zipped, headers=headers).status_code == 409
    assert [plan["track"] for plan in client.post(PATH, content=zipped, headers=headers).json()["plans"]] == ["public"]


def test_a_day_has_its_limit_on_all_services_together(opened: Any, submission: Callable[..., Path]) -> None:
    headers = opened.token("submit") | ZIP
    with opened.database.session() as session:
        session.execute(sql.update(models.Account).values(daily_limit=2))
    answers = [opened.client().post(PATH, content=submission("wayfinding", f"p{k}", k).read_bytes(), headers=headers) for k in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert "2 are allowed" in answers[-1].json()["detail"]
    assert opened.client().get("/api/v1/me", headers=opened.token("read")).json()["submitted_today"] == 2


def test_an_hour_has_its_limit_of_uploads(small: Any) -> None:
    client, headers = small.client(uploads=2), small.token("submit") | ZIP
    assert [client.post(PATH, content=b"x", headers=headers).status_code for _ in range(3)] == [409, 409, 429]
    assert client.post("/submit", files={"file": b"x"}).status_code == 429


class Endless:
    """A body that has no end, and tells how much of it was taken."""

    taken = 0

    def __iter__(self) -> Any:
        while True:
            self.taken += 2**16
            yield b"\0" * 2**16


def test_what_is_too_large_is_refused_while_it_arrives(small: Any, served: Callable[..., str]) -> None:
    address, headers = served(small.app(upload_bytes=2**20)), small.token("submit") | ZIP
    told = httpx.post(address + PATH, content=b"\0" * (2**20 + 2**15), headers=headers)
    assert (told.status_code, "1 MB" in told.json()["detail"]) == (413, True)
    body = Endless()
    with contextlib.suppress(httpx.TransportError):  # the connection may be gone before all was sent
        assert httpx.post(address + PATH, content=iter(body), headers=headers, timeout=20).status_code == 413
    assert body.taken < 64 * 2**20
    assert httpx.post(f"{address}/api/v1/accounts", content=b" " * 70_000, headers=headers).status_code == 413
    assert httpx.get(f"{address}/api/v1/health").status_code == 200


def test_an_upload_that_is_cut_off_leaves_nothing(small: Any, served: Callable[..., str]) -> None:
    address, headers = served(small.app()), small.token("submit")
    host, _, port = address.removeprefix("http://").partition(":")
    for kind in ("application/zip", "multipart/form-data; boundary=b"):
        with socket.create_connection((host, int(port))) as line:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 5000\r\n"
            line.sendall(f"{head}Authorization: {headers['Authorization']}\r\n\r\n--b\r\nContent-Disposition: form-data; na".encode())
    assert httpx.get(f"{address}/api/v1/ready").status_code == 200
    assert count(small) == 0
    assert not [path for path in (small.folder / "artefacts").rglob("*") if path.is_file()]


def test_slow_clients_are_let_go_and_hold_up_nobody(small: Any, served: Callable[..., str]) -> None:
    address, headers = served(small.app(body_s=0.5), 0.5), small.token("submit")
    host, _, port = address.removeprefix("http://").partition(":")
    dripping, silent = (socket.create_connection((host, int(port))) for _ in range(2))
    begun = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/zip\r\nContent-Length: 5000\r\n"
    dripping.sendall(f"{begun}Authorization: {headers['Authorization']}\r\n\r\n".encode() + b"PK")
    silent.sendall(b"GET / HTT")
    assert httpx.get(f"{address}/api/v1/ready").status_code == 200
    dripping.settimeout(20)
    silent.settimeout(20)
    assert b" 408 " in dripping.recv(4096)
    assert silent.recv(100) == b""
    for line in (dripping, silent):
        line.close()


def test_a_service_that_ends_answers_what_it_has_begun(small: Any, serving: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from avatarium.leaderboards.service.reading import seasons

    begun, usual = threading.Event(), seasons.listed

    def slowly(session: Any) -> Any:
        begun.set()
        time.sleep(0.5)
        return usual(session)

    monkeypatch.setattr(seasons, "listed", slowly)
    found = serving(small.app())
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(httpx.get, f"{found.address}/api/v1/seasons")
        assert begun.wait(10)
        found.end()
        assert answer.result().json() == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{found.address}/api/v1/seasons")
