"""The commands as people run them: a service with its worker, accounts, and an end that leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service import commands
from avatarium.worlds.core.errors import UserError

PROGRAM = "import sys; from avatarium.leaderboards.service import commands\n" + (
    "import argparse\n"
    "if __name__ == '__main__':\n"
    "    command = commands.Serve(); parser = argparse.ArgumentParser(); command.add_arguments(parser)\n"
    "    sys.exit(command.run(parser.parse_args()))\n"
)
PATIENCE_S = 90.0


def account(small: Any, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    import argparse

    parser = argparse.ArgumentParser()
    commands.Account().add_arguments(parser)
    assert commands.Account().run(parser.parse_args([words[0], "--board", small.url, *words[1:]])) == 0
    return capsys.readouterr().out.splitlines()


def test_accounts_are_managed_by_commands(small: Any, capsys: pytest.CaptureFixture[str]) -> None:
    *_, text = account(small, capsys, "new", "ada", "--daily-limit", "3")
    headers = {"Authorization": f"Bearer {text}"}
    client = small.client()
    assert client.get("/api/v1/me", headers=headers).json()["daily_limit"] == 3
    *_, second = account(small, capsys, "token", "ada", "--scopes", "admin", "--days", "1", "--label", "ci")
    assert client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {second}"}).status_code == 200
    listed = "\n".join(account(small, capsys, "list"))
    assert "token 2  admin  expires 20" in listed
    assert text not in listed
    account(small, capsys, "disable", "ada")
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    account(small, capsys, "enable", "ada")
    account(small, capsys, "revoke", "1")
    assert client.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("new", "<b>"), "cannot be an account's name"),
        (("token", "nobody"), "there is no account 'nobody'"),
        (("revoke", "7"), "there is no token 7"),
        (("new", "ada", "--scopes", "everything"), "there is no scope 'everything'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(small: Any, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        account(small, capsys, *words)
    assert account(small, capsys, "list") == ["there are no accounts: make one with `avatarium account new NAME`"]


@pytest.fixture
def service(small: Any, season_of_wayfinding: Any, tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts ``avatarium serve``; returns the process and its address."""
    from avatarium.leaderboards.seasons import managing

    managing.announce(small.database, season_of_wayfinding, small.folder / "secrets" / "spring.secret")
    begun: list[subprocess.Popen[str]] = []
    script = tmp_path / "serve.py"
    script.write_text(PROGRAM)

    def start(*words: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, str(script), "--board", small.url, "--secrets", str(small.folder / "secrets"), "--port", "0", *words]
        log = (tmp_path / "serve.log").open("a")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        begun.append(process)
        assert process.stdout
        line = process.stdout.readline()
        assert line, (tmp_path / "serve.log").read_text()
        return process, line.split()[4].rstrip("/,")

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def alive(session: int) -> list[str]:
    """The processes of a session."""
    listed = subprocess.run(["ps", "-o", "args=", "-s", str(session)], capture_output=True, text=True, check=False).stdout
    return [line for line in listed.splitlines() if "ps -o" not in line]


def wait(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.2)
    return found


def test_what_is_handed_in_is_judged_and_ranked(small: Any, service: Any, submission: Callable[..., Path]) -> None:
    process, address = service("--workers", "1", "--i-trust-these-files")
    headers = small.token("submit") | {"Content-Type": "application/zip"}
    content = submission("wayfinding").read_bytes()
    taken = httpx.post(f"{address}/api/v1/submissions?track=public", content=content, headers=headers)
    assert taken.status_code == 202
    key = taken.json()["key"]
    card = f"{address}/api/v1/submissions/{key}"
    state = wait(lambda: (s := httpx.get(f"{card}/state").json())["state"] in ("finished", "failed", "rejected") and s, "the end")
    assert (state["state"], state["plans"][0]["played"]) == ("finished", state["plans"][0]["episodes"])
    scores = wait(lambda: httpx.get(f"{card}/scores").json(), "a table")
    assert {score["world"] for score in scores} == {"", "wayfinding"}
    episode = httpx.get(f"{card}/episodes").json()["items"][0]
    transcript = small.folder / "episode.avt"
    transcript.write_bytes(httpx.get(f"{address}/api/v1/episodes/{episode['id']}/transcript").content)
    from avatarium.worlds.core.transcript import Transcript, verify

    assert verify(transcript).ok
    assert Transcript.open(transcript).digest == episode["digest"]
    page = httpx.get(f"{address}/submissions/{key}").text
    assert "Generalisation" in page
    assert "Robustness" in page
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    wait(lambda: not alive(process.pid), "the workers' end")


def test_a_killed_service_leaves_no_workers(small: Any, service: Any) -> None:
    process, address = service("--workers", "1")
    assert httpx.get(f"{address}/api/v1/ready").status_code == 200
    wait(lambda: len(alive(process.pid)) >= 3, "a worker")
    process.kill()
    process.wait()
    wait(lambda: not alive(process.pid), "the workers' end")


def test_the_access_log_is_json_without_tokens(small: Any, service: Any, tmp_path: Path) -> None:
    _, address = service("--workers", "0")
    header = small.token("read")
    answer = httpx.get(f"{address}/api/v1/me?secret=hush", headers=header)
    log = tmp_path / "serve.log"
    wait(lambda: answer.headers["x-request-id"] in log.read_text(), "the line of the log")  # it is written after the answer
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    (line,) = (line for line in lines if line["request"] == answer.headers["x-request-id"])
    assert (line["path"], line["status"], line["account"], line["method"]) == ("/api/v1/me", 200, "ada", "GET")
    assert line["bytes"] == len(answer.content)
    assert header["Authorization"].split()[1] not in text
    assert "hush" not in text


def test_a_port_that_is_taken_is_told(small: Any, service: Any) -> None:
    _, address = service("--workers", "0")
    from avatarium.leaderboards.service.running import serve

    with pytest.raises(UserError, match="choose another --host or --port"):
        serve(small.settings(), "127.0.0.1", int(address.rpartition(":")[2]), 0, "")


def test_tables_are_computed_when_something_has_changed(opened: Any, submission: Callable[..., Path]) -> None:
    from avatarium.leaderboards.service.keeping import Tables

    client, headers = opened.client(), opened.token("submit") | {"Content-Type": "application/zip"}
    client.post("/api/v1/submissions", params={"track": "public"}, content=submission("wayfinding").read_bytes(), headers=headers)
    tables = Tables(opened.url, opened.folder / "secrets")

    def snapshots() -> int:
        tables.refresh()
        with opened.database.reading() as session:
            return session.scalar(sql.select(sql.func.count()).select_from(models.RatingSnapshot)) or 0

    assert (snapshots(), snapshots()) == (1, 1)
    with opened.database.session() as session:
        session.execute(sql.update(models.EvalPlan).values(state=models.FAILED, sentence="it failed"))
    assert snapshots() == 2
    found = client.get("/api/v1/seasons/spring/table", params={"track": "public", "world": "wayfinding"}).json()
    assert [(one["state"], one["sentence"]) for one in found["unranked"]] == [("failed", "it failed")]
