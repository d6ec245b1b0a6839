"""What there is to see in metasync, as data for the renderer: users who walk, sensors, and masts with whoever runs them."""

import numpy as np

from avatarium.worlds.core.interior import COLOURS
from avatarium.worlds.core.scene import FIGURE, Label, Scene
from avatarium.worlds.metasync.config import CELLS, DUO, Config
from avatarium.worlds.metasync.state import SIDE_M, State, agents

MAST_M, MAST_HEIGHT_M, SENSOR_M, SENSOR_HEIGHT_M = 2.0, 12.0, 1.0, 2.0
WALL, SCREEN = 0, 4


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now: users make requests while they are there; labels tell how long the queues are."""
    avatars, sites, boards = state.avatars[i], state.sites[i], state.boards[i]
    masts = np.stack([state.network.stations[i]["x"], state.network.stations[i]["y"]], axis=1)
    here = np.flatnonzero(avatars["present"])
    figures = np.zeros(len(here), FIGURE)
    for name in ("x", "y", "heading"):
        figures[name] = avatars[name][here]
    figures["speed"] = np.hypot(avatars["vx"], avatars["vy"])[here]
    figures["colour"] = np.where(here < agents(config), here, COLOURS)
    plates = [f"{board['requests']} requests, {board['updates']} updates" for board in boards]
    return Scene(
        bounds=(0.0, 0.0, SIDE_M, SIDE_M),
        boxes=np.concatenate([posts(masts, MAST_M, MAST_HEIGHT_M), posts(sites, SENSOR_M, SENSOR_HEIGHT_M)]),
        box_kinds=np.array([WALL] * len(masts) + [SCREEN] * len(sites), np.uint8),
        floors=np.zeros((0, 4), np.float32),
        floor_tints=np.zeros(0, np.uint8),
        figures=figures,
        names=tuple(names(config, len(avatars))[a] for a in here),
        goals=np.zeros((0, 3), np.float32),
        labels=tuple(Label(float(x), float(y), MAST_HEIGHT_M, plate) for (x, y), plate in zip(masts, plates, strict=True)),
    )


def posts(places: np.ndarray, width_m: float, height_m: float) -> np.ndarray:
    """Boxes float32 [P, 6] (m) of upright things at ``places`` [P, 2]."""
    flat = np.tile([0.0, height_m], (len(places), 1))
    return np.column_stack([places - width_m / 2, places + width_m / 2, flat]).astype(np.float32)


def names(config: Config, avatars: int) -> list[str]:
    """What avatars are called: agents by their roles, then users."""
    if config.form == DUO:
        found = ["bandwidth_0", "compute_0"]
    else:
        found = [f"{'station' if config.form == CELLS else 'orchestrator'}_{b}" for b in range(agents(config))]
    return [*found, *(f"user_{k}" for k in range(avatars - len(found)))]
