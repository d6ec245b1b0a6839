"""What there is to see in wayfinding, as data for the renderer."""

import numpy as np

from avatarium.worlds.core import interior
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.wayfinding.config import Config
from avatarium.worlds.wayfinding.level import KINDS
from avatarium.worlds.wayfinding.state import State


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now; the crowd shares one grey."""
    rooms, avatars = state.rooms[i, : int(state.num_rooms[i])], state.avatars[i]
    each = np.arange(len(avatars))
    walkers = np.flatnonzero(avatars["present"][: config.walkers])
    return interior.scene(
        state,
        i,
        [f"walker_{a}" if a < config.walkers else f"crowd_{a - config.walkers}" for a in each.tolist()],
        colours(config),
        roles=each >= config.walkers,
        goals=np.column_stack([avatars["goal_x"][walkers], avatars["goal_y"][walkers], walkers % interior.COLOURS]),
        labels=[interior.plate(room, called(room)) for room in rooms if room["kind"] > 0],
        notes={f"walker_{a}": journey(avatars[a], rooms) for a in walkers.tolist()},
    )


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return interior.colours(config.walkers, config.crowd)


def called(room: np.void) -> str:
    """What a room is called."""
    return f"{KINDS[room['kind'] - 1]} {room['number']}"


def journey(me: np.void, rooms: np.ndarray) -> str:
    """One line on where a walker is going."""
    return f"to {called(rooms[me['goal_room']])}, {me['way']:.1f} m left, {(me['budget'] - me['spent']) * 0.1:.0f} s to go"
