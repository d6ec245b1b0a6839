"""What there is to see in wayfinding, as data for the renderer."""

import numpy as np

from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.scene import FIGURE, Label, Scene
from avatarium.worlds.wayfinding.config import Config
from avatarium.worlds.wayfinding.level import KINDS
from avatarium.worlds.wayfinding.state import State

HEIGHTS_M = (1.25, 1.25, 0.75, 1.0, 1.0)
"""Of walls, glass, furniture, plants and screens."""


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now."""
    width, height = (state.extent[i] * float(CELL_M)).tolist()
    count = int(state.plan.num_boxes[i])
    plane, kinds = state.plan.boxes[i, :, :count].T, state.plan.kinds[i, :count]
    heights = np.array(HEIGHTS_M, np.float32)[kinds]
    rooms, avatars = state.rooms[i, : int(state.num_rooms[i])], state.avatars[i]
    here = np.flatnonzero(avatars["present"])
    cell = float(CELL_M)
    floors = np.stack([rooms["x0"] - 0.5, rooms["y0"] - 0.5, rooms["x1"] + 1.5, rooms["y1"] + 1.5], axis=1).astype(np.float32) * np.float32(
        cell
    )
    walkers = here[here < config.walkers]
    return Scene(
        bounds=(0.5 * cell, 0.5 * cell, width - 0.5 * cell, height - 0.5 * cell),
        boxes=np.column_stack([plane, np.zeros(count, np.float32), heights]).astype(np.float32),
        box_kinds=kinds.copy(),
        floors=floors,
        floor_tints=rooms["kind"].astype(np.uint8),
        figures=figures(avatars[here], here, config),
        names=tuple(f"walker_{a}" if a < config.walkers else f"crowd_{a - config.walkers}" for a in here.tolist()),
        goals=np.column_stack([avatars["goal_x"][walkers], avatars["goal_y"][walkers], walkers % 14]).astype(np.float32),
        labels=tuple(plate(room) for room in rooms if room["kind"] > 0),
        notes={f"walker_{a}": journey(avatars[a], rooms) for a in walkers.tolist()},
    )


def figures(avatars: np.ndarray, indices: np.ndarray, config: Config) -> np.ndarray:
    """FIGURE [A] of the avatars that are present; the crowd shares one grey."""
    drawn = np.zeros(len(avatars), FIGURE)
    for name in ("x", "y", "heading", "gesture", "word"):
        drawn[name] = avatars[name]
    drawn["speed"] = np.hypot(avatars["vx"], avatars["vy"])
    drawn["colour"] = np.where(indices < config.walkers, indices % 14, 14)
    drawn["role"] = indices >= config.walkers
    return drawn


def plate(room: np.void) -> Label:
    """The name of a room in its middle."""
    x, y = (room["x0"] + room["x1"] + 1) * 0.25, (room["y0"] + room["y1"] + 1) * 0.25
    return Label(float(x), float(y), 0.0, f"{KINDS[room['kind'] - 1]} {room['number']}")


def journey(me: np.void, rooms: np.ndarray) -> str:
    """One line on where a walker is going."""
    goal = rooms[me["goal_room"]]
    return f"to {KINDS[goal['kind'] - 1]} {goal['number']}, {me['way']:.1f} m left, {(me['budget'] - me['spent']) * 0.1:.0f} s to go"
