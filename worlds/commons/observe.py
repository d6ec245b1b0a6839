"""What pickers sense; the observation table in the card is printed from here."""

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.state import TRAITS
from avatarium.worlds.core import people, polar, proprioception, rays, whiskers
from avatarium.worlds.core.bodies import CONTROLS, RADIUS_M, TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import kernel
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
REPUTATION = people.NEAREST * (TRAITS - 1)
PEOPLE = people.SIZE + people.GESTURES + REPUTATION
OWN = 7

_BINS = f"in {polar.SECTORS} sectors, counter-clockwise from the one ahead, of 3 rings (2, 5 and 10 m), the innermost first; 8 or more = 1"
TREES = (
    Feature("ripe", polar.SIZE, 0, 1, f"trees with fruit, {_BINS}", "fruit"),
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
    Feature("own_trees", 1, 0, 1, "share of the trees around (10 m) whose fruit it may eat", "task"),
)


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``."""
    found = (*TREES, *OTHERS, *whiskers.FEATURES, *proprioception.FEATURES, *SELF)
    return (*found, *rays.FEATURES) if config.fan else found


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


@kernel
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what picker ``a`` of environment ``i`` senses, in the order of ``features``."""
    me = state.avatars[i, a]
    own = look_at_trees(state, i, me, out[:FRUIT])
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
    out[k + 4], out[k + 5], out[k + 6] = me.greed, me.blame, own
    if config.fan:
        rays.look(state.plan, state.avatars[i], i, a, out[k + OWN :])


@kernel
def look_at_trees(state, i, me, out):
    """Fill ``out`` [FRUIT]: the map of trees, the nearest fruits, and what is within reach, which becomes ``me.meal``.

    Trees of others count for nothing; returns the share of trees around that are the picker's own.
    """
    count, xs, ys, ripe, owner = state.num_trees[i], state.trees[i, 0], state.trees[i, 1], state.ripe[i], state.owner[i]
    bins, away2 = state.bins[i], state.away2[i]
    polar.sort(me, xs, ys, count, bins, away2)
    out[:] = F(0)
    near, found, around, own = out[MAP : MAP + NEXT], 0, 0, 0
    best, best_d2, worst_d2 = -1, REACH_M * REACH_M, RANGE_M * RANGE_M
    for t in range(count):
        if bins[t] < polar.SIZE:
            around += 1
            if owner[t] == me.plot:
                own += 1
                if ripe[t] == 0:
                    out[polar.SIZE + bins[t]] += PART
                else:
                    out[bins[t]] += PART
                    d2 = away2[t]
                    if d2 < worst_d2:
                        found = insert(near, found, d2, t)
                        worst_d2 = near[(SHOWN - 1) * COLUMNS] if found == SHOWN else worst_d2
                        if d2 < best_d2 and is_ahead(me, xs[t], ys[t], d2):
                            best, best_d2 = t, d2
    for k in range(MAP):
        out[k] = min(out[k], F(1))
    for k in range(found):
        t = int(near[k * COLUMNS + 1])
        near[k * COLUMNS] = F(1)
        near[k * COLUMNS + 1], near[k * COLUMNS + 2] = ahead_left(me, (xs[t] - me.x) / RANGE_M, (ys[t] - me.y) / RANGE_M)
        near[k * COLUMNS + 3] = min(PART * F(state.near[i, t]), F(1))
    me.meal = best
    if best >= 0:
        out[MAP + NEXT], out[MAP + NEXT + 1] = F(1), min(PART * F(state.near[i, best]), F(1))
    return F(own) / F(max(around, 1))


@kernel
def is_ahead(me, x, y, d2):
    """Whether the place (x, y) in metres, at the squared distance ``d2``, is in front of a picker or at its feet."""
    along = (x - me.x) * me.cos + (y - me.y) * me.sin
    return d2 < RADIUS_M * RADIUS_M or (along > F(0) and along * along >= NARROW * NARROW * d2)


@kernel
def insert(near, found, d2, t):
    """Keep the ``SHOWN`` smallest (squared distance, tree) in the first two columns of ``near``, in order; returns how many there are."""
    k = min(found, SHOWN - 1)
    while k > 0 and near[(k - 1) * COLUMNS] > d2:
        near[k * COLUMNS], near[k * COLUMNS + 1] = near[(k - 1) * COLUMNS], near[(k - 1) * COLUMNS + 1]
        k -= 1
    near[k * COLUMNS], near[k * COLUMNS + 1] = d2, F(t)
    return min(found + 1, SHOWN)


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
