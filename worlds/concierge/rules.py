"""How concierge goes on, top to bottom: visitors come, everyone moves and speaks, wishes are settled, everyone looks around."""

import numpy as np

from avatarium.worlds.concierge.level import generate
from avatarium.worlds.concierge.observe import ARRIVAL, COLLISION, FAILURE, PROGRESS, TIME, look_around
from avatarium.worlds.concierge.state import ABSENT, GONE, HERE, LOBBY
from avatarium.worlds.concierge.wishes import come_in, efficiency, fulfilled, leave, wish
from avatarium.worlds.core import bodies, contact, geodesic, speech
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.proprioception import leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES
from avatarium.worlds.core.spec import EventKind

F = np.float32

EVENTS = (
    EventKind(
        "arrival",
        "a visitor (who) saw what it wished for, helped or not by the host (whom)",
        "time of the shortest walk over time taken, at most 1",
    ),
    EventKind("failure", "a visitor (who) gave a wish up; whom is the host", "metres that were left"),
    EventKind("entered", "a visitor came into the building, later than at the beginning"),
    EventKind("left", "a visitor left", "wishes that were fulfilled or given up"),
    EventKind("said", "a visitor said a word (once per word, not per step)", "the word, 1 to 16"),
    contact.COLLISION,
    contact.INTRUSION,
)
FULFILLED, GIVEN_UP, ENTERED, LEFT, SAID, COLLIDED, INTRUDED = range(len(EVENTS))


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            for a in range(state.avatars.shape[1]):
                me = state.avatars[i, a]
                me.present, me.stage, me.comes, me.settled, me.wish = 0, ABSENT, -1, 0, 0
                me.mind = LOBBY
                me.word, me.gesture, me.spent, me.budget, me.way, me.oracle = 0, 0, 0, 0, F(0), F(0)
            come_in(state, episodes.stream, i, 0, LEVEL)
            for a in range(1, 1 + min(config[0].at_once, config[0].visitors)):
                if come_in(state, episodes.stream, i, a, LEVEL):
                    wish(state, episodes.stream, config[0], i, a)
                else:
                    state.avatars[i, a].comes = 1
            note_presence(state, out, i)
            look_around(state, episodes, config[0], out, i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns in how many somebody's episode ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            clear(out[1], i)
            for k in range(state.avatars.shape[1]):
                a = (k + episodes.clock[i]) % state.avatars.shape[1]
                if state.avatars[i, a].stage == HERE:
                    act(state, config[0], actions[0][i, 0] if a == 0 else actions[1][i, a - 1], out, log, i, a)
            episodes.clock[i] += 1
            receive(state, episodes, config[0], log, i)
            left = False
            for a in range(1, state.avatars.shape[1]):
                if state.avatars[i, a].stage == HERE:
                    left |= serve(state, episodes, config[0], out, log, i, a)
            close(state, episodes, config[0], out, i)
            ended += 1 if left or episodes.over[i] else 0
            note_presence(state, out, i)
            look_around(state, episodes, config[0], out, i)
    return ended


@kernel
def act(state, config, action, out, log, i, a):
    """One avatar walks, turns, signs and speaks, and the host recalls a way; who is first changes from step to step."""
    avatars, mine = state.avatars[i], out[min(a, 1)]
    me, said, row = avatars[a], avatars[a].word, max(a - 1, 0)
    bodies.choose(me, int(action[0]), int(action[1]))
    speech.gesticulate(me, int(action[2]))
    speech.utter(me, int(action[3]))
    touched = bodies.move(state.plan, avatars, i, a)
    leave_trail(me)
    if a == 0:
        me.mind = int(action[4]) if 0 < action[4] <= LOBBY else me.mind
    elif me.word != 0 and me.word != said:
        emit(log, i, SAID, a, -1, F(me.word))
    if (touched | me.touching) != np.uint32(0):
        me.touching = contact.contacts(avatars, log, i, a, touched, COLLIDED)
    b = contact.intruded(state.plan, avatars, i, a)
    if b >= 0:
        emit(log, i, INTRUDED, a, b, F(1))
    cost = F(config.rewards.collision)
    pay(mine, i, row, COLLISION, cost if touched != np.uint32(0) else (F(0.2) * cost if me.at_wall == 1 else F(0)))
    pay(mine, i, row, TIME, F(config.rewards.time))


@kernel
def receive(state, episodes, config, log, i):
    """Let visitors in whose time has come, as long as there is room in the lobby."""
    for a in range(1, state.avatars.shape[1]):
        me = state.avatars[i, a]
        if me.stage == ABSENT and 0 <= me.comes <= episodes.clock[i] and come_in(state, episodes.stream, i, a, RULES):
            wish(state, episodes.stream, config, i, a)
            emit(log, i, ENTERED, a, -1, F(1))
            me.spent = -1  # it has not acted yet


@kernel
def serve(state, episodes, config, out, log, i, a):
    """Pay host and visitor for the way made good; settle a wish that is fulfilled or given up; returns whether the visitor left then."""
    me, rewards = state.avatars[i, a], config.rewards
    way = geodesic.distance(state.ways[i, me.wish - 1], me.x, me.y)
    made, me.way = me.way - way, way
    me.spent += 1
    share(out, i, a, PROGRESS, F(rewards.progress) * made)
    there = fulfilled(state, i, a)
    if there:
        share(out, i, a, ARRIVAL, F(rewards.arrival))
        emit(log, i, FULFILLED, a, 0, efficiency(me))
    elif me.spent >= me.budget:
        share(out, i, a, FAILURE, F(rewards.failure))
        emit(log, i, GIVEN_UP, a, 0, way)
    if there or me.spent >= me.budget:
        me.settled += 1
        if me.settled >= config.wishes:
            leave(state, episodes.stream, config, episodes.clock[i], i, a)
            out[1].termination[i, a - 1] = True
            emit(log, i, LEFT, a, -1, F(me.settled))
            return True
        wish(state, episodes.stream, config, i, a)
    return False


@kernel
def share(out, i, a, term, amount):
    """Pay the host and visitor ``a`` alike."""
    pay(out[0], i, 0, term, amount)
    pay(out[1], i, a - 1, term, amount)


@kernel
def close(state, episodes, config, out, i):
    """End the episode when time is up, or when the last visitor has left."""
    waiting = False
    for a in range(1, state.avatars.shape[1]):
        waiting |= state.avatars[i, a].stage != GONE
    late = episodes.clock[i] >= config.episode_steps
    if waiting and not late:
        return
    episodes.over[i] = True
    out[0].termination[i, 0], out[0].truncation[i, 0] = not waiting, waiting
    for a in range(1, state.avatars.shape[1]):
        out[1].truncation[i, a - 1] = state.avatars[i, a].stage == HERE


@kernel
def note_presence(state, out, i):
    """Tell who is there."""
    out[0].present[i, 0] = True
    for a in range(1, state.avatars.shape[1]):
        out[1].present[i, a - 1] = state.avatars[i, a].stage == HERE
