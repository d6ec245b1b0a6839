"""Which building a host works in: a lobby, and rooms of up to eight kinds."""

import numpy as np

from avatarium.worlds.concierge.state import HALL, KINDS, LOBBY
from avatarium.worlds.core import building, geodesic
from avatarium.worlds.core.bodies import clear_of_bodies
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import centre
from avatarium.worlds.core.rng import LEVEL, below, between

F = np.float32
HELD_OUT = 2
MORE_ROOMS = 3


@kernel
def generate(state, episodes, config, i):
    """Draw the building of environment ``i`` from its level stream, and the ways to every kind of room."""
    stream, held_out = episodes.stream, config.split == HELD_OUT
    low, high = min(config.rooms_low, config.rooms_high), max(config.rooms_low, config.rooms_high)
    wanted = between(stream, i, LEVEL, low, high) + (MORE_ROOMS if held_out else 0)
    building.erect(state, stream, i, wanted, config.loops, held_out)
    name_rooms(state, stream, i)
    building.furnish(state, stream, i, F(config.furniture))
    building.name_doors(state, i)
    for kind in range(LOBBY):
        r = state.room_of[i, kind]
        if r >= 0:
            room = state.rooms[i, r]
            zone = (np.int64(room.x0), np.int64(room.y0), np.int64(room.x1), np.int64(room.y1))
            geodesic.flood(state.plan.cells[i], zone, state.ways[i, kind], state.scratch[i])


@kernel
def name_rooms(state, stream, i):
    """Make one room the lobby and give the others different kinds; what is left when all kinds are given are halls."""
    state.room_of[i] = -1
    kinds = len(KINDS)
    rooms = 0
    for r in range(state.num_rooms[i]):
        if state.rooms[i, r].kind != 0:
            state.rooms[i, r].kind = HALL
            rooms += 1
    for kind in range(min(kinds, rooms - 1) + 1):
        while True:
            r = below(stream, i, LEVEL, state.num_rooms[i])
            if state.rooms[i, r].kind == HALL:
                break
        given = LOBBY if kind == 0 else free_kind(state, i, below(stream, i, LEVEL, kinds))
        state.rooms[i, r].kind, state.rooms[i, r].number = given, 1
        state.room_of[i, given - 1] = r


@kernel
def free_kind(state, i, first):
    """The first kind from ``first`` on, in a circle, that no room has yet."""
    kind = first
    while state.room_of[i, kind] >= 0:
        kind = (kind + 1) % len(KINDS)
    return kind + 1


@kernel
def free_place(state, stream, i, a, room, purpose):
    """Middle (x, y in m) of a free cell of a room in which avatar ``a`` would overlap nobody; (-1, -1) after 32 vain tries."""
    for _ in range(32):
        cx, cy = between(stream, i, purpose, room.x0, room.x1), between(stream, i, purpose, room.y0, room.y1)
        if state.plan.cells[i, cy, cx] == 0 and clear_of_bodies(state.avatars[i], a, centre(cx), centre(cy)):
            return centre(cx), centre(cy)
    return F(-1), F(-1)
