"""Rate limits: exact at their edge, sliding, and shared by services on one database."""

from typing import Any

import pytest

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.service.limits import COUNTS, Limits


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 60_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def allowed(limits: Limits, times: int, limit: int, subject: str = "somebody") -> int:
    return sum(limits.take(subject, limit, 60.0).allowed for _ in range(times))


def test_so_many_and_no_more(board: Any, clock: Clock) -> None:
    assert allowed(Limits(board.database, clock), 15, 10) == 10


def test_two_services_count_together(board: Any, clock: Clock) -> None:
    one, other = Limits(board.database, clock), Limits(board.database, clock)
    taken = sum(limits.take("somebody", 90, 60.0).allowed for _ in range(100) for limits in (one, other))
    assert 90 - 2 <= taken <= 90  # what one has drawn and not handed out is lost to the other


def test_everybody_has_a_limit_of_their_own(board: Any, clock: Clock) -> None:
    limits = Limits(board.database, clock)
    assert allowed(limits, 5, 3) == 3
    assert allowed(limits, 5, 3, "somebody else") == 3


def test_the_window_slides(board: Any, clock: Clock) -> None:
    limits = Limits(board.database, clock)
    assert allowed(limits, 10, 10) == 10
    clock.now += 60.0
    assert allowed(limits, 10, 10) == 0
    clock.now += 30.0
    assert allowed(limits, 10, 10) == 5
    clock.now += 90.0
    assert allowed(limits, 20, 10) == 10


def test_who_waits_as_long_as_told_gets_in(board: Any, clock: Clock) -> None:
    for limit, used in ((5, 5), (1, 1), (30, 30)):
        limits = Limits(board.database, clock)
        subject = f"{limit} of {used}"
        assert allowed(limits, used, limit, subject) == used
        refused = limits.take(subject, limit, 60.0)
        assert not refused.allowed
        clock.now += refused.wait_s - 0.5
        assert not limits.take(subject, limit, 60.0).allowed
        clock.now += 0.6
        assert limits.take(subject, limit, 60.0).allowed


def test_a_clock_that_jumps_back_locks_nobody_out(board: Any, clock: Clock) -> None:
    limits = Limits(board.database, clock)
    assert allowed(limits, 6, 5) == 5
    clock.now -= 10_000.0
    assert allowed(limits, 6, 5) == 5


def test_old_counts_are_thrown_away(board: Any, clock: Clock) -> None:
    limits = Limits(board.database, clock)
    allowed(limits, 1, 5)
    clock.now += 1000.0
    Limits(board.database, clock).take("somebody else", 5, 60.0)
    with board.database.reading() as session:
        assert [row.subject for row in session.execute(COUNTS.select())] == ["somebody else"]


def test_two_that_begin_at_once_share_a_table(board: Any) -> None:
    with Database(board.url) as again:
        Limits(board.database)
        Limits(again).take("somebody", 5, 60.0)
