"""What host and visitors sense; the observation tables in the card are printed from here."""

import math

import numpy as np

from avatarium.worlds.concierge.config import Config
from avatarium.worlds.concierge.state import HERE, KINDS, LOBBY, PLACES
from avatarium.worlds.core import eyes, people, proprioception, rays, speech
from avatarium.worlds.core.bodies import TOP_SPEED, TURN, WALK
from avatarium.worlds.core.geodesic import downhill
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell, centre
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.rng import SENSES, below, uniform
from avatarium.worlds.core.spec import Feature, Head, Role
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back

F = np.float32
TERMS = ("arrival", "failure", "progress", "collision", "time")
ARRIVAL, FAILURE, PROGRESS, COLLISION, TIME = range(len(TERMS))
HEADS = (WALK, TURN, speech.HAND, speech.SAY)
RECALL = Head("recall", ("keep", *PLACES))
WAY_COLUMNS = 3
WAY_CELLS = 2
"""How far ahead the host knows the direction of a way: 1 m of it."""
WAY_UNIT_DM = F(40)

HOST_TASK = (
    Feature("possible", len(KINDS), 0, 1, f"may be wished for: there is one, and insight says no other; {', '.join(KINDS)}", "task"),
    Feature("in_mind", LOBBY, 0, 1, "the place recalled last; as above, and the lobby", "task"),
    Feature(
        "way",
        WAY_COLUMNS,
        -1.01,
        1.01,
        "the way to it: where its next metre leads (inside: where its middle is), ahead and to the left; "
        "1 / (1 + its length in units of 4 m)",
        "task",
    ),
)
VISITOR_TASK = (
    Feature("wish", len(KINDS), 0, 1, "kind of room wished for: " + ", ".join(KINDS), "task"),
    Feature("patience", 1, 0, 1, "share of its time still to come", "task"),
    Feature("wishes_left", 1, 0, 1, "share of its wishes still to come, this one included", "task"),
)


def senses(config: Config) -> tuple[Feature, ...]:
    """What host and visitors alike sense: each meets as many others at most as there may be visitors at the same time."""
    others = config.at_once
    seen = (*people.features("1 = of the other role", others), *people.gesture_features(others))
    return (*rays.FEATURES, *seen, *speech.features(others), *proprioception.FEATURES)


def roles(config: Config) -> tuple[Role, ...]:
    """``host`` and ``visitor``."""
    return (
        Role("host", 1, (*senses(config), *HOST_TASK, *eyes.features(config)), (*HEADS, RECALL), TERMS),
        Role("visitor", config.visitors, (*senses(config), *VISITOR_TASK, *eyes.features(config)), HEADS, TERMS),
    )


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = "there, x, y (32 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), way left (100 m = 1), share of patience spent"
    return (
        Feature("avatars", 9 * (1 + config.visitors), -1.1, 2.1, f"each, the host first: {each}", "state"),
        Feature("wishes", len(KINDS) * config.visitors, 0, 1, "each visitor's: " + ", ".join(KINDS), "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@kernel
def look_around(state, episodes, config, out, i):
    """Fill the observations of everybody who is in environment ``i`` or has just left; zeros for the others."""
    k = observe(state, episodes, config, i, 0, out[0].observation[i, 0])
    tell_way(state, i, out[0].observation[i, 0, k:])
    for a in range(1, state.avatars.shape[1]):
        mine = out[1].observation[i, a - 1]
        if state.avatars[i, a].stage == HERE or out[1].termination[i, a - 1]:
            k = observe(state, episodes, config, i, a, mine)
            tell_wish(state.avatars[i, a], config, mine[k:])
        else:
            mine[:] = F(0)


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        stand(late, state.avatars, i, 0)
        k = observe(state, episodes, config[0], i, 0, out[0].observation[i, 0])
        tell_way(state, i, out[0].observation[i, 0, k:])
        fade(late, state.avatars, episodes.clock[i], i, 0)
        for a in range(1, state.avatars.shape[1]):
            stand(late, state.avatars, i, a)
            if state.avatars[i, a].stage == HERE or out[1].termination[i, a - 1]:
                k = observe(state, episodes, config[0], i, a, out[1].observation[i, a - 1])
                tell_wish(state.avatars[i, a], config[0], out[1].observation[i, a - 1, k:])
            fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)


@kernel
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` with what avatar ``a`` senses, in the order of ``senses``; returns how many numbers that are."""
    avatars, others, k = state.avatars[i], config.at_once, rays.SIZE
    rays.look(state.plan, avatars, i, a, out[:k])
    seen, heard = others * (people.COLUMNS + people.SHOWN), others * speech.COLUMNS
    people.look(state.plan, avatars, i, a, 1, out[k : k + seen], others)
    k += seen
    speech.hear(state.plan, avatars, i, a, out[k : k + heard], others)
    if config.confusion > F(0):
        confuse(episodes.stream, config, i, out[k : k + heard])
    k += heard
    proprioception.feel(avatars[a], F(1) - F(episodes.clock[i]) / F(config.episode_steps), out[k:])
    return k + proprioception.SIZE


@kernel
def confuse(stream, config, i, heard):
    """Replace a share of the words heard by others."""
    for k in range(0, heard.shape[0], speech.COLUMNS):
        if heard[k] == F(1) and uniform(stream, i, SENSES) < config.confusion:
            heard[k + 4 : k + speech.COLUMNS] = F(0)
            heard[k + 4 + below(stream, i, SENSES, speech.WORDS)] = F(1)


@kernel
def tell_way(state, i, out):
    """Which rooms may be wished for, which place the host has in mind, and direction and length of the way there."""
    me, narrowed = state.avatars[i, 0], all_known(state, i)
    out[: len(KINDS) + LOBBY + WAY_COLUMNS] = F(0)
    for kind in range(len(KINDS)):
        if state.room_of[i, kind] >= 0 and (not narrowed or wished(state, i, kind) > 0):
            out[kind] = F(1)
    place, k = me.mind - 1, len(KINDS) + LOBBY
    out[len(KINDS) + place] = F(1)
    r = state.room_of[i, place]
    if r >= 0:
        field, cx, cy = state.ways[i, place], cell(me.x), cell(me.y)
        out[k + 2] = F(1) / (F(1) + F(field[cy, cx]) / WAY_UNIT_DM)
        if field[cy, cx] == 0:
            cx, cy = (state.rooms[i, r].x0 + state.rooms[i, r].x1) // 2, (state.rooms[i, r].y0 + state.rooms[i, r].y1) // 2
        for _ in range(WAY_CELLS):
            cx, cy = downhill(field, cx, cy)
        dx, dy = centre(cx) - me.x, centre(cy) - me.y
        d = math.sqrt(dx * dx + dy * dy) + F(1e-3)
        out[k], out[k + 1] = ahead_left(me, dx / d, dy / d)


@kernel
def all_known(state, i):
    """Whether the host knows beforehand what everybody who is there wishes for, and somebody is."""
    here = 0
    for a in range(1, state.avatars.shape[1]):
        if state.avatars[i, a].stage == HERE:
            here += 1
            if state.avatars[i, a].known == 0:
                return False
    return here > 0


@kernel
def wished(state, i, kind):
    """How many of those who are there wish for this kind of room."""
    count = 0
    for a in range(1, state.avatars.shape[1]):
        if state.avatars[i, a].stage == HERE and state.avatars[i, a].wish == kind + 1:
            count += 1
    return count


@kernel
def tell_wish(me, config, out):
    """What a visitor wishes for, and for how long still."""
    out[: len(KINDS)] = F(0)
    out[me.wish - 1] = F(1)
    out[len(KINDS)] = F(1) - F(max(me.spent, 0)) / F(max(me.budget, 1))
    out[len(KINDS) + 1] = F(1) - F(me.settled) / F(config.wishes)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    count = state.avatars.shape[1]
    for i in range(start, stop):
        out[i] = F(0)
        for a in range(count):
            me, k = state.avatars[i, a], 9 * a
            if me.stage == HERE:
                out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3], out[i, k + 4] = F(1), me.x / F(32), me.y / F(32), me.cos, me.sin
                out[i, k + 5], out[i, k + 6] = me.vx / TOP_SPEED, me.vy / TOP_SPEED
                out[i, k + 7] = min(me.way * F(0.01), F(2))
                out[i, k + 8] = F(max(me.spent, 0)) / F(max(me.budget, 1))
                if a > 0:
                    out[i, 9 * count + len(KINDS) * (a - 1) + me.wish - 1] = F(1)
        out[i, 9 * count + len(KINDS) * (count - 1)] = F(episodes.clock[i]) / F(config[0].episode_steps)
