"""The explorer that knows the plan: sees every exhibit, tries every machine, opens the wing and the vault. A bound on curiosity."""

import numpy as np

from avatarium.worlds.core import geodesic, walking
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import STAY, STRAIGHT
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell
from avatarium.worlds.core.speech import NONE, USE
from avatarium.worlds.museum.exhibits import FACE_COUNT
from avatarium.worlds.museum.looking import bit, visible
from avatarium.worlds.museum.opening import is_right
from avatarium.worlds.museum.state import SHOWCASE, VAULT
from avatarium.worlds.museum.visiting import wing_is_open

F, U = np.float32, np.uint32
LOOK_M, TOUCH_M = F(1.4), F(1.2)
PUSH_STEPS = 12
"""One step in four it does not give way, in turns, so that two who block each other get past."""
SEE, TRY, PRESS, LEAVE = range(4)


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 3] of visitors that read the state and remember nothing else."""
    chosen = np.zeros((len(envs), 3), np.int32)
    way, scratch = np.zeros((SIZE, SIZE), np.uint16), geodesic.allocate_scratch(1)[0]
    visitors = batch.num_agents[role]
    explore(batch.state, batch.clock, np.asarray(envs, np.int64), np.asarray(avatars, np.int64), visitors, way, scratch, chosen)
    return chosen


@kernel
def explore(state, clock, envs, avatars, visitors, way, scratch, chosen):
    """Fill ``chosen`` [B, 3] with walk, turn and hand."""
    for k in range(envs.shape[0]):
        i, a = envs[k], avatars[k]
        polite = (clock[i] + PUSH_STEPS * a) % (4 * PUSH_STEPS) >= PUSH_STEPS
        what, index = goal(state, i, a, visitors, way, scratch)
        chosen[k, 0], chosen[k, 1], chosen[k, 2] = STAY, STRAIGHT, NONE
        if what == PRESS:
            x, y = state.plates[i, index, 0], state.plates[i, index, 1]
            if not near(state.avatars[i, a], x, y, F(0.25)):
                chosen[k, 0], chosen[k, 1] = go(state, i, a, x, y, way, scratch, polite)
        elif what == LEAVE:
            room = state.rooms[i, index]
            x, y = F(room.x0 + room.x1 + 1) * F(0.25), F(room.y0 + room.y1 + 1) * F(0.25)
            if not near(state.avatars[i, a], x, y, F(1.2)):
                chosen[k, 0], chosen[k, 1] = go(state, i, a, x, y, way, scratch, polite)
        else:
            exhibit, reach = state.exhibits[i, index], LOOK_M if what == SEE else TOUCH_M
            me = state.avatars[i, a]
            if near(me, exhibit.x, exhibit.y, reach) and visible(state.plan, i, me.x, me.y, exhibit):
                chosen[k, 1] = walking.turn_to(walking.bearing(me, exhibit.x - me.x, exhibit.y - me.y))
                if what == TRY and me.gesture != USE and its_turn(state, i, a, index):
                    chosen[k, 2] = USE
            else:
                chosen[k, 0], chosen[k, 1] = go(state, i, a, exhibit.x, exhibit.y, way, scratch, polite)


@kernel
def its_turn(state, i, a, e):
    """Whether visitor ``a`` looks at machine ``e`` and nobody before it in number does: two at once would skip faces."""
    for b in range(a):
        if (state.avatars[i, b].attends & bit(e)) != U(0) and state.avatars[i, b].walked == STAY:
            return False
    return (state.avatars[i, a].attends & bit(e)) != U(0)


@kernel
def near(me, x, y, reach):
    """Whether a body is nearer than ``reach`` (m) to a point."""
    dx, dy = x - me.x, y - me.y
    return dx * dx + dy * dy < reach * reach


@kernel
def goal(state, i, a, visitors, way, scratch):
    """(what, which): the nearest exhibit in reach that is new to the visitor, else its duty at doors; to the entrance when all is done."""
    me = state.avatars[i, a]
    cx, cy = cell(me.x), cell(me.y)
    geodesic.flood(state.plan.cells[i], (cx, cy, cx, cy), way, scratch)
    best, best_m, what = -1, F(1000), SEE
    for e in range(state.num_exhibits[i]):
        exhibit = state.exhibits[i, e]
        unseen, untried = (me.seen & bit(e)) == U(0), state.faces[i, a, e] != everything(exhibit.kind)
        if exhibit.where != SHOWCASE and (unseen or untried):
            m = walk_m(way, exhibit.x, exhibit.y) + (F(0) if unseen else F(0.01))
            if m < best_m:
                best, best_m, what = e, m, (SEE if unseen else TRY)
    if best >= 0:
        return what, best
    for k in range(2):
        if not wing_is_open(state, i) and k % visitors == a and not is_right(state, i, k):
            return TRY, np.int64(state.keys[i, k].exhibit)
    if needs_vault(state, i, visitors) and a >= visitors - 2:
        return PRESS, np.int64(visitors - 1 - a)
    return LEAVE, np.int64(state.entrance[i])


@kernel
def everything(kind):
    """The set of all faces of a machine; the empty set for what is none."""
    return (1 << FACE_COUNT[kind]) - 1 if FACE_COUNT[kind] > 1 else 0


@kernel
def walk_m(way, x, y):
    """Metres to the place before a pedestal, by the field ``way`` around the visitor; 1000 where none leads there."""
    cx, cy, best = cell(x), cell(y), geodesic.FAR
    for k in range(9):
        best = min(best, way[cy + k // 3 - 1, cx + k % 3 - 1])
    return F(1000) if best == geodesic.FAR else F(best) * F(0.1)


@kernel
def needs_vault(state, i, visitors):
    """Whether there is a vault with something that a visitor has not seen, and two to open it."""
    if visitors < 2:
        return False
    for e in range(state.num_exhibits[i]):
        if state.exhibits[i, e].where == VAULT:
            for b in range(visitors):
                if (state.avatars[i, b].seen & bit(e)) == U(0):
                    return True
    return False


@kernel
def go(state, i, a, x, y, way, scratch, polite):
    """(walk, turn): towards a point, around boxes, and around people if ``polite``."""
    cx, cy, me = cell(x), cell(y), state.avatars[i, a]
    geodesic.flood(state.plan.cells[i], (cx - 1, cy - 1, cx + 1, cy + 1), way, scratch)
    tx, ty = x, y
    if not near(me, x, y, F(0.8)):
        tx, ty = geodesic.waypoint(state.plan, i, way, me.x, me.y, 12)
    dx, dy = walking.unit(tx - me.x, ty - me.y)
    pressed = 0
    if polite:
        dx, dy, pressed = walking.give_way(state.avatars[i], a, dx, dy, F(-1), 0)
    return walking.head_for(me, dx, dy, pressed, F(-1))
