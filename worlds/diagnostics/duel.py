"""Duel: two teams with the same senses and moves contend for three points; whoever stepped on a point last holds it."""

from collections.abc import Callable
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
POINTS = 3
RED, BLUE = 0, 1
SCORE, CAPTURE = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of duel."""

    team: int = setting(2, 1, 5, "avatars on each side")
    size: int = setting(9, 7, 21, "tiles along each side of the grid")
    score: float = setting(0.1, 0.0, 10.0, "paid to each of a team per step and point held, and taken from each of the other")
    capture: float = setting(0.1, 0.0, 10.0, "paid to whoever takes a point, alone")
    episode_steps: int = setting(100, 10, 6000, "length of an episode")


class State(NamedTuple):
    """Every field has the environments as its first axis; A avatars: red ones, then blue ones. Tiles are (x, y)."""

    avatars: np.ndarray  # int16 [N, A, 2]
    points: np.ndarray  # int16 [N, POINTS, 2]
    owners: np.ndarray  # int8 [N, POINTS]: RED, BLUE or -1


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    avatars, points = (np.zeros((num_envs, count, 2), np.int16) for count in (2 * config.team, POINTS))
    return State(avatars, points, np.zeros((num_envs, POINTS), np.int8))


def roles(config: Config) -> tuple[Role, ...]:
    """Two roles that differ in nothing but their name: blue sees the grid turned by half, so that both begin in its south-west."""
    mates = Feature("mates", 2 * (config.team - 1), -1, 1, "each mate: place seen from here", "sight")
    features = (
        Feature("place", 2, 0, 1, "own x and y, from the own corner; the whole grid = 1", "body"),
        Feature("points", 3 * POINTS, -1, 1, "each point: place seen from here, 1 = held by the own team, -1 = by the other", "sight"),
        *((mates,) if config.team > 1 else ()),
        Feature("rivals", 2 * config.team, -1, 1, "each rival: place seen from here", "sight"),
        Feature("time_left", 1, 0, 1, "share of the episode still to come", "body"),
    )
    return tuple(Role(name, config.team, features, (grid.MOVE,), terms=("score", "capture")) for name in ("red", "blue"))


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (
        Feature("avatars", 4 * config.team, 0, 1, "x and y of each, red ones first", "state"),
        Feature("points", 3 * POINTS, -1, 1, "each: x and y, 1 = red, -1 = blue", "state"),
        Feature("time_left", 1, 0, 1, "share of the episode still to come", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes.stream, config[0], i)
            out[RED].present[i] = True
            out[BLUE].present[i] = True
            for a in range(state.avatars.shape[1]):
                observe(state, episodes, config[0], out, i, a)


@kernel
def generate(state, stream, config, i):
    """Put the teams into opposite corners and the points where neither has the shorter way to all of them."""
    last = config.size - 1
    for a in range(config.team):
        x, y = a % 3, a // 3
        state.avatars[i, a, 0], state.avatars[i, a, 1] = x, y
        state.avatars[i, config.team + a, 0], state.avatars[i, config.team + a, 1] = last - x, last - y
    x, y = below(stream, i, LEVEL, config.size), 2 + below(stream, i, LEVEL, last // 2 - 2)
    state.points[i, 0, 0], state.points[i, 0, 1] = last // 2, last // 2
    state.points[i, 1, 0], state.points[i, 1, 1] = x, y
    state.points[i, 2, 0], state.points[i, 2, 1] = last - x, last - y
    state.owners[i] = -1


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[RED], i)
            clear(out[BLUE], i)
            first = below(episodes.stream, i, RULES, 2)
            for k in range(state.avatars.shape[1]):  # red and blue in turn, by chance the one or the other first
                act(state, config[0], actions, out, log, i, (first + k) % 2, k // 2)
            score(state, config[0], out, i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[RED].truncation[i] = True
                out[BLUE].truncation[i] = True
                ended += 1
            for a in range(state.avatars.shape[1]):
                observe(state, episodes, config[0], out, i, a)
    return ended


@kernel
def act(state, config, actions, out, log, i, team, member):
    """One avatar moves, and takes the point that it steps on; those who stay where they are take nothing."""
    a, last, (dx, dy) = team * config.team + member, config.size - 1, grid.shift(actions[team][i, member, 0])
    if team == BLUE:
        dx, dy = -dx, -dy
    x, y = min(max(state.avatars[i, a, 0] + dx, 0), last), min(max(state.avatars[i, a, 1] + dy, 0), last)
    if state.avatars[i, a, 0] == x and state.avatars[i, a, 1] == y:
        return
    state.avatars[i, a, 0], state.avatars[i, a, 1] = x, y
    for p in range(POINTS):
        if state.points[i, p, 0] == x and state.points[i, p, 1] == y and state.owners[i, p] != team:
            state.owners[i, p] = team
            pay(out[team], i, member, CAPTURE, F(config.capture))
            emit(log, i, 0, a, -1, F(p))


@kernel
def score(state, config, out, i):
    """Pay each team for what it holds and the other does not."""
    lead = 0
    for p in range(POINTS):
        lead += (1 if state.owners[i, p] == RED else 0) - (1 if state.owners[i, p] == BLUE else 0)
    for member in range(config.team):
        pay(out[RED], i, member, SCORE, F(config.score) * F(lead))
        pay(out[BLUE], i, member, SCORE, F(config.score) * F(-lead))


@kernel
def observe(state, episodes, config, out, i, a):
    """Fill what avatar ``a`` senses."""
    team, scale = a // config.team, F(1) / F(config.size - 1)
    side, row, me = F(1) if team == RED else F(-1), out[team].observation[i, a % config.team], state.avatars[i, a]
    row[0], row[1] = F(me[0]) * scale, F(me[1]) * scale
    if team == BLUE:
        row[0], row[1] = F(1) - row[0], F(1) - row[1]
    for k in range(POINTS):
        p = k if k == 0 or team == RED else POINTS - k  # the two that mirror one another change places as well
        row[3 * k + 2], row[3 * k + 3] = F(state.points[i, p, 0] - me[0]) * scale * side, F(state.points[i, p, 1] - me[1]) * scale * side
        row[3 * k + 4] = F(0) if state.owners[i, p] < 0 else (F(1) if state.owners[i, p] == team else F(-1))
    n = 2 + 3 * POINTS
    for j in range(1, 2 * config.team):
        mate = j < config.team
        b = team * config.team + (a + j) % config.team if mate else (1 - team) * config.team + j - config.team
        row[n], row[n + 1] = F(state.avatars[i, b, 0] - me[0]) * scale * side, F(state.avatars[i, b, 1] - me[1]) * scale * side
        n += 2
    row[n] = F(1) - F(episodes.clock[i]) / F(config.episode_steps)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    scale = F(1) / F(config[0].size - 1)
    for i in range(start, stop):
        n = 2 * state.avatars.shape[1]
        for a in range(state.avatars.shape[1]):
            out[i, 2 * a], out[i, 2 * a + 1] = F(state.avatars[i, a, 0]) * scale, F(state.avatars[i, a, 1]) * scale
        for p in range(POINTS):
            out[i, n], out[i, n + 1] = F(state.points[i, p, 0]) * scale, F(state.points[i, p, 1]) * scale
            out[i, n + 2] = F(0) if state.owners[i, p] < 0 else (F(1) if state.owners[i, p] == RED else F(-1))
            n += 3
        out[i, n] = F(1) - F(episodes.clock[i]) / F(config[0].episode_steps)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1]: goes to the nearest point that is not held and to which no mate is nearer; else guards the nearest one."""
    points, mates = _seen(observation, config)
    return _towards(points, _way(points[..., :2]) + 100 * (points[..., 2] > 0.5) + 30 * _nearer(points, mates))


def swarm(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1]: goes to the nearest point that is not held, whatever its mates do."""
    points, _ = _seen(observation, config)
    return _towards(points, _way(points[..., :2]) + 100 * (points[..., 2] > 0.5))


def guard(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1]: goes to the nearest point to which no mate is nearer, and stays on it."""
    points, mates = _seen(observation, config)
    return _towards(points, _way(points[..., :2]) + 30 * _nearer(points, mates))


RIVALS: dict[str, Callable[[str, np.ndarray, Any], np.ndarray]] = {"spread": heuristic, "swarm": swarm, "guard": guard}
"""Scripted players to train and measure against, by name; ``spread`` is the heuristic."""


def _seen(observation: np.ndarray, config: Any) -> tuple[np.ndarray, np.ndarray]:
    """Points [B, POINTS, 3] (place, holder) and mates [B, team - 1, 2] in tiles from here."""
    points = observation[:, 2 : 2 + 3 * POINTS].reshape(-1, POINTS, 3) * [config.size - 1, config.size - 1, 1]
    mates = observation[:, 2 + 3 * POINTS : 2 * config.team + 3 * POINTS].reshape(len(observation), -1, 2) * (config.size - 1)
    return np.rint(points), np.rint(mates)


def _way(places: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(places).sum(axis=-1))


def _nearer(points: np.ndarray, mates: np.ndarray) -> np.ndarray:
    """Whether some mate has a shorter way to each point: [B, POINTS]."""
    theirs = _way(points[:, :, None, :2] - mates[:, None])
    return np.asarray((theirs < _way(points[..., :2])[:, :, None]).any(axis=-1))


def _towards(points: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Moves int32 [B, 1] towards the point of the lowest cost [B, POINTS], the longer side first."""
    dx, dy, _ = points[np.arange(len(points)), cost.argmin(axis=1)].T
    along_x, along_y = np.where(dx > 0, grid.EAST, grid.WEST), np.where(dy > 0, grid.NORTH, grid.SOUTH)
    moves = np.where(np.abs(dx) >= np.abs(dy), along_x, along_y)
    return np.where((dx == 0) & (dy == 0), grid.STAY, moves)[:, None].astype(np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """An open floor, with a flag on each point in the colour of the team that holds it."""
    goals = [(float(x), float(y), (0, 1, 14)[owner]) for (x, y), owner in zip(state.points[i], state.owners[i], strict=True)]
    teams = np.repeat([RED, BLUE], config.team)
    people = grid.figures(state.avatars[i, :, 0], state.avatars[i, :, 1], teams, teams * np.pi)
    people["role"] = teams
    names = [f"{name}_{a}" for name in ("red", "blue") for a in range(config.team)]
    return grid.draw((config.size, config.size), people, names, goals=goals)


WORLD = WorldSpec(
    name="duel",
    version=1,
    summary="hold more of three points than the other team; both play by the same senses and moves",
    tags=("diagnostic", "competition"),
    config=Config,
    roles=roles,
    events=(EventKind("capture", "an avatar took a point for its team", "which point"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=("points",),
    frame_fields=("avatars", "owners"),
    heuristic=heuristic,
)
