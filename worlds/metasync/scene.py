"""What there is to see in metasync, as data for the renderer.

The area is drawn at a tenth of its size, so that people of their own size can be seen in it: 200 m are 20 m of the picture, and the 1.5 m
that somebody walks in a step are what a person walks in a tenth of a second.
"""

import itertools

import numpy as np

from avatarium.worlds.core.scene import FIGURE, Label, Scene
from avatarium.worlds.metasync.config import CELLS, DUO, Config
from avatarium.worlds.metasync.state import SIDE_M, State, agents

Place = tuple[float, float, float]
Part = tuple[Place, Place, float, int]
"""A beam: from where to where, its width (m), and its palette index."""

SCALE = 0.1
SIDE = SIDE_M * SCALE
MARGIN_M = 4.0
"""Beside the area, at its left: what colours mean."""
USERS, SENSORS, STEEL, PANEL, AGENT, UNTOLD = 0, 6, 14, 10, 9, 14
"""Palette indices of what is users' and sensors', of masts and their antennas, of agents, and of users whom nobody has answered yet."""
LIMITS, AGES = (5, 15, 25, 35), (4, 2, 5, 1, 3)
"""Steps up to which ages have the first of these palette indices, the second, and so on: from teal to red."""
KEY = (
    ("sensors: age, steps", None),
    ("people: AoSI, steps", None),
    *((f"up to {limit}", colour) for limit, colour in zip(LIMITS, AGES[:-1], strict=True)),
    ("more", AGES[-1]),
    ("no answer", UNTOLD),
    ("for people", USERS),
    ("for sensors", SENSORS),
)
"""What is written at the left, and the colour that it explains."""
TINTS = (2, 0, 1)
"""Of the floor where the first station is the nearest, the second, the third."""
SCREEN = 4
PLINTH_M, ARM_M, MAST_M = 0.25, 1.05, 4.75
"""Heights: of what masts and stacks stand on; from one arm of a mast to the next, that is for ten times as many packets; of a mast."""
BARS_M, LONG_M = (-0.95, -1.65), 3.2
"""How far before a mast the bars of bandwidth and of compute are, and how long they are."""


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now.

    Sensors have the colour of the age of what was processed last of them, users that of the AoSI of what they were answered last. Links are
    as thick as what waits to be sent over them. The stacks at a mast are its queues, on a logarithmic scale; bars before it show shares.
    """
    avatars, boards = state.avatars[i], state.boards[i]
    masts = np.stack([state.network.stations[i]["x"], state.network.stations[i]["y"]], axis=1) * SCALE
    here = np.flatnonzero(avatars["present"])
    called = names(config, len(avatars))
    floors, tints = areas(masts)
    pairs = list(zip(masts, boards, strict=True))
    return Scene(
        bounds=(-MARGIN_M, 0.0, SIDE, SIDE),
        boxes=plinths(masts),
        box_kinds=np.full(len(masts), SCREEN, np.uint8),
        floors=floors,
        floor_tints=tints,
        figures=people(avatars[here], here < agents(config)),
        names=tuple(called[a] for a in here),
        goals=np.zeros((0, 3), np.float32),
        beams=np.concatenate([swatches(), *(station(*pair) for pair in pairs), *devices(state, config, i, masts)]),
        labels=(*captions(), *(label for pair in pairs for label in plates(*pair))),
        notes=dict(zip(called, notes(avatars, boards, agents(config)), strict=True)),
    )


def people(avatars: np.ndarray, is_agent: np.ndarray) -> np.ndarray:
    """FIGURE [A] of ``avatars``."""
    found = np.zeros(len(avatars), FIGURE)
    found["x"], found["y"], found["heading"] = avatars["x"] * SCALE, avatars["y"] * SCALE, avatars["heading"]
    found["speed"] = np.hypot(avatars["vx"], avatars["vy"])
    found["colour"] = np.where(is_agent, AGENT, np.where(avatars["aosi"] < 0, UNTOLD, aged(avatars["aosi"])))
    return found


def aged(steps: np.ndarray) -> np.ndarray:
    """Palette indices of ages."""
    return np.array(AGES, np.uint8)[np.searchsorted(LIMITS, steps)]


def devices(state: State, config: Config, i: int, masts: np.ndarray) -> list[np.ndarray]:
    """Beams of sensors, which are boxes on poles, and of everybody's link to the mast that is nearest."""
    avatars, sensors, sites = state.avatars[i, agents(config) :], state.sensors[i], state.sites[i] * SCALE
    users = avatars[avatars["present"] > 0]
    walking = np.stack([users["x"], users["y"]], axis=1) * SCALE
    foot, neck, top = (raised(sites, z) for z in (0.0, 0.75, 1.2))
    return [
        beams(foot, neck, 0.1, STEEL),
        beams(neck, top, 0.45, aged(sensors["age"])),
        beams(top, antennas(sites, masts), thickness(sensors["waiting"]), SENSORS),
        beams(raised(walking, 1.2), antennas(walking, masts), thickness(users["waiting"]), USERS),
    ]


def beams(starts: np.ndarray, ends: np.ndarray, widths: np.ndarray | float, colours: np.ndarray | int) -> np.ndarray:
    """Rows of ``Scene.beams`` from places to places [L, 3] (m)."""
    rows = np.zeros((len(starts), 8), np.float32)
    rows[:, :3], rows[:, 3:6], rows[:, 6], rows[:, 7] = starts, ends, widths, colours
    return rows


def raised(places: np.ndarray, z_m: float) -> np.ndarray:
    """Places [P, 2] so high above the floor, [P, 3]."""
    return np.column_stack([places, np.full(len(places), z_m)])


def antennas(places: np.ndarray, masts: np.ndarray) -> np.ndarray:
    """For each of ``places`` [P, 2] the antenna of the mast nearest to it, [P, 3]."""
    return raised(masts[nearest(places, masts)], MAST_M - 0.2)


def nearest(places: np.ndarray, masts: np.ndarray) -> np.ndarray:
    """The number of the mast nearest to each of ``places`` [..., 2]."""
    found: np.ndarray = np.linalg.norm(places[..., None, :] - masts, axis=-1).argmin(axis=-1)
    return found


def thickness(waiting: np.ndarray) -> np.ndarray:
    """Width (m) of a link over which so many packets wait to be sent."""
    found: np.ndarray = 0.02 + 0.035 * np.log10(1.0 + waiting)
    return found


def station(mast: np.ndarray, board: np.void) -> np.ndarray:
    """Beams of a mast, its arms and antennas, the stacks at its sides and the bars before it."""
    heights = PLINTH_M + ARM_M * np.log10([1.0 + board["requests"], 1.0 + board["updates"]])
    parts: list[Part] = [((0, 0, 0), (0, 0, MAST_M), 0.14, STEEL)]
    parts += [((-1.25, 0, z), (1.25, 0, z), 0.06, STEEL) for z in (PLINTH_M + ARM_M * k for k in range(1, 5))]
    parts += [((x, y, MAST_M - 0.5), (x, y, MAST_M + 0.25), 0.14, PANEL) for x, y in ((0.24, 0.0), (-0.14, 0.2), (-0.14, -0.2))]
    parts += [((x, 0, PLINTH_M), (x, 0, z), 0.66, kind) for x, z, kind in zip((-0.7, 0.7), heights, (USERS, SENSORS), strict=True)]
    for y, share in zip(BARS_M, (board["bandwidth"], board["compute"]), strict=True):
        middle = LONG_M * (float(share) - 0.5)
        parts += [((-LONG_M / 2, y, 0.2), (middle, y, 0.2), 0.4, USERS), ((middle, y, 0.2), (LONG_M / 2, y, 0.2), 0.4, SENSORS)]
    return listed(parts) + np.array([*mast, 0, *mast, 0, 0, 0], np.float32)


def listed(parts: list[Part]) -> np.ndarray:
    """Rows of ``Scene.beams`` of parts."""
    return np.array([(*start, *end, width, colour) for start, end, width, colour in parts], np.float32)


def plinths(masts: np.ndarray) -> np.ndarray:
    """Boxes float32 [B, 6] (m) on which masts and stacks stand."""
    return np.column_stack([masts - (1.3, 0.55), masts + (1.3, 0.55), np.tile([0.0, PLINTH_M], (len(masts), 1))]).astype(np.float32)


def areas(masts: np.ndarray, strip_m: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """Floors [F, 4] (m) and their tints [F]: strips in which one mast is the nearest."""
    at = np.arange(strip_m / 2, SIDE, strip_m)
    found = []
    for j, row in enumerate(nearest(np.stack(np.meshgrid(at, at), axis=-1), masts)):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        found += [(a * strip_m, j * strip_m, b * strip_m, (j + 1) * strip_m, TINTS[row[a]]) for a, b in itertools.pairwise(edges)]
    table = np.array(found, np.float32)
    return table[:, :4], table[:, 4].astype(np.uint8)


def swatches() -> np.ndarray:
    """Beams beside the area in the colours that mean something."""
    return listed([((-3.5, y, 0.25), (-2.9, y, 0.25), 0.5, colour) for _, colour, y in lines() if colour is not None])


def captions() -> list[Label]:
    """What colours mean."""
    return [Label(-2.0 if colour is None else -1.45, y - 0.3, 0.0, text) for text, colour, y in lines()]


def lines() -> list[tuple[str, int | None, float]]:
    """The lines of the key, and how far up the plan (m) each of them is."""
    return [(text, colour, SIDE - 2.0 - 1.5 * k) for k, (text, colour) in enumerate(KEY)]


def plates(mast: np.ndarray, board: np.void) -> list[Label]:
    """How long the queues of a station are, and what its bars show."""
    x, y = mast.tolist()
    return [
        Label(x, y + 1.5, MAST_M + 0.3, f"requests {board['requests']} · updates {board['updates']}"),
        Label(x + LONG_M / 2 + 2.4, y + sum(BARS_M) / 2, 0.3, "bandwidth, compute"),
    ]


def notes(avatars: np.ndarray, boards: np.ndarray, count: int) -> list[str]:
    """A sentence for each avatar, of which the first ``count`` are agents."""
    found = [f"in queues: requests {board['requests']}, updates {board['updates']}" for board in np.resize(boards, count)]
    for user in avatars[count:]:
        told = f"AoSI {user['aosi']}, AoRI {user['aori']}" if user["aosi"] >= 0 else "no answer yet"
        found.append(f"{told}, not sent {user['waiting']}")
    return found


def names(config: Config, avatars: int) -> list[str]:
    """What avatars are called: agents by their roles, then users."""
    if config.form == DUO:
        found = ["bandwidth_0", "compute_0"]
    else:
        found = [f"{'station' if config.form == CELLS else 'orchestrator'}_{b}" for b in range(agents(config))]
    return [*found, *(f"user_{k}" for k in range(avatars - len(found)))]
