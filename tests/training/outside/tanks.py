"""A world outside the package whose controls go from 0 to 10: valves are to be opened as far as their gauges tell."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Role, WorldSpec

F = np.float32
WIDEST = F(10)


@dataclass(frozen=True)
class Config:
    """Settings of tanks."""

    keepers: int = setting(1, 1, 4, "who have two valves each")
    episode_steps: int = setting(20, 5, 1000, "per episode")


class State(NamedTuple):
    """A keepers."""

    gauges: np.ndarray  # float32 [N, A, 2]: 0 to 10, how far each valve is to be open


def allocate(num_envs: int, config: Config) -> State:
    return State(np.zeros((num_envs, config.keepers, 2), np.float32))


def roles(config: Config) -> tuple[Role, ...]:
    gauges = Feature("gauges", 2, 0, 1, "how far each valve is to be open; 10 = 1", "task")
    return (Role("keeper", config.keepers, (gauges,), (), ("right",), ("inflow", "outflow"), span=(0.0, 10.0)),)


def state_features(config: Config) -> tuple[Feature, ...]:
    return (Feature("gauges", 2 * config.keepers, 0, 1, "those of each keeper; 10 = 1", "state"),)


@kernel
def turn(state, stream, out, i, a, purpose):
    for k in range(2):
        state.gauges[i, a, k] = WIDEST * uniform(stream, i, purpose)
        out.observation[i, a, k] = state.gauges[i, a, k] / WIDEST


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    for i in range(start, stop):
        if which[i]:
            out[0].present[i] = True
            for a in range(state.gauges.shape[1]):
                turn(state, episodes.stream, out[0], i, a, LEVEL)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for a in range(state.gauges.shape[1]):
                for k in range(2):
                    opening = actions[0][i, a, k] if actions[0][i, a, k] == actions[0][i, a, k] else F(0)
                    off = (min(max(opening, F(0)), WIDEST) - state.gauges[i, a, k]) / WIDEST
                    pay(out[0], i, a, 0, F(0.5) - F(2) * off * off)
                turn(state, episodes.stream, out[0], i, a, RULES)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
    return ended


@kernel
def overview(state, episodes, config, out, start, stop):
    for i in range(start, stop):
        for a in range(state.gauges.shape[1]):
            for k in range(2):
                out[i, 2 * a + k] = state.gauges[i, a, k] / WIDEST


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    return observation * WIDEST


def scene(state: State, config: Config, i: int) -> Scene:
    each = np.arange(config.keepers)
    return grid.draw((4, 4), grid.figures(each, each, each, np.zeros(config.keepers)), [f"keeper_{a}" for a in each])


WORLD = WorldSpec(
    name="tanks",
    version=1,
    summary="open valves as far as gauges tell",
    tags=("test",),
    config=Config,
    roles=roles,
    events=(EventKind("nothing", "never happens"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("gauges",),
    heuristic=heuristic,
)
