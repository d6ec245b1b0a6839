"""From a submission to its place on the board: nothing is lost, nothing is played twice, and faults are told from accidents."""

import errno
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium.agents.exported import PolicyError
from avatarium.agents.policy import keys
from avatarium.leaderboards import board, judge, stats
from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.models import Submission
from avatarium.leaderboards.episodes import fold, play_scored
from avatarium.leaderboards.queue import playing
from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy
from avatarium.leaderboards.seasons import definition
from avatarium.leaderboards.store import Store
from avatarium.worlds.core import discovery, transcript
from avatarium.worlds.core.errors import UserError

WORLD = "elsewhere:WORLD"
ONE_BY_ONE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"  # a shell's background jobs begin without it
    "from avatarium.leaderboards.seasons import definition; definition.BLOCK = 1;"
    "from avatarium.worlds.cli import main; sys.exit(main())"
)
"""A program that is the command line, but for storing every episode by itself."""


@pytest.fixture
def where(elsewhere):
    return judge.court(discovery.spec(WORLD), episodes=4)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "board.sqlite") as found:
        yield found


def enter(store, path, where, progress=lambda episodes: None):
    return judge.submit(store, path, where, progress)


def played(store, where):
    """What is stored, as it must be the same however it came about."""
    rows = [r for s in store.submissions() for r in store.records(s.key, [c.key(where.spec) for c in where.scenarios])]
    return {(r.submission, r.scenario_name, r.seed): (r.digest, json.dumps(r.shares, sort_keys=True)) for r in rows}


def test_a_submission_stands_beside_the_worlds_own_policies(store, where, submission):
    enter(store, submission(), where)
    judge.score_baselines(store, where)
    found = board.board(store, where)
    assert {row.submission.name for row in found.ranked} == {"tiny", "random", "heuristic", "oracle"}
    assert found.rows[0].submission.name in ("oracle", "heuristic")
    assert all(len(row.records) == 8 for row in found.ranked)
    tiny = board.find(found, "tiny")
    assert tiny.submission.state == "finished"
    assert tiny.submission.facts["parameters"] > 0
    assert all(r.layers["process"] for r in tiny.records)
    assert len(board.generalisation(tiny, where, found.metrics)) == 2


def test_scores_are_those_of_the_transcripts(store, where, submission, tmp_path):
    key = enter(store, submission(), where).key
    for scenario in where.scenarios:
        records = store.records(key, [scenario.key(where.spec)])
        above, below = [], []
        for record in records:
            path = store.artefacts.fetch(record.artefact, tmp_path)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == record.artefact
            told = transcript.Transcript.open(path)
            assert (told.digest, told.header["seed"], told.header["extra"]["submission"]) == (record.digest, record.seed, key)
            shares = fold(told, where.setting(scenario))
            assert {name: list(share) for name, share in shares.items()} == record.shares
            above.append(shares["collisions"][0])
            below.append(shares["collisions"][1])
        assert stats.interval(np.array(above), np.array(below)).value == pytest.approx(sum(above) / sum(below))
    assert transcript.verify(path).ok


def test_an_interrupted_submission_goes_on_where_it_was(store, where, submission, tmp_path, monkeypatch):
    monkeypatch.setattr(definition, "BLOCK", 3)
    path, told = submission(), []

    def interrupt(episodes):
        told.append(episodes)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enter(store, path, where, interrupt)
    assert len(played(store, where)) == 4
    assert "submit it again" in board.board(store, where).rows[0].note
    enter(store, path, where, told.append)
    assert told == [3, 1, 3, 1]
    enter(store, path, where, told.append)
    assert told == [3, 1, 3, 1]
    with Store(tmp_path / "other" / "board.sqlite") as other:
        monkeypatch.setattr(definition, "BLOCK", 32)
        enter(other, path, where)
        assert played(other, where) == played(store, where)


def test_a_killed_submission_goes_on_where_it_was(where, submission, elsewhere, tmp_path):
    """SIGKILL as soon as the first episodes are stored, many times over: at the end everything is there once."""
    path, file = submission(), tmp_path / "board.sqlite"
    command = [sys.executable, "-c", ONE_BY_ONE, "submit", str(path), "--world", WORLD, "--episodes", "4", "--board", str(file)]
    kills = 0
    for _ in range(12):
        seen = count(file)
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(elsewhere)}, stdout=subprocess.DEVNULL)
        while process.poll() is None and count(file) < seen + 10:
            time.sleep(0.005)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        kills += 1
        process.wait()
    assert process.returncode == 0
    assert kills >= 2
    assert len(list((tmp_path / "artefacts").glob(".*"))) <= 2  # of the last process
    with Store(file) as store, Store(tmp_path / "quiet" / "board.sqlite") as other:
        enter(other, path, where)
        judge.score_baselines(other, where)
        assert played(store, where) == played(other, where)
        assert len(board.board(store, where).ranked) == 4


def test_control_c_says_how_to_go_on(submission, elsewhere, tmp_path):
    path, file = submission(), tmp_path / "board.sqlite"
    command = [sys.executable, "-c", ONE_BY_ONE, "submit", str(path), "--world", WORLD, "--episodes", "500", "--board", str(file)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(elsewhere)}, stdout=subprocess.PIPE, text=True)
    while count(file) < 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"{count(file)} of 1000 episodes are stored; the same command goes on from there" in out


def count(file):
    """Episodes that are stored."""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM episode").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


class Fragile:
    """A policy that fails in the episode of one seed, in its first step."""

    name = "fragile"

    def __init__(self, seed):
        self.bad = keys(np.array([seed], np.uint64), np.zeros(1, np.int64), np.zeros(1, np.int64))

    def initial_state(self, rows):
        return ()

    def step(self, turn, state):
        if np.isin(turn.keys, self.bad).any():
            raise PolicyError("it gave up")
        return np.zeros((len(turn.keys), 2), np.int32), ()


def test_a_failure_touches_its_own_episode_alone(where, tmp_path):
    place = where.setting(where.scenarios[0])
    found = play_scored(place, Fragile(12), [10, 11, 12, 13, 14], tmp_path)
    assert [(e.seed, e.fault) for e in found] == [(10, None), (11, None), (12, "it gave up"), (13, None), (14, None)]
    alone = play_scored(place, Fragile(12), [13], tmp_path / "alone")
    assert alone[0].digest == found[3].digest
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.is_file()) == [".avt"] * 4


def fragile(monkeypatch, seed):
    real = SandboxedPolicy.step

    def step(self, turn, state):
        Fragile(seed).step(turn, state)
        return real(self, turn, state)

    monkeypatch.setattr(SandboxedPolicy, "step", step)


def test_a_failed_episode_is_scored_and_named(store, where, submission, monkeypatch):
    fragile(monkeypatch, where.scenarios[0].first_seed + 2)
    enter(store, submission(), where)
    (row,) = board.board(store, where).ranked
    assert sum(r.fault == "it gave up" for r in row.records) == 2
    assert all(not r.artefact for r in row.records if r.fault)


def test_a_submission_that_fails_its_trial_is_rejected(store, where, submission, monkeypatch):
    fragile(monkeypatch, where.scenarios[0].first_seed - 1)
    with pytest.raises(PolicyError, match="tiny failed in its trial episode: it gave up"):
        enter(store, submission(), where)
    (row,) = board.board(store, where).rows
    assert (row.submission.state, row.scores) == ("rejected", {})
    assert "trial episode" in row.note


def test_a_submission_that_keeps_failing_is_given_up(store, where, submission, monkeypatch):
    real = playing.played
    failed = lambda *args: [replace(e, fault="it gave up", transcript=None) for e in real(*args)]  # noqa: E731
    monkeypatch.setattr(playing, "played", failed)
    with pytest.raises(PolicyError, match="failed in 8 episodes, more than the 5"):
        judge.submit(store, submission(), replace(where, episodes=8))
    assert [s.state for s in store.submissions()] == ["failed"]


def test_what_the_machine_did_wrong_is_never_a_score(store, where, submission, monkeypatch):
    path = submission()
    real = SandboxedPolicy.infer

    def infer(self, arrays):
        if len(arrays[0]) > 50:
            return real(self, arrays)
        if len(arrays[0]) == 16:
            raise InfrastructureError("the sandbox was ended from outside")
        return real(self, arrays)

    monkeypatch.setattr(SandboxedPolicy, "infer", infer)
    with pytest.raises(InfrastructureError):
        enter(store, path, where)
    assert played(store, where) == {}
    assert store.submissions()[0].state == "playing"
    monkeypatch.undo()
    enter(store, path, where)
    assert len(played(store, where)) == 8


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"world": "museum"}, "made for the world museum, not for elsewhere"),
        ({"world_version": 99}, "made for elsewhere version 99; this is version"),
        ({"signature": "f" * 64}, "signatures differ"),
        ({"actions": (8,)}, "actions"),
    ],
)
def test_a_policy_for_something_else_is_not_played(store, where, submission, changes, says):
    with pytest.raises(UserError, match=says):
        enter(store, submission(**changes), where)
    assert store.submissions() == []


def test_policies_of_one_name_are_told_apart_by_their_keys(store, where, submission):
    first, second = (enter(store, submission(seed=seed), where).key for seed in (0, 1))
    found = board.board(store, where)
    assert board.find(found, second[:10]).submission.key == second
    with pytest.raises(UserError, match="2 policies are called 'tiny'"):
        board.find(found, "tiny")
    with pytest.raises(UserError, match="no policy 'tyni' is ranked: did you mean 'tiny'"):
        board.find(found, "tyni")
    assert first != second


def test_those_who_played_less_are_not_ranked(store, where, submission):
    enter(store, submission(), where)
    enter(store, submission(name="more", seed=1), replace(where, episodes=6))
    assert board.most_episodes(store, where.spec, where.role) == 6
    found = board.board(store, replace(where, episodes=6))
    assert [row.submission.name for row in found.ranked] == ["more"]
    assert "8 of 12 episodes played" in found.rows[1].note
    assert len(board.board(store, where).ranked) == 2


def test_results_of_another_version_are_not_compared(store, where, submission):
    enter(store, submission(), where)
    with store.database.session() as session:
        session.get_one(Submission, store.submissions()[0].key).world_version = 77
    (row,) = board.board(store, where).rows
    assert "made for version 77" in row.note


def test_the_same_submission_zipped_otherwise_is_the_same(store, where, submission, tmp_path):
    path = submission()
    again = tmp_path / "again.zip"
    subprocess.run(
        [sys.executable, "-c", "import sys, zipfile as z; a = z.ZipFile(sys.argv[1]); b = z.ZipFile(sys.argv[2], 'w');"
         "[b.writestr(n, a.read(n)) for n in reversed(a.namelist())]", path, again], check=True)  # fmt: skip
    assert again.read_bytes() != path.read_bytes()
    assert enter(store, path, where).key == enter(store, again, where).key
    assert len(store.submissions()) == 1


def test_a_damaged_or_foreign_board_is_explained(tmp_path):
    file = tmp_path / "board.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(UserError, match="is damaged, or is no leaderboard"):
        Store(file)
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(UserError, match=r"another version of Avatarium \(schema 9\)"):
        Store(file)
    with pytest.raises(UserError, match=r"cannot be used .*choose another file with --board"):
        Store(file / "below" / "board.sqlite")


def test_a_page_of_the_board_that_is_damaged_is_explained(tmp_path, where, submission):
    file = tmp_path / "board.sqlite"
    with Store(file) as store:
        enter(store, submission(), where)
    content = bytearray(file.read_bytes())
    content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged"), Store(file) as store:
        board.board(store, where)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/sys/kernel").exists(), reason="there is no folder that root cannot write")
def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    folder = tmp_path / "fixed"
    folder.mkdir()
    folder.chmod(0o500)
    place = "/sys/kernel/board.sqlite" if os.geteuid() == 0 else folder / "board.sqlite"
    with pytest.raises(UserError, match="cannot be used"):
        Store(Path(place))


def test_a_full_disk_is_explained_and_costs_nothing_that_was_done(store, where, submission, monkeypatch):
    path, real, moved = submission(), store.artefacts._write, []

    def write(name, content):
        moved.append(name)
        if len(moved) > 7:
            raise OSError(errno.ENOSPC, "No space left on device", name)
        real(name, content)

    monkeypatch.setattr(store.artefacts, "_write", write)
    monkeypatch.setattr(definition, "BLOCK", 3)
    with pytest.raises(UserError, match="is full: make room and give the same command again"):
        enter(store, path, where)
    monkeypatch.undo()
    before = played(store, where)
    assert len(before) > 0
    enter(store, path, where)
    assert set(before) <= set(played(store, where))
    assert len(played(store, where)) == 8
    assert log.check(store.database) == []


def test_two_at_once_share_the_work(store, where, submission, tmp_path, monkeypatch):
    """Both give the same command: each episode is played once, and both end when all are."""
    monkeypatch.setattr(definition, "BLOCK", 1)
    path, told = submission(), []
    with Store(tmp_path / "board.sqlite") as other:
        threads = [threading.Thread(target=lambda one=one: told.append(enter(one, path, where).state)) for one in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told == ["finished", "finished"]
    assert len(played(store, where)) == 8
    assert log.check(store.database) == []
