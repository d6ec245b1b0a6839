"""Leases: one owner at a time, whatever becomes of workers and clocks."""

import subprocess
import sys
import threading
import time
from dataclasses import replace

import faults
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import processes
from avatarium.leaderboards.database.models import DONE, GIVEN_UP, LEASED, WAITING, Attempt, Job
from avatarium.leaderboards.queue import leases, status
from avatarium.leaderboards.queue.heart import Heart
from avatarium.leaderboards.queue.leases import LostError
from avatarium.leaderboards.queue.rules import Rules

RULES = Rules(attempts=3, back_off_s=10.0)


def nothing(session, job):
    """What a job found that found nothing."""


def job(store, lease):
    with store.database.reading() as session:
        return session.get_one(Job, lease.job)


def outcomes(store, lease):
    with store.database.reading() as session:
        return list(session.scalars(sql.select(Attempt.outcome).where(Attempt.job == lease.job).order_by(Attempt.id)))


def expire(store, lease):
    with store.database.session() as session:
        session.get_one(Job, lease.job).lease_until = 1.0


def test_everybody_gets_another_job(store):
    found = [leases.take(store.database, RULES) for _ in range(5)]
    assert found[4] is None
    assert len({lease.job for lease in found[:4]}) == 4
    assert [lease.payload["seeds"][0] - found[0].payload["seeds"][0] for lease in found[:4]] == [0, 2, 4, 6]


def test_many_at_once_get_each_job_once(store):
    taken = []

    def take():
        while lease := leases.take(store.database, RULES):
            taken.append(lease.job)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 4


def test_a_lease_that_runs_out_goes_to_the_next_and_the_token_decides(store):
    first = leases.take(store.database, RULES)
    expire(store, first)
    second = leases.take(store.database, RULES)
    assert (second.job, second.attempt) == (first.job, 2)
    assert not leases.beat(store.database, first, RULES)
    for end in (leases.finish, leases.blame_world):
        with pytest.raises(LostError):
            end(store.database, first, nothing, *(("why",) if end is leases.blame_world else ()))
    with pytest.raises(LostError):
        leases.put_back(store.database, first, RULES, "why")
    with pytest.raises(LostError):
        leases.release(store.database, first, "why")
    leases.finish(store.database, second, nothing)
    assert job(store, second).state == DONE
    assert outcomes(store, second) == ["lost", "done"]


def test_a_result_that_is_delivered_twice_counts_once(store):
    lease, times = leases.take(store.database, RULES), []
    for _ in range(2):
        leases.finish(store.database, lease, lambda session, job: times.append(1))
    assert times == [1]
    leases.release(store.database, lease, "late")
    leases.put_back(store.database, lease, RULES, "late")
    assert job(store, lease).state == DONE


def test_what_is_released_costs_no_attempt(store):
    for _ in range(5):
        lease = leases.take(store.database, RULES)
        leases.release(store.database, lease, "its worker was stopped")
    assert (lease.attempt, job(store, lease).state, job(store, lease).attempts) == (1, WAITING, 0)


def test_faults_wait_longer_each_time_and_then_are_given_up(store):
    waits, lease = [], leases.take(store.database, RULES)
    for attempt in (1, 2, 3):
        assert lease.attempt == attempt
        leases.put_back(store.database, lease, RULES, "no room")
        found = job(store, lease)
        with store.database.reading() as session:
            waits.append(round(found.not_before - store.database.now(session)))
        with store.database.session() as session:
            session.get_one(Job, lease.job).not_before = 0.0
        lease = leases.take(store.database, RULES) if attempt < 3 else lease
    assert (found.state, found.reason) == (GIVEN_UP, "no room")
    assert waits == [10, 30, 90]
    assert leases.take(store.database, RULES).job != lease.job
    assert RULES.back_off(50) == RULES.longest_back_off_s


def test_a_job_that_kills_its_workers_is_given_up(store):
    lease = leases.take(store.database, RULES)
    for _ in range(2):
        expire(store, lease)
        assert leases.take(store.database, RULES).job == lease.job
    expire(store, lease)
    assert leases.take(store.database, RULES).job != lease.job
    found = job(store, lease)
    assert (found.state, found.reason) == (GIVEN_UP, "begun 3 times, and every time its worker fell silent")
    assert outcomes(store, lease) == ["lost"] * 3


def test_hearts_keep_the_lease_of_a_slow_worker(store):
    rules = Rules(lease_s=0.6, beat_s=0.1)
    lease = leases.take(store.database, rules)
    with Heart(store.database, lease, rules):
        time.sleep(1.3)
        others = [leases.take(store.database, rules) for _ in range(4)]
        assert others[-1] is None
    leases.finish(store.database, lease, nothing)
    assert outcomes(store, lease) == ["done"]


def test_a_heart_stops_for_what_takes_too_long(store):
    hung = threading.Event()
    rules = Rules(lease_s=0.3, beat_s=0.05, longest_s=0.2)
    lease = leases.take(store.database, rules)
    with Heart(store.database, lease, rules, hung.set):
        assert hung.wait(5.0)
        time.sleep(0.4)
        assert leases.take(store.database, rules).job == lease.job


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("jump", [-1e6, 1e6, -40.0, 100.0])
def test_a_clock_that_jumps_blocks_nothing_and_counts_nothing_twice(store, clock, jump):
    dead, alive = (leases.take(store.database, RULES) for _ in range(2))
    clock[0] = jump
    assert leases.beat(store.database, alive, RULES)  # before anybody else looks
    taken = [leases.take(store.database, RULES) for _ in range(4)]
    late = jump == -40.0  # too little to be told from a lease that still runs
    assert (dead.job in [lease.job for lease in taken if lease]) != late
    assert alive.job not in [lease.job for lease in taken if lease]
    leases.finish(store.database, alive, nothing)
    if late:
        clock[0] += 100.0
        leases.finish(store.database, dead, nothing)
    else:
        with pytest.raises(LostError):
            leases.finish(store.database, dead, nothing)


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
def test_a_wait_from_before_a_jump_is_over(store, clock):
    found = [leases.take(store.database, RULES) for _ in range(4)]
    leases.put_back(store.database, found[0], RULES, "no room")
    assert leases.take(store.database, RULES) is None
    clock[0] = -1e6
    assert leases.take(store.database, replace(RULES, lease_s=1e9)).job == found[0].job


def test_nothing_but_its_check_is_done_before_the_check(store, zips, tmp_path):
    for lease in [leases.take(store.database, RULES) for _ in range(4)]:
        leases.finish(store.database, lease, nothing)
    faults.fill(str(store.database.url.render_as_string(hide_password=False)), str(tmp_path / "files"), 4, zips[:1])
    check = leases.take(store.database, RULES)
    assert check.kind == leases.CHECK
    assert leases.take(store.database, RULES) is None
    with store.database.reading() as session:
        blocked = [one for one in status.jobs(session, check.submission) if one.state == WAITING]
        assert {one.next for one in blocked} == {"waits for the check of its submission"}
        assert job(store, check).state == LEASED


def test_who_was_killed_on_this_machine_is_not_waited_for(store):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lease = leases.take(store.database, RULES)
    others = [leases.take(store.database, RULES) for _ in range(3)]
    with store.database.session() as session:
        session.get_one(Job, lease.job).owner = f"{processes.machine()}:{gone.pid}:token"
        session.get_one(Job, others[0].job).owner = f"elsewhere:{gone.pid}:token"
    assert leases.take(store.database, RULES).job == lease.job
    assert leases.take(store.database, RULES) is None
