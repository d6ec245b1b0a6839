"""What pickers sense; the observation table in the card is printed from here."""

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.state import TRAITS
from avatarium.worlds.core import eyes, people, polar, proprioception, rays, whiskers
from avatarium.worlds.core.bodies import CONTROLS, RADIUS_M, TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.spec import Feature, Role
from avatarium.worlds.core.speech import HAND

F = np.float32

TERMS = ("meal", "fine", "fining", "shared")
MEAL, FINE, FINING, SHARED = range(len(TERMS))
REACH_M = F(1)
NARROW = F(0.5)
"""Cosine of how far to the side one reaches."""
SHOWN, COLUMNS = 3, 4
RANGE_M = polar.BORDERS_M[-1]
PART = F(0.125)
"""Trees are counted in eighths."""
MAP, NEXT = 2 * polar.SIZE, SHOWN * COLUMNS
FRUIT = MAP + NEXT + 2
MOST, TICKS, FAR = np.int32(512), F(1e4), np.int32(2**31 - 1)
"""Keys of fruits: more trees than there can be, ticks per square metre, and the key of nothing."""
WITHIN = np.int32(REACH_M * REACH_M * TICKS) * MOST
"""The key from which on fruit is out of reach."""
APART = 9
"""About as many as the trees of a patch."""
REPUTATION = people.NEAREST * (TRAITS - 1)
PEOPLE = people.SIZE + people.GESTURES + REPUTATION
OWN = 6

_BINS = f"in {polar.SECTORS} sectors, counter-clockwise from the one ahead, of 3 rings (2, 5 and 10 m), the innermost first; 8 or more = 1"
TREES = (
    Feature("ripe", polar.SIZE, 0, 1, f"trees with fruit that one may eat, {_BINS}", "fruit"),
    Feature("bare", polar.SIZE, 0, 1, "trees without, likewise", "fruit"),
    Feature(
        "next_fruit",
        NEXT,
        -1,
        1,
        f"the {SHOWN} nearest fruits within 10 m, each: present, place ahead and to the left (10 m = 1), ripe trees within 2 m of it (8 or "
        "more = 1)",
        "fruit",
    ),
    Feature("within_reach", 2, 0, 1, "whether use would eat a fruit now, and ripe trees within 2 m of that one (8 or more = 1)", "fruit"),
)
OTHERS = (
    *people.features("1 = in time-out after a fine"),
    *people.gesture_features(),
    Feature(
        "reputation",
        REPUTATION,
        0,
        1,
        "of the same avatars in the same order, each: share of its last meals taken where less than 3 ripe trees were around (leaky mean "
        "over 5 meals), fines received of late (fades over 20 s); zeros without the setting reputation",
        "people",
    ),
)
SELF = (
    Feature("hunger", 1, 0, 1, "1 = can eat, less while still chewing", "task"),
    Feature("cooling", 1, 0, 1, "share of the time until it may fine again", "task"),
    Feature("held", 1, 0, 1, "share of its time-out that is left", "task"),
    Feature("plenty", 1, 0, 1, "meals per second of late (leaky mean over 10 s); 2 = 1", "task"),
    Feature("own_reputation", 2, 0, 1, "what others would see of it with the setting reputation", "task"),
)


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``."""
    found = (*TREES, *OTHERS, *whiskers.FEATURES, *proprioception.FEATURES, *SELF)
    return (*found, *(rays.FEATURES if config.fan else ()), *eyes.features(config))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``picker``."""
    controls = (*CONTROLS, "hand") if config.control == "continuous" else ()
    return (Role("picker", config.pickers, features(config), (WALK, TURN, HAND), TERMS, controls),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = "x, y (32 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), time-out left, reputation (2)"
    return (
        Feature("pickers", 9 * config.pickers, -1.1, 1.1, f"each: {each}", "state"),
        Feature("patches", 4 * config.patches, 0, 1, "each: x, y (32 m = 1), ripe trees, trees (32 = 1); zeros for none", "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@inlined
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what picker ``a`` of environment ``i`` senses, in the order of ``features``."""
    me = state.avatars[i, a]
    look_at_trees(state, i, me, out[:FRUIT])
    k = FRUIT
    people.look_closely(state.plan, state.avatars[i], i, a, state.traits[i], out[k : k + PEOPLE])
    k += PEOPLE
    whiskers.feel(state.plan, i, me, out[k : k + whiskers.SIZE])
    k += whiskers.SIZE
    proprioception.feel(me, F(1) - F(episodes.clock[i]) / F(config.episode_steps), out[k:])
    k += proprioception.SIZE
    out[k] = F(1) - F(me.chewing) / F(max(config.chew_steps, 1))
    out[k + 1] = F(me.cooling) / F(max(config.cooldown_steps, 1))
    out[k + 2] = min(F(me.held) / F(max(config.timeout_steps, 1)), F(1))
    out[k + 3] = min(F(0.5) * me.plenty, F(1))
    out[k + 4], out[k + 5] = me.greed, me.blame
    if config.fan:
        rays.look(state.plan, state.avatars[i], i, a, out[k + OWN :])


@inlined
def look_at_trees(state, i, me, out):
    """Fill ``out`` [FRUIT]: the map of trees, the nearest fruits, and what is within reach, which becomes ``me.meal``.

    Trees of others count for nothing.
    """
    count, bins, keys, xs, ys = state.num_trees[i], state.bins[i], state.keys[i], state.trees[i, 0], state.trees[i, 1]
    polar.sort(me, xs, ys, count, bins)
    weigh(me, xs, ys, state.ripe[i], state.owner[i], count, bins, keys)
    out[:] = F(0)
    for first in range(APART):  # trees side by side in the list mostly share an element, and additions to one wait for one another
        for t in range(first, count, APART):
            out[bins[t]] += PART
    for k in range(MAP):
        out[k] = min(out[k], F(1))
    out[MAP], me.meal = F(0), -1
    found, key = 0, smallest(keys, count, np.int32(-1))
    while key < FAR and (found < SHOWN or (me.meal < 0 and key < WITHIN)):
        t = key % MOST
        x, y, around = xs[t] - me.x, ys[t] - me.y, min(PART * F(state.near[i, t]), F(1))
        ahead, left = ahead_left(me, x, y)
        if found < SHOWN:
            k = MAP + found * COLUMNS
            out[k], out[k + 1], out[k + 2], out[k + 3] = F(1), ahead / RANGE_M, left / RANGE_M, around
        d2 = x * x + y * y
        if me.meal < 0 and key < WITHIN and ((ahead > F(0) and ahead * ahead >= NARROW * NARROW * d2) or d2 < RADIUS_M * RADIUS_M):
            me.meal = t
            out[MAP + NEXT], out[MAP + NEXT + 1] = F(1), around
        found += 1
        key = smallest(keys, count, key)


@inlined
def weigh(me, xs, ys, ripe, owner, count, bins, keys):
    """Turn the bins of trees into elements of the map, and give each fruit that may be eaten a key that grows with its distance.

    What has no place on the map gets ``MAP``; keys hold the number of the tree, and are ``FAR`` where there is no fruit within 10 m. The
    loops have no branches, so that they vectorise.
    """
    x, y, plot = me.x, me.y, me.plot
    for t in range(count):
        keep = (bins[t] < polar.SIZE) & (owner[t] == plot)
        element = bins[t] + np.int32(polar.SIZE) * (np.int32(1) - np.int32(ripe[t]))
        bins[t] = element if keep else np.int32(MAP)
    for t in range(count):
        dx, dy = xs[t] - x, ys[t] - y
        d2 = dx * dx + dy * dy
        key = np.int32(min(d2, RANGE_M * RANGE_M) * TICKS) * MOST + np.int32(t)
        keys[t] = key if (d2 < RANGE_M * RANGE_M) & (owner[t] == plot) & (ripe[t] == 1) else FAR


@kernel
def smallest(keys, count, above):
    """The smallest of the first ``count`` of ``keys`` that is larger than ``above``."""
    found = FAR
    for t in range(count):
        found = min(found, keys[t] if keys[t] > above else FAR)
    return found


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    for i in range(start, stop):
        pickers, k = state.avatars.shape[1], 0
        for a in range(pickers):
            me = state.avatars[i, a]
            out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3] = me.x / F(32), me.y / F(32), me.cos, me.sin
            out[i, k + 4], out[i, k + 5] = me.vx / TOP_SPEED, me.vy / TOP_SPEED
            out[i, k + 6] = min(F(me.held) / F(max(config[0].timeout_steps, 1)), F(1))
            out[i, k + 7], out[i, k + 8] = me.greed, me.blame
            k += 9
        out[i, k:] = F(0)
        for p in range(state.num_rooms[i]):
            patch = state.rooms[i, p]
            out[i, k] = F(patch.x0 + patch.x1 + 1) * F(0.5) * CELL_M / F(32)
            out[i, k + 1] = F(patch.y0 + patch.y1 + 1) * F(0.5) * CELL_M / F(32)
            ripe = 0
            for t in range(patch.first, patch.first + patch.count):
                ripe += state.ripe[i, t]
            out[i, k + 2], out[i, k + 3] = F(ripe) / F(32), F(patch.count) / F(32)
            k += 4
        out[i, out.shape[1] - 1] = F(episodes.clock[i]) / F(config[0].episode_steps)
