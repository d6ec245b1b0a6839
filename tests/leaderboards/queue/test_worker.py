"""Workers: whose fault it was decides what happens; nothing is in a state without a reason or a next step."""

from dataclasses import replace
from pathlib import Path

import faults
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.models import DONE, GIVEN_UP, PUBLIC, RANKED, Attempt, Episode, EvalPlan, Job, Submission, WorldVersion
from avatarium.leaderboards.database.trouble import DiskFullError
from avatarium.leaderboards.queue import checking, entry, installed, leases, playing, quarantine, retrying, status
from avatarium.leaderboards.queue.rules import Rules
from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.leaderboards.shared_seats import WorldFault
from avatarium.leaderboards.store import LOCAL
from avatarium.worlds.core.errors import UserError


def drained(store, rules=faults.HURRY):
    told = []
    with Worker(store.database, store.artefacts, rules) as one:
        one.run(drain=True, tell=told.append)
    return told


def rows(store, table):
    with store.database.reading() as session:
        return list(session.scalars(sql.select(table)))


def states(store):
    return {state: len([j for j in rows(store, Job) if j.state == state]) for state in {j.state for j in rows(store, Job)}}


@pytest.fixture(autouse=True)
def sound(store):
    """Whatever a test did: the log fits, and everything has a reason or a next step."""
    yield
    assert log.check(store.database) == []
    with store.database.reading() as session:
        assert status.unexplained(session) == []


def raising(monkeypatch, error, times=10**9):
    """Playing ends in ``error``, so often; returns the list of calls."""
    calls, real = [], playing.played

    def played(*args):
        calls.append(args)
        if len(calls) <= times:
            raise error
        return real(*args)

    monkeypatch.setattr(playing, "played", played)
    return calls


def test_everything_is_played_once(store):
    assert drained(store) == []
    assert states(store) == {DONE: 4}
    assert len(rows(store, Episode)) == 8
    (one,) = rows(store, Submission)
    assert (one.state, [plan.state for plan in rows(store, EvalPlan)]) == ("finished", ["finished"])
    assert [e.fault for e in rows(store, Episode) if e.fault] == ["it gave up"]


@pytest.mark.parametrize(
    "error", [InfrastructureError("the sandbox was ended from outside"), UserError("no such module"), MemoryError("none left")]
)
def test_a_fault_of_the_machine_is_tried_again_and_is_no_score(store, monkeypatch, error):
    raising(monkeypatch, error, times=2)
    assert drained(store) == [str(error)] * 2
    assert states(store) == {DONE: 4}
    assert len(rows(store, Episode)) == 8
    assert sorted(a.outcome for a in rows(store, Attempt)) == ["done"] * 4 + ["infrastructure fault"] * 2


def test_what_never_works_is_given_up_with_its_reason_and_can_be_retried(store, monkeypatch):
    with monkeypatch.context() as broken:
        raising(broken, InfrastructureError("no sandbox here"))
        drained(store, Rules(attempts=2, back_off_s=0.01, longest_back_off_s=0.02))
    assert states(store) == {GIVEN_UP: 4}
    assert rows(store, Episode) == []
    with store.database.reading() as session:
        (one,) = status.submissions(session)
        assert (one.state, one.sentence) == ("playing", "4 of 4 jobs are given up: no sandbox here")
        assert one.next.startswith("`avatarium queue retry ")
        first = status.jobs(session)[0]
    assert store.database.insist(lambda session: retrying.retry(session, first.key[:12])) == 1
    assert store.database.insist(retrying.retry) == 3
    with pytest.raises(UserError, match="there is no job or submission 'zz'"):
        store.database.insist(lambda session: retrying.retry(session, "zz"))
    drained(store)
    assert states(store) == {DONE: 4}


def test_a_policy_that_keeps_failing_is_failed_and_played_no_more(store, monkeypatch):
    real = playing.played
    monkeypatch.setattr(playing, "played", lambda *args: [faults.Episode(e.seed, 0, {}, None, "", "it gave up") for e in real(*args)])
    drained(store)
    (one,) = rows(store, Submission)
    assert one.state == "failed"
    assert one.sentence == "random failed in 6 episodes, more than the 5 that are forgiven"
    assert states(store) == {DONE: 3, "void": 1}
    assert {job.reason for job in rows(store, Job) if job.state == "void"} == {one.sentence}


def test_a_fault_of_the_world_voids_everything_until_it_is_lifted(store, worker, monkeypatch, zips):
    worker.once()
    with monkeypatch.context() as broken:
        raising(broken, WorldFault("wayfinding ends in ZeroDivisionError"))
        worker.once()
    assert states(store) == {DONE: 1, "void": 3}
    (version,), (one,) = rows(store, WorldVersion), rows(store, Submission)
    assert version.quarantined == "wayfinding ends in ZeroDivisionError"
    assert (one.state, one.sentence) == ("void", "wayfinding version 1 is quarantined: wayfinding ends in ZeroDivisionError")
    with pytest.raises(UserError, match="wayfinding version 1 is quarantined"):
        entry.enter(store.database, store.artefacts, zips[0].read_bytes(), LOCAL, PUBLIC, blocks=faults.blocks(1))
    assert "world fault" in [a.outcome for a in rows(store, Attempt)]
    assert store.database.insist(lambda session: quarantine.lift(session, "wayfinding", 1)) == 1
    drained(store)
    assert states(store) == {DONE: 4}
    assert rows(store, Submission)[0].state == "finished"


def test_finished_plans_are_void_too(store):
    drained(store)
    assert store.database.insist(lambda session: quarantine.impose(session, "wayfinding", 1, "somebody found a hole")) == 1
    assert [plan.state for plan in rows(store, EvalPlan)] == ["void"]
    store.database.insist(lambda session: quarantine.lift(session, "wayfinding", 1))
    assert [plan.state for plan in rows(store, EvalPlan)] == ["finished"]
    assert rows(store, Submission)[0].state == "finished"


def test_what_was_played_for_one_track_is_not_played_for_another(store, zips, monkeypatch):
    one = entry.enter(store.database, store.artefacts, zips[0].read_bytes(), LOCAL, PUBLIC, blocks=faults.blocks(2))
    drained(store)
    calls = raising(monkeypatch, InfrastructureError("nothing is to be played"))
    entry.enter(store.database, store.artefacts, zips[0].read_bytes(), LOCAL, RANKED, blocks=faults.blocks(2))
    drained(store)
    assert calls == []
    assert len([e for e in rows(store, Episode) if e.submission == one.key]) == 4
    assert store.submission(one.key).state == "finished"


def test_episodes_that_somebody_else_has_stored_meanwhile_stay_as_they_are(store, worker, monkeypatch):
    real = playing.read

    def read(desk, lease):
        order = real(desk, lease)
        store.database.insist(lambda session: playing.store(session, session.get_one(Job, lease.job), order.one.key, others(order)))
        return order

    def others(order):
        told = [faults.made_up(order.one.key, order.key, seed, 0) for seed in order.seeds]
        return [playing.as_row(order.one.key, order.key, "any", e, "", {}) for e in told]

    monkeypatch.setattr(playing, "read", read)
    worker.once()
    assert [e.artefact for e in rows(store, Episode)] == ["", ""]


def test_after_a_quarantine_checks_come_first_again(store, zips):
    content = zips[0].read_bytes()
    one = entry.enter(store.database, store.artefacts, content, LOCAL, PUBLIC, blocks=faults.blocks(1))
    entry.enter(store.database, store.artefacts, content, LOCAL, RANKED, blocks=faults.blocks(1))
    store.database.insist(lambda session: quarantine.impose(session, "wayfinding", 1, "somebody found a hole"))
    assert drained(store) == []
    store.database.insist(lambda session: quarantine.lift(session, "wayfinding", 1))
    assert store.submission(one.key).state == "checking"
    assert {plan.state for plan in rows(store, EvalPlan) if plan.submission == one.key} == {"checking"}
    drained(store)
    assert store.submission(one.key).state == "finished"


def test_an_exception_of_the_world_is_tried_once_more_before_the_world_is_blamed(store, worker, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(installed, "agree", lambda *_: None)
    calls = []

    def play_block(*args):
        calls.append(args)
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(playing, "play_block", play_block)
    worker.once()
    assert len(calls) == 2
    assert rows(store, WorldVersion)[0].quarantined.endswith("of wayfinding ends in ZeroDivisionError: by nothing")
    assert rows(store, Episode) == []


def test_another_set_of_rules_is_not_mixed_in(store, monkeypatch):
    monkeypatch.undo()
    spec = installed.world("wayfinding", 1)
    monkeypatch.setattr(installed, "fingerprint", lambda address: "one")
    installed.agree(store.database, spec)
    installed.agree(store.database, spec)
    monkeypatch.setattr(installed, "fingerprint", lambda address: "two")
    with pytest.raises(InfrastructureError, match="plays otherwise on this worker"):
        installed.agree(store.database, spec)


def test_a_rejected_submission_says_why_and_plays_nothing(store, monkeypatch, zips):
    monkeypatch.setattr(checking, "examined", lambda *_: checking.Found("its weights are not finite", {}, {}))
    one = entry.enter(store.database, store.artefacts, zips[0].read_bytes(), LOCAL, PUBLIC, blocks=faults.blocks(2))
    drained(store)
    found = store.submission(one.key)
    assert (found.state, found.sentence) == ("rejected", "its weights are not finite")
    assert [j.state for j in rows(store, Job) if j.reason == found.sentence] == ["void", "void"]
    again = entry.enter(store.database, store.artefacts, zips[0].read_bytes(), LOCAL, PUBLIC, blocks=faults.blocks(4))
    assert again.state == "rejected"
    assert drained(store) == []


def test_copies_of_a_policy_are_marked(store, monkeypatch, zips):
    monkeypatch.setattr(checking, "examined", lambda *_: checking.Found("", {}, {}, "f" * 64))
    for path in zips:
        entry.enter(store.database, store.artefacts, path.read_bytes(), LOCAL, PUBLIC, blocks=faults.blocks(1))
        drained(store)
    copies = {one.name: one.clone_of for one in rows(store, Submission) if not one.baseline}
    assert copies["policy0"] is None
    assert copies["policy1"] == next(one.key for one in rows(store, Submission) if one.name == "policy0")


def test_a_full_disk_costs_no_attempt(store, worker, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(store.artefacts, "put", lambda *_: (_ for _ in ()).throw(DiskFullError("the disk is full: make room")))
        with pytest.raises(DiskFullError):
            worker.once()
    assert {(j.state, j.attempts) for j in rows(store, Job)} == {("waiting", 0)}
    drained(store)
    assert states(store) == {DONE: 4}


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
def test_a_full_database_loses_nothing(store, worker, monkeypatch):
    real, many = playing.played, {f"metric{k}": (1.0, 2.0) for k in range(2000)}
    monkeypatch.setattr(playing, "played", lambda *args: [replace(e, shares=many) for e in real(*args)])
    with store.database._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.database.close()

    def small(connection, _):
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    sql.event.listen(store.database._engine, "connect", small)
    with pytest.raises(DiskFullError, match="make room and give the same command again"):
        for _ in range(4):
            worker.once()
    sql.event.remove(store.database._engine, "connect", small)
    store.database.close()
    with store.database.session() as session:
        session.execute(sql.update(Job).where(Job.state == "leased").values(lease_until=1.0))
    drained(store)
    assert states(store) == {DONE: 4}


def test_control_c_gives_the_job_back(store, worker, monkeypatch):
    with monkeypatch.context() as broken:
        raising(broken, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            worker.once()
    assert {(j.state, j.attempts) for j in rows(store, Job)} == {("waiting", 0)}
    assert [a.outcome for a in rows(store, Attempt)] == ["released"]


def test_a_worker_that_is_stopped_finishes_its_job(store, worker, monkeypatch):
    real = playing.played

    def played(*args):
        worker.stop.set()
        return real(*args)

    monkeypatch.setattr(playing, "played", played)
    worker.run()
    assert states(store) == {DONE: 1, "waiting": 3}


def test_jobs_of_unknown_kinds_are_left_to_others(store, worker):
    with store.database.session() as session:
        session.execute(sql.update(Job).values(kind="dance"))
    with pytest.raises(InfrastructureError, match="knows no jobs of the kind 'dance'"):
        worker.once()


def test_states_are_told_while_workers_are_at_it(store, monkeypatch):
    """At every step of a life the invariant holds: a reason or a next step for everything."""
    seen, real = set(), leases.finish

    def finish(database, lease, then):
        with database.reading() as session:
            assert status.unexplained(session) == []
            seen.update(job.next.split(" ")[0] for job in status.jobs(session))
            (one,) = status.submissions(session)
            assert one.next.startswith(("being done on", "number", "the worker on"))  # the last where this machine is busy
        real(database, lease, then)

    monkeypatch.setattr(leases, "finish", finish)
    drained(store)
    assert seen - {"the"} == {"being", "number", ""}


def test_transcripts_are_simulated_again(store, monkeypatch, tmp_path):
    """The first of a block is; one that does not fit is the world's fault."""
    monkeypatch.undo()
    verdict = playing.transcript.Verdict(False, f"{tmp_path}/1.avt: at step 3 the world gives other states", 3)
    monkeypatch.setattr(installed, "agree", lambda *_: None)
    monkeypatch.setattr(playing, "play_block", lambda *args: [faults.Episode(1, 5, {}, Path(tmp_path / "1.avt"), "d")])
    monkeypatch.setattr(playing.transcript, "verify", lambda path: verdict)
    with Worker(store.database, store.artefacts, faults.HURRY) as one:
        one.once()
    assert rows(store, WorldVersion)[0].quarantined.endswith("1.avt: at step 3 the world gives other states")
