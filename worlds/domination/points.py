"""Points: who stands on them, whose they are, what they count."""

import numpy as np

from avatarium.worlds.core.events import emit
from avatarium.worlds.core.geodesic import FAR
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.domination.level import cell_of, seen_as
from avatarium.worlds.domination.state import BLUE, NOBODY, POINTS, RED

F = np.float32
CAPTURE_M = F(1.0)
NEAR_M = F(4.0)
LAST, NEUTRAL, FIRST, MAJORITY = range(4)


@kernel
def occupy(state, config, log, i, p, captured):
    """Bring point ``p`` up to date: who is on it, who is near, whose it is. Returns the avatar that took it, or -1.

    The number of the event ``captured`` is emitted for whoever took it.
    """
    team, first = config.team, -1
    red, blue, came_red, came_blue, taker_red, taker_blue = 0, 0, 0, 0, -1, -1
    state.near[i, RED, p], state.near[i, BLUE, seen_as(BLUE, p)] = 0, 0
    for a in range(2 * team):
        me = state.avatars[i, a]
        dx, dy = me.x - state.points[i, p, 0], me.y - state.points[i, p, 1]
        d2 = dx * dx + dy * dy
        there = me.present == 1 and d2 < CAPTURE_M * CAPTURE_M
        if me.present == 1 and d2 < NEAR_M * NEAR_M:
            state.near[i, RED if a < team else BLUE, seen_as(RED if a < team else BLUE, p)] += 1
        came = there and me.on != p
        me.on = p if there else (NOBODY if me.on == p else me.on)
        if there and a < team:
            red, came_red, taker_red = red + 1, came_red + (1 if came else 0), a if taker_red < 0 or came else taker_red
        elif there:
            blue, came_blue, taker_blue = blue + 1, came_blue + (1 if came else 0), a if taker_blue < 0 or came else taker_blue
    before = state.owners[i, p]
    after = holder(config.capture, before, red, blue, came_red, came_blue)
    if after != before:
        state.owners[i, p], state.held[i, p] = after, 0
        if after != NOBODY:
            first = taker_red if after == RED else taker_blue
            emit(log, i, captured, commander(config, first), -1, F(seen_as(after, p)))
    return first


@kernel
def holder(rule, owner, red, blue, came_red, came_blue):
    """Whose a point is on which so many of either team stand, of whom so many came just now: RED, BLUE or NOBODY."""
    if red == 0 and blue == 0:
        return owner
    if blue == 0:
        return RED
    if red == 0:
        return BLUE
    if rule == LAST:
        return owner if (came_red > 0) == (came_blue > 0) else (RED if came_red > 0 else BLUE)
    if rule == NEUTRAL:
        return NOBODY
    if rule == FIRST:
        return owner
    return NOBODY if red == blue else (RED if red > blue else BLUE)


@kernel
def commander(config, a):
    """The number of the agent that answers for avatar ``a``: itself, or its team's commander."""
    return a if config.command < 2 else a // config.team


@kernel
def count(state, config, i):
    """Count the points that have been held for longer than the window; returns by how much red's lead grew."""
    lead, window = 0, int(F(config.window_s) * F(10) + F(0.5))
    for p in range(POINTS):
        owner = state.owners[i, p]
        if owner != NOBODY:
            state.held[i, p] += 1
            if state.held[i, p] > window:
                state.score[i, owner] += 1
                lead += 1 if owner == RED else -1
    return lead


@inlined
def potential(state, i, team, me):
    """Metres that an avatar has to walk to the nearest point that is not its team's; 0 where all are."""
    row, column = cell_of(state, i, team, me.x, me.y)
    here, best = state.map[i, row, column], FAR
    for k in range(POINTS):
        if state.owners[i, seen_as(team, k)] != team:
            best = min(best, here[k])
    return F(best) * F(0.1) if best < FAR else F(0)
