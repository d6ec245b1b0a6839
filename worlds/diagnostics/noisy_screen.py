"""Noisy screen: rooms to explore without any reward, and a screen whose picture is new in every step (Burda et al. 2018's noisy TV)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES, below, mix, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import choice, setting, switch
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32
COLOURS, PICTURE, REACH = 4, 16, 1  # colours of tiles; numbers of a picture; tiles from which the screen is seen
VISITED, WATCHED = 0, 1
PRESS = len(grid.MOVE.choices)


@dataclass(frozen=True)
class Config:
    """Settings of noisy_screen."""

    avatars: int = setting(1, 1, 8, "avatars that learn, in nobody's way")
    rooms: int = setting(6, 2, 12, "rooms, each joined to the next; everybody begins in the first")
    size: int = setting(5, 2, 8, "tiles along each side of a room")
    screen_room: int = setting(1, 0, 11, "which room has the screen in its middle (the last one where there are not so many)")
    screen: bool = switch(True, "whether there is a screen")
    remote: bool = switch(False, "whether the picture changes only when somebody near presses a button, a further choice of the move")
    discovery: float = setting(0.0, 0.0, 1.0, "paid for each tile on which an avatar stands for the first time in an episode")
    levels: int = setting(1, 1, 1 << 20, "how many buildings there are")
    split: str = choice("train", "validation", "held-out", meaning="which buildings")
    episode_steps: int = setting(200, 10, 6000, "length of an episode")


class State(NamedTuple):
    """Every field has the environments as its first axis; A avatars, R rooms. Tiles are (x, y)."""

    solid: np.ndarray  # uint8 [N, H, W]: 1 = wall
    colours: np.ndarray  # uint8 [N, H, W]: 0 to COLOURS - 1
    corners: np.ndarray  # int16 [N, R, 2]
    doors: np.ndarray  # int16 [N, R - 1, 2]
    tiles: np.ndarray  # int32 [N]: how many there are to stand on
    screen: np.ndarray  # int16 [N, 2]: where it is
    avatars: np.ndarray  # int16 [N, A, 2]
    visited: np.ndarray  # uint8 [N, A, H, W]
    picture: np.ndarray  # float32 [N, PICTURE]


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    shape = (num_envs, *grid.extent(config.rooms, config.size))
    corners, doors, avatars = (np.zeros((num_envs, count, 2), np.int16) for count in (config.rooms, config.rooms - 1, config.avatars))
    return State(
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        corners,
        doors,
        np.zeros(num_envs, np.int32),
        np.zeros((num_envs, 2), np.int16),
        avatars,
        np.zeros((num_envs, config.avatars, *shape[1:]), np.uint8),
        np.zeros((num_envs, PICTURE), F),
    )


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``explorer``."""
    area = grid.VIEW * grid.VIEW
    features = (
        Feature("walls", area, 0, 1, f"{grid.AROUND}: wall; its own tile: doorway", "sight"),
        Feature("colours", area, 0, 1, f"{grid.AROUND}: colour of the floor, 0 to {COLOURS - 1} over {COLOURS - 1}; walls 0", "sight"),
        Feature("place", 2, 0, 1, "own x and y; the whole grid = 1", "body"),
        *(
            (Feature("picture", PICTURE, -1, 1, f"what the screen shows; zeros beyond {REACH} tile from it", "sight"),)
            if config.screen
            else ()
        ),
    )
    head = Head("move", (*grid.MOVE.choices, "press")) if config.remote else grid.MOVE
    return (Role("explorer", config.avatars, features, (head,), terms=("discovery",)),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (Feature("avatars", 3 * config.avatars, 0, 1, "each: x and y, share of all tiles it has stood on", "state"),)


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            size = config[0].size
            generate(state, episodes.stream, config[0], i)
            for a in range(state.avatars.shape[1]):
                for c in range(2):
                    state.avatars[i, a, c] = state.corners[i, 0, c] + below(episodes.stream, i, RULES, size)
                state.visited[i, a] = 0
                state.visited[i, a, state.avatars[i, a, 1], state.avatars[i, a, 0]] = 1
            change(state, episodes.stream, i)
            out[0].present[i] = True
            for a in range(state.avatars.shape[1]):
                observe(state, config[0], i, a, out[0].observation[i, a])


@kernel
def generate(state, stream, config, i):
    """Draw one of the buildings."""
    split = np.uint64(config.split)
    stream[i, LEVEL] = mix(np.uint64(below(stream, i, LEVEL, config.levels)), split)
    grid.lay_rooms(state.solid[i], state.corners[i], state.doors[i], stream, i, config.size)
    state.tiles[i] = 0
    for y in range(state.solid.shape[1]):
        for x in range(state.solid.shape[2]):
            free = state.solid[i, y, x] == 0
            state.tiles[i] += 1 if free else 0
            state.colours[i, y, x] = below(stream, i, LEVEL, COLOURS) if free else 0
    room = min(config.screen_room, state.corners.shape[1] - 1)
    for c in range(2):
        state.screen[i, c] = state.corners[i, room, c] + config.size // 2


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            fresh = False
            for a in range(state.avatars.shape[1]):
                walk(state, config[0], actions[0][i, a, 0], out[0], log, i, a)
                if near(state, i, a):
                    fresh |= config[0].screen == 1 and (config[0].remote == 0 or actions[0][i, a, 0] == PRESS)
                    emit(log, i, WATCHED, a, -1, F(1))
            if fresh:
                change(state, episodes.stream, i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            for a in range(state.avatars.shape[1]):
                observe(state, config[0], i, a, out[0].observation[i, a])
    return ended


@kernel
def walk(state, config, choice, out, log, i, a):
    """One avatar moves; a tile that is new to it is noted."""
    me, (dx, dy) = state.avatars[i, a], grid.shift(choice)
    if state.solid[i, me[1] + dy, me[0] + dx] == 0:
        me[0], me[1] = me[0] + dx, me[1] + dy
    if state.visited[i, a, me[1], me[0]] == 0:
        state.visited[i, a, me[1], me[0]] = 1
        pay(out, i, a, 0, F(config.discovery))
        emit(log, i, VISITED, a, -1, F(1) / F(state.tiles[i] - 1))


@kernel
def near(state, i, a):
    """Whether avatar ``a`` is near enough to the screen to see it."""
    away = max(abs(state.avatars[i, a, 0] - state.screen[i, 0]), abs(state.avatars[i, a, 1] - state.screen[i, 1]))
    return away <= REACH


@kernel
def change(state, stream, i):
    """Show another picture."""
    for k in range(PICTURE):
        state.picture[i, k] = F(2) * uniform(stream, i, RULES) - F(1)


@kernel
def observe(state, config, i, a, out):
    """Fill ``out`` [D] with what avatar ``a`` senses."""
    x, y, area = state.avatars[i, a, 0], state.avatars[i, a, 1], grid.VIEW * grid.VIEW
    height, width = state.solid.shape[1], state.solid.shape[2]
    for k in range(area):
        u, v = grid.seen(x, y, k)
        inside = 0 <= u < width and 0 <= v < height
        out[k] = F(state.solid[i, v, u]) if inside else F(1)
        out[area + k] = F(state.colours[i, v, u]) / F(COLOURS - 1) if inside else F(0)
    out[area // 2] = F(1) if x % (config.size + 1) == 0 or y % (config.size + 1) == 0 else F(0)
    out[2 * area], out[2 * area + 1] = F(x) / F(width - 1), F(y) / F(height - 1)
    if config.screen == 1:
        on = near(state, i, a)
        for k in range(PICTURE):
            out[2 * area + 2 + k] = state.picture[i, k] if on else F(0)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    wide, high = F(1) / F(state.solid.shape[2] - 1), F(1) / F(state.solid.shape[1] - 1)
    for i in range(start, stop):
        for a in range(state.avatars.shape[1]):
            seen = 0
            for y in range(state.visited.shape[2]):
                for x in range(state.visited.shape[3]):
                    seen += state.visited[i, a, y, x]
            out[i, 3 * a], out[i, 3 * a + 1] = F(state.avatars[i, a, 0]) * wide, F(state.avatars[i, a, 1]) * high
            out[i, 3 * a + 2] = F(seen) / F(state.tiles[i])


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the tile that each avatar is on."""
    x, y = np.moveaxis(state.avatars.astype(np.int64), -1, 0)
    return np.asarray(y * state.solid.shape[2] + x)


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 1]: to the nearest tile on which it has not stood yet."""
    state = batch.state
    free, (x, y) = state.solid[envs] == 0, state.avatars[envs, avatars].T
    steps = grid.distances(free, free & (state.visited[envs, avatars] == 0))
    return grid.downhill(steps, x, y)[:, None].astype(np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """The building with its coloured tiles; the screen's tile changes its colour with the picture."""
    tiles = [(int(x), int(y), int(state.colours[i, y, x])) for y, x in np.argwhere(state.solid[i] == 0)]
    labels = []
    if config.screen:
        x, y = state.screen[i].tolist()
        tiles, labels = [*tiles, (x, y, 4 + int(4 * abs(state.picture[i, 0])))], [(x, y, "screen")]
    each = np.arange(config.avatars)
    people = grid.figures(state.avatars[i, :, 0], state.avatars[i, :, 1], each)
    size = state.solid[i].shape[::-1]
    return grid.draw((size[0], size[1]), people, [f"explorer_{a}" for a in each], solid=state.solid[i], tiles=tiles, labels=labels)


WORLD = WorldSpec(
    name="noisy_screen",
    version=1,
    summary="explore rooms without reward, past a screen whose picture nobody can foresee",
    tags=("diagnostic", "curiosity"),
    config=Config,
    roles=roles,
    events=(
        EventKind("visited", "an explorer stood on a tile for the first time", "share that one is of all tiles but the first"),
        EventKind("watched", "a step of an explorer near the screen, or where it would be"),
    ),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=("solid", "colours", "corners", "doors", "tiles", "screen"),
    frame_fields=("avatars", "visited", "picture"),
    oracle=oracle,
    places=places,
    metrics=("coverage", "screen_time", "episode_return"),
)
