"""Coordination: as many plates as avatars on a small grid; when all plates are covered at once, everybody is paid and plates move."""

import itertools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES, below
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Role, WorldSpec

F = np.float32
COVERED, APPROACH = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of coordination."""

    avatars: int = setting(2, 1, 8, "avatars, and plates")
    size: int = setting(5, 4, 32, "tiles along each side")
    covered: float = setting(1.0, 0.0, 100.0, "paid to everybody when all plates are covered")
    approach: float = setting(0.1, 0.0, 10.0, "paid to everybody per tile by which the plates' nearest avatars came nearer; 0 = sparse")
    episode_steps: int = setting(64, 8, 6000, "length of an episode")


class State(NamedTuple):
    """Every field has the environments as its first axis; A avatars and as many plates; tiles (x, y) from 0."""

    avatars: np.ndarray  # float32 [N, A, 2]
    plates: np.ndarray  # float32 [N, A, 2]
    away: np.ndarray  # float32 [N]: tiles from each plate to its nearest avatar, summed


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    shape = (num_envs, config.avatars, 2)
    return State(np.zeros(shape, F), np.zeros(shape, F), np.zeros(num_envs, F))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``mover``."""
    others = (Feature("others", 3 * (config.avatars - 1), -1, 1, "each of the others: place seen from here, is on a plate", "sight"),)
    features = (
        Feature("place", 2, 0, 1, "own x and y; the whole grid = 1", "body"),
        Feature("on_plate", 1, 0, 1, "whether it stands on a plate", "body"),
        Feature("plates", 3 * config.avatars, -1, 1, "each plate: place seen from here, is covered", "sight"),
        *(others if config.avatars > 1 else ()),
    )
    return (Role("mover", config.avatars, features, (grid.MOVE,), terms=("covered", "approach")),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (
        Feature("avatars", 2 * config.avatars, 0, 1, "x and y of each", "state"),
        Feature("plates", 2 * config.avatars, 0, 1, "x and y of each", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            scatter(state.avatars[i], episodes.stream, i, LEVEL, config[0].size)
            scatter(state.plates[i], episodes.stream, i, LEVEL, config[0].size)
            state.away[i] = away(state, i)
            out[0].present[i] = True
            observe(state, config[0], out[0].observation[i], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            a = episodes.clock[i] % state.avatars.shape[1]  # who moves first changes from step to step
            for _ in range(state.avatars.shape[1]):
                move(state.avatars[i], a, actions[0][i, a, 0], F(config[0].size - 1))
                a = a + 1 if a + 1 < state.avatars.shape[1] else 0
            reward(state, episodes, config[0], out[0], log, i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            observe(state, config[0], out[0].observation[i], i)
    return ended


@kernel
def scatter(tiles, stream, i, purpose, size):
    """Fill ``tiles`` [A, 2] with random tiles, all different."""
    for a in range(tiles.shape[0]):
        while True:
            tiles[a, 0], tiles[a, 1] = F(below(stream, i, purpose, size)), F(below(stream, i, purpose, size))
            if not taken(tiles, a, a, tiles[a, 0], tiles[a, 1]):
                break


@kernel
def taken(tiles, count, a, x, y):
    """Whether one of the first ``count`` of ``tiles`` [A, 2], other than ``a``, is (x, y)."""
    found = False
    for b in range(count):
        found |= (b != a) & (tiles[b, 0] == x) & (tiles[b, 1] == y)
    return found


@kernel
def move(tiles, a, choice, last):
    """One step of avatar ``a`` to a neighbouring tile on which nobody stands."""
    dx, dy = grid.shift(choice)
    x, y = min(max(tiles[a, 0] + F(dx), F(0)), last), min(max(tiles[a, 1] + F(dy), F(0)), last)
    if not taken(tiles, tiles.shape[0], a, x, y):
        tiles[a, 0], tiles[a, 1] = x, y


@kernel
def away(state, i):
    """Tiles from each plate to its nearest avatar, summed."""
    total = F(0)
    for p in range(state.plates.shape[1]):
        nearest = F(1000)
        for a in range(state.avatars.shape[1]):
            d = abs(state.avatars[i, a, 0] - state.plates[i, p, 0]) + abs(state.avatars[i, a, 1] - state.plates[i, p, 1])
            nearest = min(nearest, d)
        total += nearest
    return total


@kernel
def reward(state, episodes, config, out, log, i):
    """Pay for coming nearer, and when all plates are covered; they lie elsewhere then."""
    now = away(state, i)
    for a in range(state.avatars.shape[1]):
        pay(out, i, a, APPROACH, F(config.approach) * (state.away[i] - now))
        pay(out, i, a, COVERED, F(config.covered) if now == F(0) else F(0))
    if now == F(0):
        emit(log, i, 0, -1, -1, F(1))
        scatter(state.plates[i], episodes.stream, i, RULES, config.size)
        now = away(state, i)
    state.away[i] = now


@kernel
def observe(state, config, out, i):
    """Fill ``out`` [A, D] with what everybody senses."""
    avatars, plates, count, scale = state.avatars[i], state.plates[i], state.avatars.shape[1], F(1) / F(config.size - 1)
    for p in range(count):
        covered = F(1) if taken(avatars, count, -1, plates[p, 0], plates[p, 1]) else F(0)
        for a in range(count):
            k = 3 + 3 * p
            out[a, k], out[a, k + 1] = (plates[p, 0] - avatars[a, 0]) * scale, (plates[p, 1] - avatars[a, 1]) * scale
            out[a, k + 2] = covered
    for a in range(count):
        on = F(1) if taken(plates, count, -1, avatars[a, 0], avatars[a, 1]) else F(0)
        out[a, 0], out[a, 1], out[a, 2] = avatars[a, 0] * scale, avatars[a, 1] * scale, on
    for a in range(count):
        for j in range(1, count):  # beginning with the next in number
            b, k = (a + j if a + j < count else a + j - count), 3 * count + 3 * j
            out[a, k], out[a, k + 1] = (avatars[b, 0] - avatars[a, 0]) * scale, (avatars[b, 1] - avatars[a, 1]) * scale
            out[a, k + 2] = out[b, 2]


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    count, scale = state.avatars.shape[1], F(1) / F(config[0].size - 1)
    for i in range(start, stop):
        for a in range(count):
            for c in range(2):
                out[i, 2 * a + c] = state.avatars[i, a, c] * scale
                out[i, 2 * (count + a) + c] = state.plates[i, a, c] * scale


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1]: everybody shares the plates out in the same way, and goes to its own unless somebody stands in its way.

    Ways count squared, so that whoever stands between another and a plate goes on to it, and leaves its own to the other.
    """
    rows, count = np.arange(len(observation)), config.avatars
    seen = np.rint(observation * (config.size - 1)).astype(int)
    place, others = seen[:, None, :2], seen[:, 3 + 3 * count :].reshape(len(rows), count - 1, 3)[..., :2]
    plates = row_by_row(place + seen[:, 3 : 3 + 3 * count].reshape(len(rows), count, 3)[..., :2], config.size)
    avatars = row_by_row(np.concatenate([place, place + others], axis=1), config.size)  # the same for all, whoever looks
    cost = np.abs(avatars[:, :, None] - plates[:, None]).sum(axis=-1) ** 2
    whose = np.tile(np.arange(count), (len(rows), 1))
    for a, b in list(itertools.combinations(range(count), 2)) * count:
        now, other = cost[rows, a, whose[:, a]] + cost[rows, b, whose[:, b]], cost[rows, a, whose[:, b]] + cost[rows, b, whose[:, a]]
        whose[:, [a, b]] = np.where((other < now)[:, None], whose[:, [b, a]], whose[:, [a, b]])
    me = (avatars == place).all(axis=-1).argmax(axis=1)
    return steer(plates[rows, whose[rows, me]] - place[:, 0], others)


def row_by_row(tiles: np.ndarray, size: int) -> np.ndarray:
    """Tiles [B, A, 2] in the order of where they are."""
    return np.take_along_axis(tiles, np.argsort(tiles @ [1, size], axis=1)[..., None], axis=1)


def steer(way: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Moves int32 [B, 1] along ``way`` [B, 2], the longer side first unless one of ``others`` [B, A - 1, 2] stands there."""
    sides = np.stack([np.where(way[:, 0] > 0, grid.EAST, grid.WEST), np.where(way[:, 1] > 0, grid.NORTH, grid.SOUTH)], axis=1)
    steps = np.stack([grid.STEPS_X, grid.STEPS_Y], axis=1)[sides]
    blocked = (steps[:, :, None] == others[:, None]).all(axis=-1).any(axis=-1)
    best = (np.abs(way) - 100 * blocked).argmax(axis=1)
    return np.where((way != 0).any(axis=1), sides[np.arange(len(way)), best], grid.STAY)[:, None].astype(np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """An open floor, with a flag on each plate."""
    people = grid.figures(state.avatars[i, :, 0], state.avatars[i, :, 1], np.arange(config.avatars))
    plates = [(float(x), float(y), 2) for x, y in state.plates[i]]
    return grid.draw((config.size, config.size), people, [f"mover_{a}" for a in range(config.avatars)], tiles=plates, goals=plates)


WORLD = WorldSpec(
    name="coordination",
    version=1,
    summary="cover all plates of a small grid at once, each avatar one",
    tags=("diagnostic", "social"),
    config=Config,
    roles=roles,
    events=(EventKind("covered", "all plates were covered at once"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("avatars", "plates", "away"),
    heuristic=heuristic,
)
