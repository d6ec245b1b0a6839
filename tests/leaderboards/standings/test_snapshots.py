"""Tables are computed from the database, kept where something changed, and alike to the byte whoever computes them."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database.models import RANKED, EvalPlan, PlanSums, RatingSnapshot
from avatarium.leaderboards.standings import snapshots
from avatarium.leaderboards.standings.tables import Scored

ELSEWHERE = """
import hashlib, json, sys
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.standings import snapshots

with Database(sys.argv[1]) as database:
    found = [[one.inputs, one.content] for one in snapshots.refresh(database, "test", "ranked", "ab" * 32)]
print(hashlib.sha256(json.dumps(found, allow_nan=False).encode()).hexdigest())
"""


@pytest.fixture
def board(tmp_path, season, made):
    """A board of the ranked track, in which there are matches."""
    found = made.board(tmp_path, season, RANKED)
    yield found
    found.database.close()


def refresh(board):
    return snapshots.refresh(board.database, "test", board.track, board.secret)


def kept(board, of=RatingSnapshot):
    with board.database.reading() as session:
        return session.scalar(sql.select(sql.func.count()).select_from(of))


def fill(board, order=("ada", "bob", "eve", "kim")):
    """Four submissions, three of which are ranked, and matches between them."""
    skills = {"ada": 0.8, "bob": 0.5, "eve": 0.5, "kim": 0.2}
    for name in order:
        board.add(name, skills[name], clone_of="ada".ljust(64, "0") if name == "eve" else None)
    met = [("ada", "bob"), ("ada", "kim"), ("bob", "kim"), ("kim", "bob")]
    for k, (one, other) in sorted(enumerate(met), reverse=order[0] != "ada"):
        board.meet(one, other, 1.0 if k < 3 else 0.5, seed=k)
    board.add("zoe", state="failed", sentence="its answers were not finite", played=False)


def test_the_tables_of_what_is_stored(board):
    fill(board)
    part, suite = refresh(board)
    assert [row["name"] for row in part.content["rows"]] == ["ada", "bob", "kim"]
    assert [clone["name"] for clone in part.content["rows"][0]["clones"]] == ["eve"]
    assert part.content["pillars"] == suite.content["pillars"] == ["navigation", "social"]
    assert [one["sentence"] for one in part.content["unranked"]] == ["its answers were not finite"]
    assert [player["name"] for player in part.content["matches"]["players"]] == ["ada", "bob", "kim"]
    assert part.content["matches"]["games"] == [2, 3, 3]
    with board.database.reading() as session:
        assert snapshots.latest(session, "test", RANKED, part.world, part.role).table == json.loads(json.dumps(part.content))
        assert snapshots.latest(session, "test", RANKED).inputs == suite.inputs
        assert snapshots.latest(session, "test", "public") is None


def test_accounts_are_named(board):
    board.add("ada", account=board.account("Lab"))
    assert refresh(board)[0].content["rows"][0]["account"] == "Lab"


def test_only_what_changed_is_stored(board):
    fill(board)
    refresh(board)
    refresh(board)
    assert kept(board) == 2
    board.meet("bob", "ada", 1.0, seed=9)
    refresh(board)
    assert kept(board) == 4
    board.add("new", state="playing", played=False)
    refresh(board)
    refresh(board)
    assert kept(board) == 6


def test_sums_are_kept_and_used_and_made_anew_when_they_are_gone(board):
    fill(board)
    before = [(one.inputs, one.content) for one in refresh(board)]
    assert kept(board, PlanSums) == 4
    with board.database.session() as session:
        ada = session.scalars(sql.select(EvalPlan).order_by(EvalPlan.submission)).first()
        session.execute(sql.delete(PlanSums).where(PlanSums.plan == ada.id))
    assert [(one.inputs, one.content) for one in refresh(board)] == before
    assert kept(board, PlanSums) == 4
    with board.database.session() as session:  # what is kept is what counts, until a plan is played on
        other = session.scalars(sql.select(PlanSums.content).where(PlanSums.plan != ada.id)).first()
        session.execute(sql.update(PlanSums).where(PlanSums.plan == ada.id).values(content=other))
    assert [(one.inputs, one.content) for one in refresh(board)] != before


def test_scores_of_a_column_are_resampled_once_for_part_and_suite(board, monkeypatch):
    fill(board)
    times, computed = [], Scored.intervals.func
    monkeypatch.setattr(Scored.intervals, "func", lambda one: times.append(one.column.name) or computed(one))
    part, _ = refresh(board)
    assert sorted(times) == sorted(column["name"] for column in part.content["columns"])


def test_the_same_in_other_processes_and_orders(board, made, season, tmp_path):
    fill(board)
    found = [[one.inputs, one.content] for one in refresh(board)]
    digest = hashlib.sha256(json.dumps(found, allow_nan=False).encode()).hexdigest()
    (tmp_path / "other").mkdir()
    other = made.board(tmp_path / "other", season, RANKED)
    fill(other, order=("kim", "ada", "eve", "bob"))
    other.database.close()
    for path, seed in ((tmp_path / "board.sqlite", "1"), (tmp_path / "other" / "board.sqlite", "2")):
        command = [sys.executable, "-c", ELSEWHERE, str(path)]
        told = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == digest
