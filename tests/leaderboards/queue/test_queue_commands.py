"""``avatarium queue``, ``work`` and ``database`` as a person types them, and what they print."""

import json

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database.commands import DatabaseCommand
from avatarium.leaderboards.database.models import GIVEN_UP, Episode, Job
from avatarium.leaderboards.queue import display
from avatarium.leaderboards.queue.commands import Queue, Work
from avatarium.leaderboards.show import text
from avatarium.worlds.cli import Parser
from avatarium.worlds.core.errors import UserError


@pytest.fixture
def board_url(tmp_path):
    """A file is enough here."""
    return str(tmp_path / "board.sqlite")


@pytest.fixture
def type_in(store, board_url, capsys):
    """A function that runs a command on the leaderboard; returns its exit code and what it printed."""

    def typed(command, *words):
        parser = Parser(prog="avatarium")
        command.add_arguments(parser)
        board = ["--board", board_url] if not isinstance(command, DatabaseCommand) else []
        code = command.run(parser.parse_args([*map(str, words), *board]))
        return code, capsys.readouterr().out

    return typed


def test_status_says_what_waits_and_why(store, worker, type_in):
    worker.once()
    with store.database.session() as session:
        job = session.scalars(sql.select(Job).where(Job.state == "waiting").limit(1)).one()
        job.state, job.reason = GIVEN_UP, "no sandbox here"
    code, out = type_in(Queue(), "--jobs")
    assert code == 0
    assert all(
        words in out for words in ("random", "1 of 4", "playing", "1 of 4 jobs are given up: no sandbox here", "number 1 in the queue")
    )
    assert f"`avatarium queue retry {job.key[:12]}` tries it again" in out
    found = json.loads(type_in(Queue(), "status", "random", "--json", "--jobs")[1])
    assert found["submissions"][0]["jobs"] == {"done": 1, "given up": 1, "waiting": 2}
    assert len(found["jobs"]) == 4
    assert type_in(Queue(), "retry", job.key[:10])[1] == "1 job will be tried again\n"
    assert type_in(Queue(), "retry")[1] == "no job waits for another attempt\n"
    with pytest.raises(UserError, match="there is no submission 'rndom'"):
        type_in(Queue(), "status", "rndom")


def test_a_world_is_made_void_and_restored(type_in):
    with pytest.raises(UserError, match="--reason"):
        type_in(Queue(), "void", "wayfinding")
    with pytest.raises(UserError, match="say which world"):
        type_in(Queue(), "void")
    assert "1 submissions are void" in type_in(Queue(), "void", "wayfinding", "--reason", "walls leak")[1]
    out = type_in(Queue())[1]
    assert "quarantined: walls leak" in out.replace("\n", " ")
    assert "1 submissions go on" in type_in(Queue(), "lift", "wayfinding")[1]
    with pytest.raises(UserError, match="is not quarantined"):
        type_in(Queue(), "lift", "wayfinding")


def test_the_database_is_checked_with_its_files(store, worker, board_url, tmp_path, type_in):
    worker.run(drain=True)
    words = (DatabaseCommand(), "check", board_url, "--artefacts", tmp_path / "files")
    assert type_in(*words) == (0, f"{board_url} is what its log says\n")
    with store.database.session() as session:
        row = session.scalars(sql.select(Episode).where(Episode.artefact != "").limit(1)).one()
        row.steps += 1
    store.artefacts.fetch(row.artefact, tmp_path).unlink()
    code, out = type_in(*words)
    assert code == 1
    assert "is not what the log says: it was changed" in out
    assert f"the file {row.artefact[:16]} is missing" in out
    assert "2 findings" in out
    assert type_in(DatabaseCommand(), "upgrade", board_url)[0] == 0


@pytest.mark.parametrize(("words", "says"), [(("--workers", "0"), "1 or more"), (("--address", "x:1"), "--executor ray")])
def test_what_cannot_work_is_said(type_in, words, says):
    with pytest.raises(UserError, match=says):
        type_in(Work(), *words)


def test_an_empty_board_says_so(store, type_in, capsys):
    with store.database.session() as session:
        for table in ("attempt", "episode", "job", "eval_plan", "submission"):
            session.execute(sql.text(f"DELETE FROM {table}"))
    assert type_in(Queue())[1] == "nothing has been submitted yet\n"


def test_the_line_counts_and_says_how_long(store, worker):
    seen = display.Seen(store.database)
    assert seen.look() and not seen.look()
    assert text(seen.text(2, 60.0), 200).strip() == "2 workers · 4 waiting · 0 jobs/min"
    worker.once()
    worker.once()
    seen._due = 0.0
    seen.look()
    assert text(seen.text(2, 60.0), 200).strip() == "2 workers · 2 waiting · 2 done · 2 jobs/min · about 60 s left"


def test_durations():
    assert [display.duration(s) for s in (3.2, 89, 91, 5400, 90_000)] == ["3 s", "89 s", "2 min", "1.5 h", "25.0 h"]
