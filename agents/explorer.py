"""Somebody who knows the plan of a building and has no task but to see all of it: a bound on exploring in worlds that pay for other things.

``avatarium.agents.explorer:rooms`` is its address, for any world of buildings whose avatars walk and turn by heads.
"""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.worlds import UserError, WorldSpec
from avatarium.worlds.core import geodesic, walking
from avatarium.worlds.core.bodies import STAY, STRAIGHT, TURN, WALK
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell

F = np.float32
FAR = 1 << 30


class RoomExplorer:
    """Walks to the nearest room that it has not been in, again and again; it reads the state."""

    name = "room-explorer"

    def __init__(self, heads: int) -> None:
        self._heads = heads

    def initial_state(self, rows: int) -> Memory:
        """The rooms in which each has been, uint64 [B], as bits."""
        return (np.zeros(rows, np.uint64),)

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]. Raises UserError where the state cannot be read."""
        if turn.batch is None:
            raise UserError(f"{self.name} reads the plan of the building, which cannot be seen from here")
        (entered,), chosen = (array.copy() for array in state), np.zeros((len(turn.envs), self._heads), np.int32)
        world = turn.batch.state
        way, scratch = np.zeros(world.plan.cells.shape[1:], np.uint16), geodesic.allocate_scratch(1)[0]
        explore(world, turn.envs, turn.avatars, turn.batch.clock, entered, way, scratch, chosen)
        return chosen, (entered,)


@kernel
def explore(state, envs, avatars, clock, entered, way, scratch, chosen):
    """Fill the first two columns of ``chosen`` [B, heads] with steps to the nearest room that is not ``entered`` [B] yet."""
    for k in range(envs.shape[0]):
        i, a = envs[k], avatars[k]
        me = state.avatars[i, a]
        cx, cy = cell(me.x), cell(me.y)
        geodesic.flood(state.plan.cells[i], (cx, cy, cx, cy), way, scratch)
        best, best_dm = -1, np.int64(FAR)
        for r in range(state.num_rooms[i]):
            room, bit = state.rooms[i, r], np.uint64(1) << np.uint64(r)
            if room.x0 <= cx <= room.x1 and room.y0 <= cy <= room.y1:
                entered[k] |= bit
            if (entered[k] & bit) == np.uint64(0):
                away = nearest(way, room)
                if away < best_dm:
                    best, best_dm = r, away
        chosen[k, 0], chosen[k, 1] = STAY, STRAIGHT
        if best >= 0 and best_dm < np.int64(geodesic.FAR):
            room = state.rooms[i, best]
            zone = (np.int64(room.x0), np.int64(room.y0), np.int64(room.x1), np.int64(room.y1))
            geodesic.flood(state.plan.cells[i], zone, way, scratch)
            chosen[k, 0], chosen[k, 1] = go(state, i, a, way, (clock[i] + 12 * a) % 48 >= 12)


@kernel
def nearest(way, room):
    """Decimetres to the nearest cell of a room."""
    best = np.int64(FAR)
    for y in range(room.y0, room.y1 + 1):
        for x in range(room.x0, room.x1 + 1):
            best = min(best, np.int64(way[y, x]))
    return best


@kernel
def go(state, i, a, way, polite):
    """(walk, turn): one step down the field ``way``, around people if ``polite``."""
    me = state.avatars[i, a]
    tx, ty = geodesic.waypoint(state.plan, i, way, me.x, me.y, 12)
    dx, dy = walking.unit(tx - me.x, ty - me.y)
    pressed = 0
    if polite:
        dx, dy, pressed = walking.give_way(state.avatars[i], a, dx, dy, F(-1), 0)
    return walking.head_for(me, dx, dy, pressed, F(-1))


def rooms(spec: WorldSpec, role: str, config: Any) -> RoomExplorer:
    """The explorer for a role. Raises UserError where avatars do not walk and turn by heads, or there are no rooms."""
    heads = next(r.heads for r in spec.roles(config) if r.name == role)
    if heads[:2] != (WALK, TURN) or not {"rooms", "plan"} <= set(getattr(spec.allocate(1, config), "_fields", ())):
        raise UserError(f"nobody can explore rooms as {role} of {spec.name}: it has no rooms, or avatars that walk otherwise")
    return RoomExplorer(len(heads))
