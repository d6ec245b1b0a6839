"""What walkers sense; the observation table in the card is printed from here."""

import math

import numpy as np

from avatarium.worlds.core import eyes, forecast, people, proprioception, rays
from avatarium.worlds.core.bodies import CONTROLS, TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.spec import Feature, Role
from avatarium.worlds.wayfinding.config import Config
from avatarium.worlds.wayfinding.level import KINDS

F = np.float32
TERMS = ("progress", "arrival", "collision", "intrusion", "time")
PROGRESS, ARRIVAL, COLLISION, INTRUSION, TIME = range(len(TERMS))
SIGNS = 1
PLATES = 3
PLATE_COLUMNS = 5 + len(KINDS)
PLATE_RANGE_M = F(8)

PATIENCE = Feature("patience", 1, 0, 1, "share of the journey's time still to come", "task")
COMPASS = (
    Feature("compass", 2, -1.01, 1.01, "direction of the destination as the crow flies, ahead and to the left", "task"),
    Feature("far", 1, 0, 1, "its straight distance; 40 m = 1", "task"),
    Feature("near", 1, 0, 1, "1 / (1 + its straight distance in m)", "task"),
    PATIENCE,
)
SIGNPOSTS = (
    Feature("wanted_kind", len(KINDS), 0, 1, "kind of the destination: " + ", ".join(KINDS), "task"),
    Feature("wanted_number", 1, 0, 1, "its number among rooms of that kind, over 8", "task"),
    Feature(
        "plates",
        PLATES * PLATE_COLUMNS,
        -1,
        1,
        "the 3 nearest door plates in sight within 8 m, nearest first, each: present, place ahead and to the left (8 m = 1), "
        "is the destination's, number over 8, kind",
        "task",
    ),
    PATIENCE,
)


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``."""
    task = SIGNPOSTS if config.guidance == "signs" else COMPASS
    seen = people.features("1 = one of the crowd, 0 = a walker")
    return (*rays.FEATURES, *seen, *forecast.feature(config.forecast), *proprioception.FEATURES, *task, *eyes.features(config))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``walker``."""
    return (Role("walker", config.walkers, features(config), (WALK, TURN), TERMS, CONTROLS if config.control == "continuous" else ()),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = (
        "x, y (32 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), destination x, y (32 m = 1), way left (100 m = 1), patience left"
    )
    return (
        Feature("avatars", 10 * (config.walkers + config.crowd), -1.1, 2.1, f"each: {each}", "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@kernel
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what walker ``a`` of environment ``i`` senses, in the order of ``features``."""
    me, nearby = state.avatars[i, a], out[rays.SIZE : rays.SIZE + people.SIZE]
    rays.look(state.plan, state.avatars[i], i, a, out[: rays.SIZE])
    found = people.find(state.plan, state.avatars[i], i, a, nearby)
    k = rays.SIZE + people.SIZE
    if config.forecast.model != forecast.NONE:  # while ``nearby`` says who they are
        forecast.tell(state.tracks, i, me, nearby, found, out[k : k + forecast.SIZE])
        k += forecast.SIZE
    people.tell(state.avatars[i], a, found, config.walkers, nearby)
    proprioception.feel(me, F(1) - F(episodes.clock[i]) / F(config.episode_steps), out[k:])
    k += proprioception.SIZE
    if config.guidance == SIGNS:
        read_signs(state, i, me, out[k:])
    else:
        read_compass(me, out[k:])


@inlined
def patience(me):
    """Share of the journey's time that is left."""
    return F(1) - F(me.spent) / F(max(me.budget, 1))


@kernel
def read_compass(me, out):
    """Direction and straight distance of the destination."""
    x, y = me.goal_x - me.x, me.goal_y - me.y
    d = math.sqrt(x * x + y * y) + F(1e-6)
    out[0], out[1] = ahead_left(me, x / d, y / d)
    out[2], out[3], out[4] = min(d * F(0.025), F(1)), F(1) / (F(1) + d), patience(me)


@kernel
def read_signs(state, i, me, out):
    """What is sought, and the plates in sight: a door shows, to either side, the plate of the room behind it."""
    out[:] = F(0)
    goal = state.rooms[i, me.goal_room]
    out[goal.kind - 1], out[len(KINDS)] = F(1), F(goal.number) * F(0.125)
    k = len(KINDS) + 1
    floor_d2, found = F(0), 0
    while found < PLATES:
        best, best_d2 = -1, PLATE_RANGE_M * PLATE_RANGE_M
        for d in range(state.num_doors[i]):
            x, y = state.doors[i, d].x - me.x, state.doors[i, d].y - me.y
            d2 = x * x + y * y
            if floor_d2 < d2 < best_d2:
                best, best_d2 = d, d2
        if best < 0:
            break
        floor_d2 = best_d2
        found += read_plate(state, i, me, state.doors[i, best], goal, out, k + found * PLATE_COLUMNS)
    out[k + PLATES * PLATE_COLUMNS] = patience(me)


@kernel
def read_plate(state, i, me, door, goal, out, k):
    """Write one plate's columns from ``out[k]`` on; returns 1, or 0 when the door is out of sight or leads to a corridor."""
    above = me.y > door.y if door.along_x == 1 else me.x > door.x
    r = door.behind if above else door.ahead
    if r < 0 or state.rooms[i, r].kind == 0 or not in_sight(state.plan, i, me.x, me.y, door.x, door.y, F(0)):
        return 0
    room = state.rooms[i, r]
    out[k] = F(1)
    out[k + 1], out[k + 2] = ahead_left(me, (door.x - me.x) / PLATE_RANGE_M, (door.y - me.y) / PLATE_RANGE_M)
    out[k + 3] = F(1) if room.kind == goal.kind and room.number == goal.number else F(0)
    out[k + 4], out[k + 4 + room.kind] = F(room.number) * F(0.125), F(1)
    return 1


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    for i in range(start, stop):
        for a in range(state.avatars.shape[1]):
            me, k = state.avatars[i, a], 10 * a
            out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3] = me.x / F(32), me.y / F(32), me.cos, me.sin
            out[i, k + 4], out[i, k + 5] = me.vx / TOP_SPEED, me.vy / TOP_SPEED
            out[i, k + 6], out[i, k + 7] = me.goal_x / F(32), me.goal_y / F(32)
            out[i, k + 8], out[i, k + 9] = min(me.way * F(0.01), F(2)), patience(me)
        out[i, 10 * state.avatars.shape[1]] = F(episodes.clock[i]) / F(config[0].episode_steps)
