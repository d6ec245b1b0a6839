"""What visitors sense; the observation table in the card is printed from here."""

import math

import numpy as np

from avatarium.worlds.core import eyes, people, proprioception, rays, speech
from avatarium.worlds.core.bodies import TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.spec import Feature, Role
from avatarium.worlds.museum.config import Config
from avatarium.worlds.museum.exhibits import FACES, KINDS, LOOP, MACHINE_TABLE, NOISE, PICTURE, THEMES
from avatarium.worlds.museum.looking import FIELD_COS, SIGHT_M, bit
from avatarium.worlds.museum.opening import is_right, presser
from avatarium.worlds.museum.state import BRICKED, SHOWCASE, VAULT, WING

F, U = np.float32, np.uint32
TERMS = ("discovery", "face", "interest", "guide")
DISCOVERY, FACE_TERM, INTEREST, GUIDE = range(len(TERMS))
NEAREST = 3
COLUMNS = 3 + len(KINDS) + len(THEMES) + PICTURE
EXHIBITS_SIZE = NEAREST * COLUMNS
DOOR_SIZE = 8 + 2 * PICTURE
PLATES_SIZE = 8
ASIDE_M = F(0.3)
"""One looks at a door from so far before it that its own gate does not hide it."""

EXHIBITS = Feature(
    "exhibits",
    EXHIBITS_SIZE,
    -1,
    1,
    f"the {NEAREST} nearest in sight within 8 m, nearest first, each: present, place ahead and to the left (8 m = 1), "
    f"looks like a {', '.join(KINDS)}, share of {', '.join(THEMES)} in what it is about, the {PICTURE} numbers of the face it shows now",
    "sight",
)
DOOR = Feature(
    "door",
    DOOR_SIZE,
    -1,
    1,
    "the nearest door in sight within 8 m that is not like the others: present, place ahead and to the left (8 m = 1), stands open, is of "
    "glass, belongs to plates, two lamps of the wing's that burn when a machine shows what is asked for; the two faces that it asks for, "
    f"{PICTURE} numbers each",
    "doors",
)
PLATES = Feature(
    "plates", PLATES_SIZE, -1, 1, "the two plates, each: in sight, place ahead and to the left (8 m = 1), somebody stands on it", "doors"
)
MEMORY = Feature(
    "memory", 2 * NEAREST, 0, 1, "of the same exhibits in the same order, each: has seen it, own level of interest in it so far", "own"
)
TASTE = Feature("taste", len(THEMES), 0, 1, f"own interest in {', '.join(THEMES)}", "own")


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``; the own taste is sensed where interest is paid."""
    more = ((MEMORY,) if config.memory else ()) + ((TASTE,) if config.rewards.interest > 0 else ())
    seen = people.features("1 = one of the crowd, 0 = a visitor")
    return (
        *rays.FEATURES,
        *seen,
        *people.gesture_features(),
        *proprioception.FEATURES,
        EXHIBITS,
        DOOR,
        PLATES,
        *more,
        *eyes.features(config),
    )


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``visitor``."""
    return (Role("visitor", config.visitors, features(config), (WALK, TURN, speech.HAND), TERMS),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = "x, y (32 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), share of the exhibits seen"
    return (
        Feature("avatars", 7 * (config.visitors + config.crowd), -1.1, 1.1, f"each: {each}", "state"),
        Feature("doors", 4, 0, 1, "the wing stands open, the vault does, the wing's two lamps", "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@inlined
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what visitor ``a`` of environment ``i`` senses, in the order of ``features``."""
    me, bodies = state.avatars[i, a], state.avatars[i]
    rays.look(state.plan, bodies, i, a, out[: rays.SIZE])
    k = rays.SIZE + people.SIZE + people.GESTURES
    people.look(state.plan, bodies, i, a, config.visitors, out[rays.SIZE : k])
    proprioception.feel(me, F(1) - F(episodes.clock[i]) / F(config.episode_steps), out[k:])
    k += proprioception.SIZE
    memory = k + EXHIBITS_SIZE + DOOR_SIZE + PLATES_SIZE
    see_exhibits(state, config, i, a, out, k, memory)
    see_door(state, i, me, out[k + EXHIBITS_SIZE : k + EXHIBITS_SIZE + DOOR_SIZE])
    see_plates(state, i, me, out[k + EXHIBITS_SIZE + DOOR_SIZE : memory])
    if config.rewards.interest > F(0):
        k = memory + (2 * NEAREST if config.memory else 0)
        for t in range(len(THEMES)):
            out[k + t] = state.tastes[i, a, t]


@inlined
def see_exhibits(state, config, i, a, out, k, memory):
    """The nearest exhibits in sight, from ``out[k]`` on; what is remembered of them from ``out[memory]`` on."""
    me, taken = state.avatars[i, a], U(0)
    out[k : k + EXHIBITS_SIZE] = F(0)
    if config.memory:
        out[memory : memory + 2 * NEAREST] = F(0)
    for place in range(NEAREST):
        best, best_d2 = -1, F(1e9)
        for e in range(state.num_exhibits[i]):
            if (me.sight & ~taken & bit(e)) != U(0):
                dx, dy = state.exhibits[i, e].x - me.x, state.exhibits[i, e].y - me.y
                if dx * dx + dy * dy < best_d2:
                    best, best_d2 = e, dx * dx + dy * dy
        if best < 0:
            return
        taken |= bit(best)
        describe(state, i, me, best, out, k + place * COLUMNS)
        if config.memory:
            out[memory + 2 * place] = F(1) if (me.seen & bit(best)) != U(0) else F(0)
            out[memory + 2 * place + 1] = state.interest[i, a, best]


@inlined
def describe(state, i, me, e, out, k):
    """Write the columns of one exhibit from ``out[k]`` on."""
    exhibit = state.exhibits[i, e]
    out[k] = F(1)
    out[k + 1], out[k + 2] = ahead_left(me, (exhibit.x - me.x) / SIGHT_M, (exhibit.y - me.y) / SIGHT_M)
    out[k + 3 + (NOISE if exhibit.kind == LOOP else exhibit.kind)] = F(1)
    for t in range(len(THEMES)):
        out[k + 3 + len(KINDS) + t] = state.themes[i, e, t]
    for p in range(PICTURE):
        out[k + 3 + len(KINDS) + len(THEMES) + p] = brightness(state.pictures[i, e, p])


@kernel
def brightness(value):
    """A number of a picture, 0 to 255, in [-1, 1]."""
    return F(value) * F(1 / 127.5) - F(1)


@inlined
def in_field(me, x, y):
    """Squared distance of a point in the field of view; -1 for one beyond it."""
    dx, dy = x - me.x, y - me.y
    d2 = dx * dx + dy * dy
    inside = d2 < SIGHT_M * SIGHT_M and dx * me.cos + dy * me.sin > FIELD_COS * math.sqrt(d2)
    return d2 if inside else F(-1)


@inlined
def see_door(state, i, me, out):
    """The nearest door in sight that has a gate."""
    out[:] = F(0)
    nearer = F(-1)
    while True:
        best, best_d2 = -1, SIGHT_M * SIGHT_M
        for g in range(state.num_gates[i]):
            d2 = in_field(me, state.gates[i, g].x, state.gates[i, g].y)
            if nearer < d2 < best_d2 and d2 >= F(0) and state.gates[i, g].sort != BRICKED:
                best, best_d2 = g, d2
        if best < 0:
            return
        nearer, gate = best_d2, state.gates[i, best]
        along_x = gate.cy0 == gate.cy1
        x = gate.x if along_x else gate.x + (ASIDE_M if me.x > gate.x else -ASIDE_M)
        y = gate.y + (ASIDE_M if me.y > gate.y else -ASIDE_M) if along_x else gate.y
        if in_sight(state.plan, i, me.x, me.y, x, y, F(0)):
            describe_door(state, i, me, best, out)
            return


@inlined
def describe_door(state, i, me, g, out):
    """Write the columns of one door."""
    gate = state.gates[i, g]
    out[0] = F(1)
    out[1], out[2] = ahead_left(me, (gate.x - me.x) / SIGHT_M, (gate.y - me.y) / SIGHT_M)
    out[3] = F(state.opened[i, g])
    out[4], out[5] = F(1) if gate.sort == SHOWCASE else F(0), F(1) if gate.sort == VAULT else F(0)
    if gate.sort == WING:
        for k in range(2):
            key = state.keys[i, k]
            out[6 + k] = F(1) if is_right(state, i, k) else F(0)
            row = state.exhibits[i, key.exhibit].kind * FACES + key.face
            for p in range(PICTURE):
                out[8 + PICTURE * k + p] = brightness(MACHINE_TABLE[row, p])


@inlined
def see_plates(state, i, me, out):
    """Those of the two plates that are in sight."""
    out[:] = F(0)
    for k in range(2):
        x, y = state.plates[i, k, 0], state.plates[i, k, 1]
        if x > F(0) and in_field(me, x, y) >= F(0) and in_sight(state.plan, i, me.x, me.y, x, y, F(0)):
            out[4 * k] = F(1)
            out[4 * k + 1], out[4 * k + 2] = ahead_left(me, (x - me.x) / SIGHT_M, (y - me.y) / SIGHT_M)
            out[4 * k + 3] = F(1) if presser(state, i, k) >= 0 else F(0)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    for i in range(start, stop):
        count = state.avatars.shape[1]
        for a in range(count):
            me, k, seen = state.avatars[i, a], 7 * a, 0
            for e in range(state.num_exhibits[i]):
                seen += 1 if (me.seen & bit(e)) != U(0) else 0
            out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3] = me.x / F(32), me.y / F(32), me.cos, me.sin
            out[i, k + 4], out[i, k + 5] = me.vx / TOP_SPEED, me.vy / TOP_SPEED
            out[i, k + 6] = F(seen) / F(max(state.num_exhibits[i], 1))
        k = 7 * count
        out[i, k : k + 4] = F(0)
        for g in range(state.num_gates[i]):
            sort = state.gates[i, g].sort
            if sort in (WING, VAULT) and state.opened[i, g] == 1:
                out[i, k + (0 if sort == WING else 1)] = F(1)
        if config[0].wing:
            for key in range(2):
                out[i, k + 2 + key] = F(1) if is_right(state, i, key) else F(0)
        out[i, k + 4] = F(episodes.clock[i]) / F(config[0].episode_steps)
