"""Policies that share a role: each answers for its own avatars, remembers by itself, and fails by itself."""

import numpy as np
import pytest

from avatarium.agents.exported import PolicyError
from avatarium.agents.policy import Turn
from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.leaderboards.shared_seats import Member, PartnerError, SharedSeats, WorldFault, of_background, of_partner

SEATS = np.array([[0, 1, 1], [1, 0, 1]])


class Counting:
    """Counts its steps avatar by avatar, and answers with its own number and the count."""

    name = "counting"

    def __init__(self, number, telling=()):
        self.number, self.rows = number, []
        if telling:
            self.tells, self.told = telling, {}

    def initial_state(self, rows):
        return (np.zeros(rows, np.int32),)

    def step(self, turn, state):
        self.rows.append(list(zip(turn.envs.tolist(), turn.avatars.tolist(), turn.observation[:, 0].tolist(), strict=True)))
        if hasattr(self, "tells"):
            self.told = dict.fromkeys(self.tells, turn.observation[:, 0] + 100)
        return np.stack([np.full(len(turn.envs), self.number), state[0] + turn.avatars], axis=1).astype(np.int32), (state[0] + 1,)


class Failing(Counting):
    def __init__(self, error):
        super().__init__(9)
        self.error = error

    def step(self, turn, state):
        raise self.error


def turn(order=range(6)):
    envs, avatars = np.repeat([0, 1], 3)[list(order)], np.tile([0, 1, 2], 2)[list(order)]
    seen = (10 * envs + avatars).astype(np.float32)[:, None]
    return Turn(seen, envs.astype(np.uint64), None, "walker", envs, avatars, np.ones((len(envs), 2), bool))


def test_each_has_its_own_avatars_and_memory():
    first, second = Counting(1), Counting(2)
    shared = SharedSeats([Member("focal", first), Member("other", second)], SEATS)
    state = shared.initial_state(6)
    for step in range(3):
        before = [array.copy() for array in state]
        actions, after = shared.step(turn(), state)
        assert all((a == b).all() for a, b in zip(state, before, strict=True)), "what was remembered is not written over"
        state = after
        assert actions[:, 0].tolist() == [1, 2, 2, 2, 1, 2]
        assert actions[:, 1].tolist() == [step, step + 1, step + 2, step, step + 1, step + 2]
    assert first.rows[0] == [(0, 0, 0.0), (1, 1, 11.0)]
    assert shared.labels(1) == ["other", "focal", "other"]


def test_rows_may_come_in_any_order():
    order = [4, 0, 5, 2, 1, 3]
    one, two = (SharedSeats([Member("a", Counting(1)), Member("b", Counting(2))], SEATS) for _ in range(2))
    straight, _ = one.step(turn(), one.initial_state(6))
    mixed, _ = two.step(turn(order), two.initial_state(6))
    assert (mixed == straight[order]).all()


def test_what_members_tell_is_told_of_their_avatars_alone():
    shared = SharedSeats([Member("a", Counting(1, ("entropy",))), Member("b", Counting(2))], SEATS)
    shared.step(turn(), shared.initial_state(6))
    assert shared.tells == ("entropy",)
    np.testing.assert_array_equal(shared.told["entropy"], np.array([100, np.nan, np.nan, np.nan, 111, np.nan], np.float32))


def test_everybody_answers_for_themselves():
    def failing(error, blame):
        shared = SharedSeats([Member("a", Counting(1)), Member("b", Failing(error), *blame)], SEATS)
        return lambda: shared.step(turn(), shared.initial_state(6))

    with pytest.raises(PolicyError, match=r"^gave up$") as found:
        failing(PolicyError("gave up"), ())()
    assert not isinstance(found.value, PartnerError)
    with pytest.raises(PartnerError, match="its partner b failed: gave up"):
        failing(PolicyError("gave up"), (of_partner,))()
    for error in (PolicyError("gave up"), ZeroDivisionError("x")):
        with pytest.raises(WorldFault, match="the background policy b failed"):
            failing(error, (of_background,))()
    for blame in ((), (of_partner,), (of_background,)):
        with pytest.raises(InfrastructureError, match=r"^ended$") as found:
            failing(InfrastructureError("ended"), blame)()
        assert not isinstance(found.value, WorldFault)
