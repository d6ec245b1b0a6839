"""What there is to see in concierge, as data for the renderer."""

import numpy as np

from avatarium.worlds.concierge.config import Config
from avatarium.worlds.concierge.state import HERE, LOBBY, PLACES, State
from avatarium.worlds.core import interior
from avatarium.worlds.core.scene import Scene

HOST_COLOUR = 13


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now: each visitor's wish is marked in its colour."""
    rooms, avatars = state.rooms[i, : int(state.num_rooms[i])], state.avatars[i]
    here = [a for a in range(1, len(avatars)) if avatars[a]["stage"] == HERE]
    wished = [interior.plate(rooms[state.room_of[i, avatars[a]["wish"] - 1]], "") for a in here]
    return interior.scene(
        state,
        i,
        ["host_0", *(f"visitor_{v}" for v in range(config.visitors))],
        colours(config),
        roles=np.minimum(np.arange(len(avatars)), 1),
        goals=np.array([(at.x_m, at.y_m, a - 1) for at, a in zip(wished, here, strict=True)]).reshape(-1, 3),
        labels=[interior.plate(room, called(int(room["kind"]))) for room in rooms if 0 < room["kind"] <= LOBBY],
        notes={"host_0": f"thinks of the way to the {called(int(avatars[0]['mind']))}"}
        | {f"visitor_{a - 1}": wishing(avatars[a]) for a in here},
    )


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return np.array([HOST_COLOUR, *range(config.visitors)], np.uint8)


def called(kind: int) -> str:
    """What a kind of room is called."""
    return PLACES[kind - 1]


def wishing(me: np.void) -> str:
    """One line on what a visitor wants and says."""
    says = f"says word {me['word']}" if me["word"] else "is silent"
    return f"wants the {called(int(me['wish']))}, {me['way']:.1f} m away, {says}, {(me['budget'] - me['spent']) * 0.1:.0f} s to go"
