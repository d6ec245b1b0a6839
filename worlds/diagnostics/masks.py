"""Masks: buttons and levers of which only some can be used now, and only the mask tells which."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import RULES, below, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32
WORTH, FORBIDDEN = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of masks."""

    operators: int = setting(1, 1, 8, "avatars that learn, each at its own panel")
    buttons: int = setting(8, 2, 16, "choices of the first head")
    levers: int = setting(3, 2, 16, "choices of the second head")
    open_share: float = setting(0.4, 0.0, 0.9, "chance of each choice to be allowed; one of each head always is")
    cost: float = setting(0.5, 0.0, 10.0, "what a forbidden choice costs; it does nothing besides")
    episode_steps: int = setting(32, 1, 600, "length of an episode")


class State(NamedTuple):
    """Every field has the environments as its first axis; A operators, C choices: buttons, then levers."""

    worth: np.ndarray  # float32 [N, A, C]: what each choice brings
    allowed: np.ndarray  # uint8 [N, A, C]
    used: np.ndarray  # int32 [N, A, 2]: the last choices


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    shape = (num_envs, config.operators, config.buttons + config.levers)
    return State(np.zeros(shape, F), np.zeros(shape, np.uint8), np.zeros((num_envs, config.operators, 2), np.int32))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``operator``, which is masked."""
    heads = (
        Head("press", tuple(f"button_{k}" for k in range(config.buttons))),
        Head("pull", tuple(f"lever_{k}" for k in range(config.levers))),
    )
    features = (Feature("worth", config.buttons + config.levers, 0, 1, "what each button and each lever brings, if allowed", "sight"),)
    return (Role("operator", config.operators, features, heads, terms=("worth", "forbidden"), masked=True),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    size = config.operators * (config.buttons + config.levers)
    return (
        Feature("worth", size, 0, 1, "what each choice brings", "state"),
        Feature("allowed", size, 0, 1, "whether it is allowed", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            out[0].present[i] = True
            state.used[i] = -1
            shuffle(state, episodes, config[0], out[0], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for a in range(state.worth.shape[1]):
                use(state, config[0], out[0], log, i, a, 0, config[0].buttons, actions[0][i, a, 0])
                use(state, config[0], out[0], log, i, a, 1, config[0].levers, actions[0][i, a, 1])
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            shuffle(state, episodes, config[0], out[0], i)
    return ended


@kernel
def use(state, config, out, log, i, a, head, choices, choice):
    """Pay for a choice of one head, or charge for it when it is forbidden or unknown."""
    k, known = head * config.buttons + choice, 0 <= choice < choices
    if known and state.allowed[i, a, k] == 1:
        state.used[i, a, head] = choice
        pay(out, i, a, WORTH, F(0.5) * state.worth[i, a, k])
    else:
        state.used[i, a, head] = -1
        pay(out, i, a, FORBIDDEN, -F(config.cost))
        emit(log, i, 0, a, -1, F(head))


@kernel
def shuffle(state, episodes, config, out, i):
    """Draw what everything brings next, and what of it is allowed, and show both."""
    stream = episodes.stream
    for a in range(state.worth.shape[1]):
        for k in range(state.worth.shape[2]):
            state.worth[i, a, k] = uniform(stream, i, RULES)
            state.allowed[i, a, k] = 1 if uniform(stream, i, RULES) < F(config.open_share) else 0
        state.allowed[i, a, below(stream, i, RULES, config.buttons)] = 1
        state.allowed[i, a, config.buttons + below(stream, i, RULES, config.levers)] = 1
        for k in range(state.worth.shape[2]):
            out.observation[i, a, k], out.allowed[i, a, k] = state.worth[i, a, k], state.allowed[i, a, k] == 1


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    choices, half = state.worth.shape[2], out.shape[1] // 2
    for i in range(start, stop):
        for a in range(state.worth.shape[1]):
            for k in range(choices):
                out[i, a * choices + k], out[i, half + a * choices + k] = state.worth[i, a, k], F(state.allowed[i, a, k])


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 2]: of all that is allowed what brings most."""
    worth = np.where(batch.allowed[role][envs, avatars], batch.observations[role][envs, avatars], -1)
    return np.stack([worth[:, head].argmax(axis=1) for head in batch.roles[role].mask_slices()], axis=1).astype(np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """A panel for each operator: allowed choices are bright tiles, brighter the more they bring; it stands on the button pressed last."""
    choices = config.buttons + config.levers
    tiles = [
        (float(k + (k >= config.buttons)), float(a), 1 + int(3 * state.worth[i, a, k]) if state.allowed[i, a, k] else 14)
        for a in range(config.operators)
        for k in range(choices)
    ]
    operators = np.arange(config.operators)
    people = grid.figures(np.maximum(state.used[i, :, 0], 0), operators, operators)
    return grid.draw((choices + 1, config.operators), people, [f"operator_{a}" for a in operators], tiles=tiles)


WORLD = WorldSpec(
    name="masks",
    version=1,
    summary="press and pull what brings most of all that is allowed now; the rest does nothing, at a cost",
    tags=("diagnostic",),
    config=Config,
    roles=roles,
    events=(EventKind("forbidden", "an operator chose what was not allowed", "which head"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("worth", "allowed", "used"),
    oracle=oracle,
)
