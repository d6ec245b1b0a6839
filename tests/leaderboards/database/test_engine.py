"""Databases: made, upgraded and checked on both kinds; what goes wrong is said in a sentence, and what passes can be tried again."""

import contextlib
import multiprocessing
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import schema
from avatarium.leaderboards.database.engine import Database, address, now
from avatarium.leaderboards.database.models import Account, Base
from avatarium.leaderboards.database.trouble import UnavailableError
from avatarium.worlds.core.errors import UserError


@pytest.fixture
def database(board_url):
    with Database(board_url, upgrade=True) as found:
        yield found


def account(session, name="ada"):
    session.add(Account(name=name, daily_limit=3, disabled=False, created=now(session)))


def names(database):
    with database.reading() as session:
        return list(session.scalars(sql.select(Account.name).order_by(Account.name)))


def test_the_steps_make_the_tables_of_the_models(database):
    with database._engine.connect() as connection:
        assert schema.difference(connection) == []
        assert set(Base.metadata.tables) < set(sql.inspect(connection).get_table_names())


def test_a_table_that_lacks_a_column_is_a_difference(database):
    with database._engine.begin() as connection:
        connection.execute(sql.text("ALTER TABLE account DROP COLUMN created"))
        assert [step[0] for step in schema.difference(connection)] == ["add_column"]


def test_a_transaction_is_whole_or_not_at_all(database):
    with database.session() as session:
        account(session)
    with pytest.raises(ZeroDivisionError), database.session() as session:
        account(session, "bob")
        session.flush()
        raise ZeroDivisionError
    assert names(database) == ["ada"]


def test_a_reader_sees_one_state_and_hinders_nobody(database):
    with database.session() as session:
        account(session)
    with database.reading() as reader:
        count = sql.select(sql.func.count()).select_from(Account)
        before = reader.scalar(count)
        with database.session() as session:
            account(session, "bob")
        assert (before, reader.scalar(count)) == (1, 1)
    assert names(database) == ["ada", "bob"]


def test_writers_lose_nothing_to_one_another(database):
    def write(first):
        for k in range(first, first + 20):
            with database.session() as session:
                count = session.scalar(sql.select(sql.func.count()).select_from(Account))
                account(session, f"{k:03} {count}")

    threads = [threading.Thread(target=write, args=(100 * t,)) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = names(database)
    assert len(found) == 80
    if database.sqlite:  # one writer at a time: each counted those of all before
        assert sorted(int(name.split()[1]) for name in found) == list(range(80))


def opened(url, barrier, told):
    barrier.wait()
    try:
        Database(url, upgrade=True).close()
        told.put("")
    except Exception as error:
        told.put(f"{type(error).__name__}: {error}")


def test_many_may_open_a_new_leaderboard_at_once(board_url):
    context = multiprocessing.get_context("fork")
    barrier, told = context.Barrier(6), context.SimpleQueue()
    processes = [context.Process(target=opened, args=(board_url, barrier, told)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [told.get() for _ in processes] == [""] * 6


def test_a_server_needs_an_upgrade_by_its_owner(postgres_url):
    with pytest.raises(UserError, match="holds no leaderboard yet: make one with `avatarium database upgrade URL`"):
        Database(postgres_url)
    Database(postgres_url, upgrade=True).close()
    Database(postgres_url).close()


def test_a_newer_schema_is_refused(database, board_url):
    with database._engine.begin() as connection:
        connection.execute(sql.text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(UserError, match=r"written by a newer Avatarium \(schema later\): install that version"):
        Database(board_url)


def test_what_is_no_leaderboard_is_left_alone(tmp_path):
    file = tmp_path / "board.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE submission (key TEXT)")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(UserError, match=r"another version of Avatarium \(schema 1\): choose another file"):
        Database(file)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(UserError, match="is damaged, or is no leaderboard"):
        Database(file)
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(UserError, match="is damaged, or is no leaderboard: move it away"):
        Database(file)
    with pytest.raises(UserError, match=r"cannot be used .*choose another file"):
        Database(file / "below")


@pytest.mark.parametrize("url", ["mysql://host/board", "postgresql://host:x/board", "redis://localhost"])
def test_other_databases_are_refused(url):
    with pytest.raises(UserError, match="postgresql://USER@HOST/NAME"):
        Database(url)


def test_addresses():
    assert address("runs/board.sqlite").render_as_string() == "sqlite:///runs/board.sqlite"
    assert address("postgresql://ada@host/board").drivername == "postgresql+psycopg"


def test_a_password_is_not_told():
    with pytest.raises(UnavailableError, match=r"postgresql\+psycopg://ada:\*\*\*@127.0.0.1:1/board does not answer") as refusal:
        Database("postgresql://ada:secret@127.0.0.1:1/board")
    assert "secret" not in str(refusal.value)


def test_a_server_that_comes_back_is_used_again(postgres_server, postgres_url):
    with Database(postgres_url, upgrade=True) as database:
        with database.session() as session:
            account(session)
        with pytest.raises(UnavailableError, match="does not answer"), database.session() as session:
            account(session, "bob")
            session.flush()
            postgres_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'board_%'")
        assert names(database) == ["ada"]
        postgres_server.stop()
        with pytest.raises(UnavailableError):
            database.insist(account, patience_s=0.2)
        starting = threading.Timer(0.5, postgres_server.start)
        starting.start()
        database.insist(lambda session: account(session, "cleo"))
        starting.join()
        assert names(database) == ["ada", "cleo"]


def test_a_file_that_others_write_without_end_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr("avatarium.leaderboards.database.engine.BUSY_S", 0.1)
    with Database(tmp_path / "board.sqlite") as one, Database(tmp_path / "board.sqlite") as two:
        with one.session() as session:
            account(session)
            session.flush()
            begun = time.monotonic()
            with pytest.raises(UnavailableError, match="is being written by others without a pause"), two.session() as other:
                account(other, "bob")
            assert time.monotonic() - begun < 20
            assert names(two) == []
        assert names(two) == ["ada"]
