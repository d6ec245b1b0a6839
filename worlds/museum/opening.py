"""What hands and feet do: machines are used, the wing opens when they show what its door asks for, the vault while plates are pressed."""

import numpy as np

from avatarium.worlds.core import gates
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.museum.exhibits import FACE, NOISE, WORK, operate
from avatarium.worlds.museum.looking import bit
from avatarium.worlds.museum.state import VAULT, WING

F, U = np.float32, np.uint32
REACH_M = F(1.5)
PLATE_M = F(0.45)
DOORWAY_M = F(0.3)


@kernel
def in_reach(state, i, a):
    """The nearest machine that avatar ``a`` attends to within reach of its hand; -1 when there is none."""
    me, best, best_d2 = state.avatars[i, a], -1, REACH_M * REACH_M
    for e in range(state.num_exhibits[i]):
        exhibit = state.exhibits[i, e]
        if (me.attends & bit(e)) != U(0) and WORK < exhibit.kind < NOISE:
            dx, dy = exhibit.x - me.x, exhibit.y - me.y
            if dx * dx + dy * dy < best_d2:
                best, best_d2 = e, dx * dx + dy * dy
    return best


@kernel
def use(state, log, i, a, kind):
    """Avatar ``a`` uses the machine in its reach, if there is one: an event ``kind`` says whether its face changed."""
    e = in_reach(state, i, a)
    if e >= 0:
        changed = operate(state, i, e)
        emit(log, i, kind, a, -1, F(1) if changed else F(0))


@inlined
def is_right(state, i, k):
    """Whether the ``k``-th of the two machines shows the face that the wing's door asks for."""
    key = state.keys[i, k]
    return FACE[state.exhibits[i, key.exhibit].kind, state.settings[i, key.exhibit]] == key.face


@kernel
def open_wing(state, episodes, log, i, a, kind):
    """Open the wing for good when both machines are right; whoever used one last, ``a``, is named."""
    if is_right(state, i, 0) and is_right(state, i, 1):
        fresh = False
        for g in range(state.num_gates[i]):
            if state.gates[i, g].sort == WING and state.opened[i, g] == 0:
                gates.swing(state, i, g, 1)
                fresh = True
        if fresh:
            emit(log, i, kind, a, -1, F(episodes.clock[i]) * F(0.1))


@inlined
def presser(state, i, k):
    """Who stands on plate ``k``; -1 for nobody."""
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        dx, dy = me.x - state.plates[i, k, 0], me.y - state.plates[i, k, 1]
        if me.present == 1 and dx * dx + dy * dy < PLATE_M * PLATE_M:
            return a
    return -1


@inlined
def work_vault(state, log, i, hold, kind):
    """Open the vault while both plates are pressed; shut it ``hold`` steps later, but never on anybody or with somebody inside."""
    one, other = presser(state, i, 0), presser(state, i, 1)
    pressed = one >= 0 and other >= 0
    state.left[i] = 0 if pressed else state.left[i] + 1
    for g in range(state.num_gates[i]):
        if state.gates[i, g].sort == VAULT:
            if pressed and state.opened[i, g] == 0:
                gates.swing(state, i, g, 1)
                emit(log, i, kind, one, other, F(1))
            elif state.opened[i, g] == 1 and state.left[i] > hold and not in_use(state, i):
                gates.swing(state, i, g, 0)


@kernel
def in_use(state, i):
    """Whether somebody is in the vault or in one of its doorways."""
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        if me.present == 1 and me.room >= 0 and state.access[i, me.room] == VAULT:
            return True
    busy = False
    for g in range(state.num_gates[i]):
        busy = busy or (state.gates[i, g].sort == VAULT and gates.blocked(state, i, g, DOORWAY_M))
    return busy


@inlined
def note_room(state, i, a):
    """Keep up in which room avatar ``a`` is; in a doorway it is still in the last one. Returns whether it is there for the first time."""
    me = state.avatars[i, a]
    cx, cy = int(me.x * F(2)), int(me.y * F(2))
    room = state.rooms[i, me.room]
    if not (room.x0 <= cx <= room.x1 and room.y0 <= cy <= room.y1):
        for r in range(state.num_rooms[i]):
            room = state.rooms[i, r]
            if room.x0 <= cx <= room.x1 and room.y0 <= cy <= room.y1:
                me.room = r
    fresh = (me.entered & bit(me.room)) == U(0)
    me.entered |= bit(me.room)
    return fresh
