"""Which museum an episode takes place in: rooms, some of which are shut, and what stands in them."""

import math

import numpy as np

from avatarium.worlds.core import building, gates
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, FURNITURE, GLASS, SCREEN, WALL
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.museum import furnishing
from avatarium.worlds.museum.exhibits import DIAL, FACE, FACE_COUNT, LOOP, MACHINES, NOISE, PERIOD, THEMES, WORK, paint, paint_work
from avatarium.worlds.museum.state import BRICKED, EXHIBITS, OPEN, SHOWCASE, VAULT, WING

F = np.float32
HELD_OUT = 2
KINDS = (*THEMES, "foyer")
"""Of rooms: halls by theme, and where visits begin."""
HIDDEN = (0, 2, 1, 2)
"""Exhibits in the open rooms (as the config says), in the wing, in the vault and behind glass."""
TRIES, PLACES = 40, 400
THEMED = F(0.7)
"""Share of the exhibits of a hall that have its theme."""


@kernel
def generate(state, episodes, config, i):
    """Draw the museum of environment ``i`` from its level stream. A draw in which something has no place is not taken."""
    for _ in range(TRIES):
        if lay_out(state, episodes.stream, config, i) and fill(state, episodes.stream, config, i):
            break
    for e in range(state.num_exhibits[i]):
        paint(state, i, e, 0, episodes.stream)


@kernel
def lay_out(state, stream, config, i):
    """Draw the building; shut the wing, the vault and the showcase. Returns whether all of them are there."""
    held_out = config.split == HELD_OUT
    low, high = min(config.rooms_low, config.rooms_high), max(config.rooms_low, config.rooms_high)
    building.erect(state, stream, i, between(stream, i, LEVEL, low, high) + (2 if held_out else 0), F(0.75), held_out)
    building.name_rooms(state, stream, i, len(THEMES))
    building.name_doors(state, i)
    state.access[i], state.num_gates[i], state.opened[i] = OPEN, 0, 0
    done = True
    if config.wing:
        done = close_room(state, stream, i, WING) and done
    if config.vault:
        done = close_room(state, stream, i, VAULT) and done
    if config.showcase:
        done = close_room(state, stream, i, SHOWCASE) and done
    hang_gates(state, i)
    state.entrance[i] = open_room(state, stream, i, -1)
    state.rooms[i, state.entrance[i]].kind, state.rooms[i, state.entrance[i]].number = len(KINDS), 1
    return done and open_room(state, stream, i, state.entrance[i]) >= 0


@kernel
def close_room(state, stream, i, purpose):
    """Shut one of the rooms for a ``purpose`` so that the open ones hang together and all shut ones border on them; returns whether."""
    count = state.num_rooms[i]
    first = below(stream, i, LEVEL, count)
    for k in range(count):
        r = (first + k) % count
        if state.rooms[i, r].kind > 0 and state.access[i, r] == OPEN:
            state.access[i, r] = purpose
            if hangs_together(state, i):
                return True
            state.access[i, r] = OPEN
    return False


@kernel
def hangs_together(state, i):
    """Whether one can walk from any open room to any other and up to every shut one, and there are gates enough for their doors."""
    reached, everything, doors = np.uint32(0), np.uint32(0), 0
    for r in range(state.num_rooms[i]):
        bit = np.uint32(1) << np.uint32(r)
        everything |= bit
        if state.access[i, r] == OPEN and reached == np.uint32(0):
            reached = bit
    for _ in range(state.num_rooms[i]):
        for d in range(state.num_doors[i]):
            door = state.doors[i, d]
            if door.ahead >= 0 and door.behind >= 0:
                one, other = np.uint32(1) << np.uint32(door.ahead), np.uint32(1) << np.uint32(door.behind)
                if (reached & one) != np.uint32(0) and state.access[i, door.ahead] == OPEN:
                    reached |= other
                if (reached & other) != np.uint32(0) and state.access[i, door.behind] == OPEN:
                    reached |= one
    for d in range(state.num_doors[i]):
        doors += 1 if gate_sort(state, i, d) != OPEN else 0
    return reached == everything and doors <= gates.GATES


@kernel
def gate_sort(state, i, d):
    """What gate doorway ``d`` needs: OPEN for none; between two shut rooms it is bricked up."""
    door = state.doors[i, d]
    one = state.access[i, door.ahead] if door.ahead >= 0 else np.uint8(OPEN)
    other = state.access[i, door.behind] if door.behind >= 0 else np.uint8(OPEN)
    if one != OPEN and other != OPEN:
        return np.uint8(BRICKED)
    return max(one, other)


@kernel
def hang_gates(state, i):
    """Hang a gate into every doorway that needs one."""
    for d in range(state.num_doors[i]):
        sort = gate_sort(state, i, d)
        if sort != OPEN:
            kind = GLASS if sort == SHOWCASE else (WALL if sort == BRICKED else FURNITURE)
            gates.hang(state, i, d, kind, sort)


@kernel
def open_room(state, stream, i, other):
    """A random open room that is neither a corridor nor ``other``; -1 when there is none."""
    count = state.num_rooms[i]
    first = below(stream, i, LEVEL, count)
    for k in range(count):
        r = (first + k) % count
        if r != other and state.rooms[i, r].kind > 0 and state.access[i, r] == OPEN:
            return r
    return -1


@kernel
def fill(state, stream, config, i):
    """Place exhibits and plates, choose what the wing's door asks for; returns whether everything found a place."""
    state.num_exhibits[i], done = 0, True
    machines, screens = config.machines, config.screens + config.loops
    total = max(config.exhibits + (2 if config.split == HELD_OUT else 0), machines + screens)
    first = below(stream, i, LEVEL, MACHINES)
    for k in range(total):
        kind = WORK
        if k < machines:
            kind = DIAL + (first + k) % MACHINES
        elif k < machines + screens:
            kind = NOISE if k < machines + config.screens else LOOP
        done = put(state, stream, config, i, kind, OPEN) and done
    for where in (WING, VAULT, SHOWCASE):
        for _ in range(HIDDEN[where]):
            if present(config, where):
                done = put(state, stream, config, i, WORK, where) and done
    if config.wing and done:
        ask(state, stream, i)
    if config.vault:
        done = lay_plates(state, stream, i) and done
    return done


@kernel
def present(config, where):
    """Whether the config has a wing, a vault or a showcase."""
    return (where == WING and config.wing) or (where == VAULT and config.vault) or (where == SHOWCASE and config.showcase)


@kernel
def put(state, stream, config, i, kind, where):
    """Put a new exhibit of ``kind`` somewhere in the rooms that are OPEN, the WING, the VAULT or the SHOWCASE; returns whether.

    A room gets as many as its size has it.
    """
    n = state.num_exhibits[i]
    if n == EXHIBITS:
        return False
    for _ in range(PLACES):
        x, y = F(below(stream, i, LEVEL, state.extent[i, 0])) * CELL_M, F(below(stream, i, LEVEL, state.extent[i, 1])) * CELL_M
        r = building.room_at(state, i, x, y)
        fits = r >= 0 and state.access[i, r] == where and state.rooms[i, r].kind > 0 and r != state.entrance[i]
        if fits and furnishing.pedestal(state, stream, i, r, SCREEN if kind >= NOISE else FURNITURE):
            exhibit = state.exhibits[i, n]
            exhibit.kind, exhibit.where = kind, where
            low, high = F(config.reading_low), F(config.reading_high)
            exhibit.reading_s = min(low, high) + abs(high - low) * uniform(stream, i, LEVEL)
            themed = uniform(stream, i, LEVEL) < THEMED
            exhibit.theme = state.rooms[i, r].kind - 1 if themed else below(stream, i, LEVEL, len(THEMES))
            state.settings[i, n] = below(stream, i, LEVEL, PERIOD[kind])
            vector(state.themes[i, n], stream, i, exhibit.theme)
            if kind == WORK:
                paint_work(state, i, n, stream)
            state.num_exhibits[i] = n + 1
            return True
    return False


@kernel
def vector(out, stream, i, main):
    """Draw a vector of length 1 over the themes, without negative parts; ``main`` is the largest part, unless it is -1."""
    total = F(0)
    for k in range(out.shape[0]):
        u = uniform(stream, i, LEVEL)
        out[k] = F(1) if k == main else (F(0.6) * u if main >= 0 else u * u)
        total += out[k] * out[k]
    scale = F(1) / math.sqrt(total + F(1e-6))
    for k in range(out.shape[0]):
        out[k] *= scale


@kernel
def ask(state, stream, i):
    """Choose which faces of the first two machines, which are of unlike kinds, open the wing; not the two that they show at first."""
    for k in range(2):
        key, kind = state.keys[i, k], state.exhibits[i, k].kind
        shown, faces = FACE[kind, state.settings[i, k]], FACE_COUNT[kind]
        key.exhibit = k
        key.face = below(stream, i, LEVEL, faces)
        if k == 1:
            key.face = (shown + 1 + below(stream, i, LEVEL, faces - 1)) % faces


@kernel
def lay_plates(state, stream, i):
    """Lay the two plates before a door of the vault; returns whether there was room."""
    for g in range(state.num_gates[i]):
        gate = state.gates[i, g]
        if gate.sort == VAULT:
            door = state.doors[i, gate.door]
            r = door.ahead if state.access[i, door.ahead] == OPEN else door.behind
            if furnishing.plates(state, stream, i, r, gate.x, gate.y):
                return True
    return False
