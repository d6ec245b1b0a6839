"""How wayfinding goes on, top to bottom: everyone moves, journeys are paid and renewed, everyone looks around."""

import math

import numpy as np

from avatarium.worlds.core import bodies, contact, forecast, geodesic
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.proprioception import leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back
from avatarium.worlds.wayfinding.guide import choose
from avatarium.worlds.wayfinding.journeys import arrived, delay_s, efficiency, set_out, settle
from avatarium.worlds.wayfinding.level import generate
from avatarium.worlds.wayfinding.observe import ARRIVAL as ARRIVAL_TERM
from avatarium.worlds.wayfinding.observe import COLLISION, INTRUSION, PROGRESS, TIME, observe

F = np.float32
EVENTS = (
    EventKind("arrival", "a walker reached its destination", "shortest walk over walk made, at most 1 (the term of SPL)"),
    EventKind("failure", "a walker's journey took too long", "metres that were left"),
    EventKind("journey_time", "a walker reached its destination", "seconds it took"),
    EventKind("crowd_arrival", "one of the crowd reached its destination", "seconds beyond a walk at top speed"),
    EventKind("wall_contact", "an avatar came into contact with a box"),
    contact.COLLISION,
    contact.INTRUSION,
)
ARRIVAL, FAILURE, JOURNEY_TIME, CROWD_ARRIVAL, WALL_CONTACT, COLLIDED, INTRUDED = range(len(EVENTS))


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            state.avatars[i].present[:] = 0
            for a in range(state.avatars.shape[1]):
                settle(state, episodes, i, a)
                set_out(state, episodes, config[0], i, a, LEVEL)
            out[0].present[i] = True
            forecast.begin(state.tracks, state.avatars[i], i)
            forecast.follow(state.tracks, state.avatars[i], i, episodes.clock[i])
            look_around(state, episodes, config[0], out[0], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for a in range(state.avatars.shape[1]):
                act(state, episodes, config[0], actions[0], out[0], log, i, a)
            for a in range(state.avatars.shape[1]):
                travel(state, episodes, config[0], out[0], log, i, a)
            respect(state, config[0], out[0], log, i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            forecast.follow(state.tracks, state.avatars[i], i, episodes.clock[i])
            look_around(state, episodes, config[0], out[0], i)
    return ended


@kernel
def act(state, episodes, config, actions, out, log, i, k):
    """One avatar walks and turns; who is first changes from step to step. Contacts that begin are noted."""
    avatars = state.avatars[i]
    a = (k + episodes.clock[i]) % avatars.shape[0]
    me = avatars[a]
    if a < config.walkers:
        bodies.steer(me, actions[i, a], config.control == 1)
    else:
        walk, turned = choose(state, i, a, config.custom)
        bodies.choose(me, walk, turned)
    was_at_wall, x, y = me.at_wall, me.x, me.y
    touched = bodies.move(state.plan, avatars, i, a)
    me.walked_m += math.sqrt((me.x - x) * (me.x - x) + (me.y - y) * (me.y - y))
    if me.at_wall == 1 and was_at_wall == 0:
        emit(log, i, WALL_CONTACT, a, -1, F(1))
    if (touched | me.touching) != np.uint32(0):
        me.touching = contact.contacts(avatars, log, i, a, touched, COLLIDED)
    if a < config.walkers:
        cost = F(config.rewards.collision)
        pay(out, i, a, COLLISION, cost if touched != np.uint32(0) else (F(0.2) * cost if me.at_wall == 1 else F(0)))


@kernel
def travel(state, episodes, config, out, log, i, a):
    """Pay for the way made good; end a journey that arrived or took too long, and begin the next."""
    me = state.avatars[i, a]
    way = geodesic.distance(state.ways[i, a], me.x, me.y)
    made, me.way = me.way - way, way
    me.spent += 1
    leave_trail(me)
    walker, there = a < config.walkers, arrived(state, i, a)
    if walker:
        pay(out, i, a, PROGRESS, F(config.rewards.progress) * made)
        pay(out, i, a, TIME, F(config.rewards.time))
        if there:
            pay(out, i, a, ARRIVAL_TERM, F(config.rewards.arrival))
            emit(log, i, ARRIVAL, a, -1, efficiency(me))
            emit(log, i, JOURNEY_TIME, a, -1, F(me.spent) * bodies.STEP_S)
        elif me.spent >= me.budget:
            emit(log, i, FAILURE, a, -1, way)
    elif there:
        emit(log, i, CROWD_ARRIVAL, a, -1, delay_s(me))
    if there or me.spent >= me.budget:
        set_out(state, episodes, config, i, a, RULES)


@kernel
def respect(state, config, out, log, i):
    """Note and charge each step that a walker spends nearer than the intimate distance to somebody on the same side of the walls."""
    for a in range(config.walkers):
        b = contact.intruded(state.plan, state.avatars[i], i, a)
        if b >= 0:
            pay(out, i, a, INTRUSION, F(config.rewards.intrusion))
            emit(log, i, INTRUDED, a, b, F(1))


@kernel
def look_around(state, episodes, config, out, i):
    """Fill the observations of all walkers of environment ``i``."""
    for a in range(config.walkers):
        observe(state, episodes, config, i, a, out.observation[i, a])


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        for a in range(config[0].walkers):
            stand(late, state.avatars, i, a)
            observe(state, episodes, config[0], i, a, out[0].observation[i, a])
            fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)
