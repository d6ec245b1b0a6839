"""Puppets for the hall: polite people and rude ones, for every metric of conduct; they act by the step and by who is where."""

import numpy as np

from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.speech import POINT, WAVE

EAST, WEST, NORTH, SOUTH = 0.0, np.pi, np.pi / 2, -np.pi / 2
NOTHING = (0, 0)
"""Neither a gesture nor a word."""


class Puppet:
    """Does what ``script`` (step, own body, all bodies, number) says: walk, turn, hand, say."""

    def __init__(self, name, script):
        self.name, self._script = name, script

    def initial_state(self, rows):
        return ()

    def step(self, turn, state):
        state = turn.batch.state.avatars
        first = list(turn.batch.roles).index(turn.role) and turn.batch.config.guests
        rows = zip(turn.envs.tolist(), turn.avatars.tolist(), strict=True)
        acts = [self._script(int(turn.batch.clock[i]), state[i, first + a], state[i], a) for i, a in rows]
        return np.array(acts, np.int32), ()


def turn_to(me, heading):
    """The turn that brings one nearer to looking along ``heading``."""
    left = (heading - me["heading"] + np.pi) % (2 * np.pi) - np.pi
    return TURN_LEFT if left > 0.17 else (TURN_RIGHT if left < -0.17 else STRAIGHT)


def go(me, x, y, heading):
    """(walk, turn) on the way to (x, y); there one looks along ``heading``."""
    dx, dy = x - me["x"], y - me["y"]
    if np.hypot(dx, dy) < 0.12:
        return STAY, turn_to(me, heading)
    wanted = np.arctan2(dy, dx)
    off = abs((wanted - me["heading"] + np.pi) % (2 * np.pi) - np.pi)
    return (FORWARD if off < 0.4 else STAY), turn_to(me, wanted)


def stand(t, me, everybody, k):
    return STAY, STRAIGHT, *NOTHING


def visit(x, hand=None, say=None):
    """Guest 0 goes to (x, 2), looks east, and does with its hand and says what ``hand`` and ``say`` make of the step."""

    def script(t, me, everybody, k):
        return (*go(me, x, 2.0, EAST), hand(t) if hand else 0, say(t) if say else 0) if k == 0 else stand(t, me, everybody, k)

    return script


def within(first, last, what, every=10_000):
    """``what`` from step ``first`` to ``last``, and again ``every`` so many steps; else nothing."""
    return lambda t: what if first <= t % every <= last else 0


def speaks(t, me, everybody, k):
    """A host who speaks for 1.5 s, is silent for 2.5 s, and so on."""
    return STAY, STRAIGHT, 0, 1 if t % 40 < 15 else 0


def ahead(t, me, everybody, k):
    return FORWARD, STRAIGHT, *NOTHING


def aside(t, me, everybody, k):
    """Walks east and steps to the left while somebody comes near."""
    return (LEFT if 1.2 < everybody[-1]["x"] - me["x"] < 4.2 else FORWARD), STRAIGHT, *NOTHING


def passes(back):
    """Guest 1 strolls east; guest 0 follows, passes it by on the left and steps in ``back`` m before it."""

    def script(t, me, everybody, k):
        if k == 1:
            return (STAY if t < 6 else RIGHT), turn_to(me, NORTH), *NOTHING
        if t < 30:
            return STAY, STRAIGHT, *NOTHING
        lead = me["x"] - everybody[1]["x"]
        lane = 3.5 if lead > back or (lead > 0.3 and me["heading"] < -0.1) else 4.8
        return *go(me, me["x"] + 1.0, lane, EAST), *NOTHING

    return script


def at_the_edge(turns):
    """Guest 0 talks to the host; guest 1 comes to their side. Guest 0 turns to let it in, or does not."""

    def script(t, me, everybody, k):
        if k == 1:
            return *go(me, 7.4, 3.5, SOUTH), *NOTHING
        walk, turn = go(me, 6.8, 2.0, EAST + (0.75 if turns and t > 60 else 0.0))
        return walk, turn, 0, 1 if t % 20 < 10 else 0

    return script


def announces(keeps):
    """Points east and goes there, or takes a few steps back."""
    return lambda t, me, everybody, k: ((FORWARD if keeps else BACK) if 10 < t < 40 else STAY, STRAIGHT, POINT if 3 < t < 8 else 0, 0)


def greets(t, me, everybody, k):
    return STAY, STRAIGHT, WAVE if 40 <= t < 45 else 0, 0


CASES = {
    "personal_space": (visit(6.0), visit(7.35), stand),
    "personal_space_passing_strangers": (visit(6.0), visit(7.35), stand),
    "personal_space_talking_strangers": (visit(6.6), visit(7.3), speaks),
    "yielding": (aside, ahead, ahead),
    "cutting_in": (passes(2.2), passes(0.9), stand),
    "overtaking": (passes(2.2), passes(0.9), stand),
    "greeting_returned": (visit(5.0, hand=within(55, 60, WAVE)), visit(5.0), greets),
    "turn_taking": (visit(6.8, say=within(18, 35, 2, 40)), visit(6.8, say=within(60, 999, 2)), speaks),
    "turn_transfer": (visit(6.8, say=within(18, 35, 2, 40)), visit(6.8, say=within(5, 35, 2, 40)), speaks),
    "interruption": (visit(6.8, say=within(18, 35, 2, 40)), visit(6.8, say=within(5, 35, 2, 40)), speaks),
    "exclusion": (at_the_edge(True), at_the_edge(False), speaks),
    "promise_kept": (announces(True), announces(False), stand),
    "information_shared": (visit(5.0, say=lambda t: 1 + t // 20 % 8), visit(5.0, say=lambda t: 1), stand),
}
"""By metric: a polite guest, a rude one, and the host beside them."""
