"""Keydoor: rooms in a row, a key in one of them, a locked door, and a goal behind it. Nothing is paid before the goal."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, below, mix
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import choice, setting
from avatarium.worlds.core.spec import EventKind, Feature, Role, WorldSpec

F = np.float32
ARRIVAL, FAILURE, FOUND, OPENED = range(4)
AVATAR = np.dtype([("x", "i2"), ("y", "i2"), ("keys", "i2"), ("opened", "i2"), ("present", "i2")])
"""Tile; bit sets of the keys it has and the doors it went through; whether it is still on its way."""


@dataclass(frozen=True)
class Config:
    """Settings of keydoor."""

    avatars: int = setting(1, 1, 8, "avatars that learn; each has its own keys and is in nobody's way")
    rooms: int = setting(4, 2, 12, "rooms, each joined to the next")
    size: int = setting(4, 2, 8, "tiles along each side of a room")
    keys: int = setting(1, 1, 3, "locked doors, the last ones on the way, each with a key that lies somewhere before it")
    levels: int = setting(16, 1, 1 << 20, "how many levels there are")
    split: str = choice("train", "validation", "held-out", meaning="which levels")
    episode_steps: int = setting(150, 10, 6000, "steps until the goal counts as missed")


class State(NamedTuple):
    """Every field has the environments as its first axis; R rooms, K keys; tiles are (x, y)."""

    solid: np.ndarray  # uint8 [N, H, W]: 1 = wall, 2 + k = behind it door k
    corners: np.ndarray  # int16 [N, R, 2]: lowest tile of each room, in their order
    doors: np.ndarray  # int16 [N, R - 1, 2]
    keys: np.ndarray  # int16 [N, K, 2]
    goal: np.ndarray  # int16 [N, 2]
    avatars: np.ndarray  # AVATAR [N, A]


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    locks = min(config.keys, config.rooms - 1)
    corners, doors, keys = (np.zeros((num_envs, count, 2), np.int16) for count in (config.rooms, config.rooms - 1, locks))
    solid, goal = np.zeros((num_envs, *grid.extent(config.rooms, config.size)), np.uint8), np.zeros((num_envs, 2), np.int16)
    return State(solid, corners, doors, keys, goal, np.zeros((num_envs, config.avatars), AVATAR))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``seeker``."""
    locks, around, area = min(config.keys, config.rooms - 1), grid.AROUND, grid.VIEW * grid.VIEW
    features = (
        Feature("walls", area, 0, 1, f"{around}: wall, or door without the key to it; its own tile: doorway", "sight"),
        Feature("things", area, -1, 1, f"{around}: 1 = a key not yet taken, -1 = a locked door", "sight"),
        Feature("goal", area, 0, 1, f"{around}: the goal", "sight"),
        Feature("place", 2, 0, 1, "own x and y; the whole grid = 1", "body"),
        Feature("keys", locks, 0, 1, "which keys it has", "body"),
        Feature("time_left", 1, 0, 1, "share of the episode still to come", "body"),
    )
    return (Role("seeker", config.avatars, features, (grid.MOVE,), terms=("goal",)),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    locks = min(config.keys, config.rooms - 1)
    return (
        Feature("avatars", (2 + locks) * config.avatars, 0, 1, "each: x and y, which keys it has", "state"),
        Feature("tiles", 4 * locks + 2, 0, 1, "x and y of each key and its door, and of the goal", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            out[0].present[i] = True
            for a in range(state.avatars.shape[1]):
                observe(state, episodes, config[0], i, a, out[0].observation[i, a])


@kernel
def generate(state, episodes, config, i):
    """Draw one of the levels and put everybody into its first room."""
    stream, last = episodes.stream, state.corners.shape[1] - 1
    split = np.uint64(config.split)
    stream[i, LEVEL] = mix(np.uint64(below(stream, i, LEVEL, config.levels)), split)
    grid.lay_rooms(state.solid[i], state.corners[i], state.doors[i], stream, i, config.size)
    locks = state.keys.shape[1]
    for k in range(locks):
        behind = last + 1 - locks + k
        state.solid[i, state.doors[i, behind - 1, 1], state.doors[i, behind - 1, 0]] = 2 + k
        put(state.keys[i, k], state, stream, i, below(stream, i, LEVEL, behind), config.size)
    put(state.goal[i], state, stream, i, last, config.size)
    for a in range(state.avatars.shape[1]):
        me, corner = state.avatars[i, a], state.corners[i, 0]
        me.x, me.y = corner[0] + below(stream, i, LEVEL, config.size), corner[1] + below(stream, i, LEVEL, config.size)
        me.keys, me.opened, me.present = 0, 0, 1


@kernel
def put(tile, state, stream, i, room, size):
    """Choose a random tile (x, y) of a room."""
    tile[0], tile[1] = state.corners[i, room, 0] + below(stream, i, LEVEL, size), state.corners[i, room, 1] + below(stream, i, LEVEL, size)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns in how many somebody's episode ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            episodes.clock[i] += 1
            here, before, late = 0, 0, episodes.clock[i] >= config[0].episode_steps
            for a in range(state.avatars.shape[1]):
                before += state.avatars[i, a].present
                if state.avatars[i, a].present == 1:
                    walk(state, episodes, actions[0][i, a, 0], out[0], log, i, a)
                    if late and state.avatars[i, a].present == 1:
                        out[0].truncation[i, a] = True
                        emit(log, i, FAILURE, a, -1, F(1))
                here += state.avatars[i, a].present
            episodes.over[i] = late or here == 0
            ended += 1 if late or here < before else 0
            for a in range(state.avatars.shape[1]):
                observe(state, episodes, config[0], i, a, out[0].observation[i, a])
    return ended


@kernel
def walk(state, episodes, choice, out, log, i, a):
    """One avatar moves, takes the key it finds, opens the door it has the key to, and is paid at the goal."""
    me, (dx, dy) = state.avatars[i, a], grid.shift(choice)
    tile = state.solid[i, me.y + dy, me.x + dx]
    if tile == 0 or (tile >= 2 and (me.keys >> (tile - 2)) & 1 == 1):
        me.x, me.y = me.x + dx, me.y + dy
    if tile >= 2 and (me.keys >> (tile - 2)) & 1 == 1 and (me.opened >> (tile - 2)) & 1 == 0:
        me.opened |= 1 << (tile - 2)
        emit(log, i, OPENED, a, -1, F(tile - 2))
    for k in range(state.keys.shape[1]):
        if me.x == state.keys[i, k, 0] and me.y == state.keys[i, k, 1] and (me.keys >> k) & 1 == 0:
            me.keys |= 1 << k
            emit(log, i, FOUND, a, -1, F(k))
    if me.x == state.goal[i, 0] and me.y == state.goal[i, 1]:
        pay(out, i, a, 0, F(1))
        emit(log, i, ARRIVAL, a, -1, F(episodes.clock[i]))
        me.present, out.present[i, a], out.termination[i, a] = 0, False, True


@kernel
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what avatar ``a`` senses."""
    me, height, width, area = state.avatars[i, a], state.solid.shape[1], state.solid.shape[2], grid.VIEW * grid.VIEW
    out[: 3 * area] = F(0)
    for k in range(area):
        x, y = grid.seen(me.x, me.y, k)
        tile = state.solid[i, y, x] if 0 <= x < width and 0 <= y < height else 1
        locked = tile >= 2 and (me.keys >> (tile - 2)) & 1 == 0
        out[k], out[area + k] = F(1) if tile == 1 or locked else F(0), F(-1) if locked else F(0)
    out[area // 2] = F(1) if me.x % (config.size + 1) == 0 or me.y % (config.size + 1) == 0 else F(0)
    for k in range(state.keys.shape[1]):
        if (me.keys >> k) & 1 == 0:
            grid.mark(out[area : 2 * area], me.x, me.y, state.keys[i, k])
        out[3 * area + 2 + k] = F((me.keys >> k) & 1)
    grid.mark(out[2 * area : 3 * area], me.x, me.y, state.goal[i])
    out[3 * area], out[3 * area + 1] = F(me.x) / F(width - 1), F(me.y) / F(height - 1)
    out[out.shape[0] - 1] = F(1) - F(episodes.clock[i]) / F(config.episode_steps)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    wide, high, locks = F(1) / F(state.solid.shape[2] - 1), F(1) / F(state.solid.shape[1] - 1), state.keys.shape[1]
    for i in range(start, stop):
        n = 0
        for a in range(state.avatars.shape[1]):
            me = state.avatars[i, a]
            out[i, n], out[i, n + 1] = F(me.x) * wide, F(me.y) * high
            for k in range(locks):
                out[i, n + 2 + k] = F((me.keys >> k) & 1)
            n += 2 + locks
        for k in range(locks):
            door = state.doors[i, state.doors.shape[1] - locks + k]
            out[i, n], out[i, n + 1] = F(state.keys[i, k, 0]) * wide, F(state.keys[i, k, 1]) * high
            out[i, n + 2], out[i, n + 3] = F(door[0]) * wide, F(door[1]) * high
            n += 4
        out[i, n], out[i, n + 1] = F(state.goal[i, 0]) * wide, F(state.goal[i, 1]) * high


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the tile that each avatar is on."""
    return np.asarray(state.avatars["y"].astype(np.int64) * state.solid.shape[2] + state.avatars["x"])


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 1]: along the shortest way to the keys that are missing, in their order, and then to the goal."""
    state, each = batch.state, np.arange(len(envs))
    me, solid = state.avatars[envs, avatars], state.solid[envs]
    targets = np.concatenate([state.keys[envs], state.goal[envs][:, None]], axis=1)
    missing = ~(me["keys"][:, None] >> np.arange(targets.shape[1] - 1) & 1).astype(bool)
    wanted = targets[each, np.where(missing.any(axis=1), missing.argmax(axis=1), targets.shape[1] - 1)]
    target = np.zeros(solid.shape, np.bool_)
    target[each, wanted[:, 1], wanted[:, 0]] = True
    passable = (solid == 0) | ((solid >= 2) & (me["keys"][:, None, None] >> np.maximum(solid.astype(int) - 2, 0) & 1).astype(bool))
    return grid.downhill(grid.distances(passable, target), me["x"], me["y"])[:, None].astype(np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """The building; the goal and the keys that somebody lacks are flags, locked doors are barriers."""
    each = np.flatnonzero(state.avatars[i]["present"] == 1)
    here, size, locks = state.avatars[i][each], state.solid[i].shape[::-1], state.keys.shape[1]
    lacking = [k for k in range(locks) if ((here["keys"] >> k) & 1 == 0).any()]
    keys, doors = state.keys[i].tolist(), state.doors[i, -locks:].tolist()
    return grid.draw(
        (size[0], size[1]),
        grid.figures(here["x"], here["y"], each),
        [f"seeker_{a}" for a in each],
        solid=state.solid[i] == 1,
        blocks=[(x, y) for x, y in (doors[k] for k in lacking)],
        goals=[(*state.goal[i].tolist(), 2), *((*keys[k], 3 + k) for k in lacking)],
        labels=[(*keys[k], f"key {k}") for k in lacking],
    )


WORLD = WorldSpec(
    name="keydoor",
    version=1,
    summary="find the key, open the door, reach the goal behind it; nothing is paid before",
    tags=("diagnostic", "curiosity"),
    config=Config,
    roles=roles,
    events=(
        EventKind("arrival", "a seeker reached the goal", "steps it took"),
        EventKind("failure", "the episode ended before a seeker reached the goal"),
        EventKind("found", "a seeker took a key", "which"),
        EventKind("opened", "a seeker went through a locked door", "which"),
    ),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=("solid", "corners", "doors", "keys", "goal"),
    frame_fields=("avatars",),
    oracle=oracle,
    places=places,
    metrics=("success", "episode_return"),
)
