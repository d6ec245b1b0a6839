"""Knowledge asked for later: where somebody could lead us after a visit, given only what there was for it to see.

A standard reader walks the way for it: from where the visit began to whatever was seen, over those free cells alone that at some moment
were near and in line of sight. What was not seen cannot be found. So the figure tells what a visit was good for, not how well a policy
remembers: it can be read of every policy, with memory or without.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from avatarium.leaderboards.whereabouts import positions
from avatarium.worlds.core import geodesic
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, cell, centre, in_sight
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

F = np.float32
NEAR_CELLS = 10
EVERY = 5
"""Steps between two looks around."""


class Questions(NamedTuple):
    """What is asked for: K places, and which of V avatars have seen them."""

    places: np.ndarray  # int64 [K, 4]: cells x0, y0, x1, y1; one has arrived in any free cell of that rectangle
    seen: np.ndarray  # bool [V, K]


def efficiency(transcript: Transcript, role: str, avatars: Sequence[int]) -> np.ndarray:
    """float64 [V, K]: shortest way over known way to each place asked for; 0 where it was not seen or no known way leads."""
    state, tracks = transcript.state(0), positions(transcript, role, avatars)
    asked = questions(transcript, role, avatars)
    found = np.zeros(asked.seen.shape)
    size = state.plan.cells.shape[1:]
    way, scratch = np.zeros((2, *size), np.uint16), geodesic.allocate_scratch(1)[0]
    for v in range(len(avatars)):
        unknown = np.ones(size, np.uint8)
        survey(state.plan, np.ascontiguousarray(tracks[::EVERY, v]), unknown)
        compare(state.plan.cells[0], unknown, tracks[0, v], asked.places, asked.seen[v], way, scratch, found[v])
    return found


def questions(transcript: Transcript, role: str, avatars: Sequence[int]) -> Questions:
    """What is asked for in a world: the exhibits of the open rooms, else the rooms. Raises UserError where there is neither."""
    state: Any = transcript.state(0)
    if hasattr(state, "exhibits"):
        numbers, exhibits = avatar_numbers(transcript.roles.values())[role], state.exhibits[0, : int(state.num_exhibits[0])]
        asked = np.flatnonzero(exhibits["where"] == 0)
        x, y = ((exhibits[name][asked] / CELL_M).astype(np.int64) for name in ("x", "y"))
        sets = transcript.frame("avatars")["seen"][-1][[numbers[avatar] for avatar in avatars]]
        return Questions(np.stack([x - 1, y - 1, x + 1, y + 1], axis=1), (sets[:, None] >> asked.astype(np.uint32) & 1).astype(np.bool_))
    if hasattr(state, "rooms"):
        return rooms_entered(transcript, role, avatars)
    raise UserError(f"nothing can be asked for in {transcript.spec.name}: it has neither exhibits nor rooms")


def rooms_entered(transcript: Transcript, role: str, avatars: Sequence[int]) -> Questions:
    """The rooms of a building, corridors aside, as places; one has seen those that one was in."""
    state = transcript.state(0)
    rooms = state.rooms[0, : int(state.num_rooms[0])]
    rooms = rooms[rooms["kind"] > 0]
    corners = np.stack([rooms[name].astype(np.int64) for name in ("x0", "y0", "x1", "y1")], axis=1)
    return Questions(corners, entered(positions(transcript, role, avatars), corners))


def entered(tracks: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """bool [V, K]: who was ever in which rectangle of cells, from positions [T, V, 2] (m) and corners int64 [K, 4]."""
    cells = (tracks / CELL_M).astype(np.int64)[:, :, None]
    inside = (cells >= corners[:, :2]).all(axis=-1) & (cells <= corners[:, 2:]).all(axis=-1)
    return np.asarray(inside.any(axis=0))


@kernel
def survey(plan, track, unknown):
    """Clear ``unknown`` [H, W] in the free cells that are near and in sight from the points of ``track`` [T, 2] (m)."""
    height, width = unknown.shape
    for t in range(track.shape[0]):
        x, y = track[t, 0], track[t, 1]
        cx, cy = cell(x), cell(y)
        for v in range(max(cy - NEAR_CELLS, 0), min(cy + NEAR_CELLS + 1, height)):
            for u in range(max(cx - NEAR_CELLS, 0), min(cx + NEAR_CELLS + 1, width)):
                near = (u - cx) * (u - cx) + (v - cy) * (v - cy) <= NEAR_CELLS * NEAR_CELLS
                if near and unknown[v, u] == 1 and plan.cells[0, v, u] == 0 and in_sight(plan, 0, x, y, centre(u), centre(v), F(0)):
                    unknown[v, u] = 0
        unknown[cy, cx] = plan.cells[0, cy, cx]


@kernel
def compare(cells, unknown, start, places, seen, way, scratch, found):
    """Fill ``found`` [K] with the shortest way from ``start`` (m) over the way through known cells, to each place that was ``seen`` [K]."""
    cx, cy = cell(start[0]), cell(start[1])
    geodesic.flood(cells, (cx, cy, cx, cy), way[0], scratch)
    geodesic.flood(unknown, (cx, cy, cx, cy), way[1], scratch)
    for k in range(places.shape[0]):
        shortest, known = least(way[0], places[k]), least(way[1], places[k])
        if seen[k] and known < geodesic.FAR:
            found[k] = max(shortest, 1) / max(known, 1)


@kernel
def least(way, place):
    """The smallest entry of ``way`` in a rectangle of cells."""
    best = np.int64(geodesic.FAR)
    for y in range(place[1], place[3] + 1):
        for x in range(place[0], place[2] + 1):
            best = min(best, np.int64(way[y, x]))
    return best
