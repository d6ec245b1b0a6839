"""Workers are killed, hang, lose their database and run out of disk, anywhere: every job is done once, and nothing is stuck.

``faults.wrong`` says what is asserted each time: one attempt did each job, each episode is there once and is what was played, no score
comes from an accident, the log fits the rows, the files are whole, and nothing is in a state without a reason or a next step.
"""

import signal
import time

import pytest


def test_workers_are_killed_at_every_transition(accidents):
    assert accidents(40, 105, "kill")["kills"] == 105


def test_workers_hang_and_some_come_back(accidents):
    """Who comes back finds that somebody else has its job, and throws away what it did."""
    assert accidents(6, 12, "hang")["accidents"] == 12


def test_disks_are_full_for_a_moment(accidents):
    assert accidents(6, 12, "full", longest=30)["kills"] == 0


@pytest.mark.parametrize("board_url", ["postgresql"], indirect=True)
def test_connections_to_the_server_are_cut(accidents):
    assert accidents(10, 20, "cut", workers=4)["kills"] == 0


@pytest.mark.parametrize("board_url", ["postgresql"], indirect=True)
def test_the_server_is_stopped_and_crashes_while_four_work(accidents, postgres_server):
    """Each time it is away for a moment, and workers wait for it."""
    times = []

    def restart():
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGQUIT):  # stopped in order, and twice as if it had crashed
            time.sleep(1.0)
            postgres_server.stop(number)
            time.sleep(0.3)
            postgres_server.start()
            times.append(number)

    accidents(40, 12, "kill", workers=4, meanwhile=restart)
    assert len(times) == 3
