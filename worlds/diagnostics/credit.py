"""Credit: a choice decides a reward that comes many steps later; between them come rewards that nobody can do anything about."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import RULES, SENSES, below, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting, switch
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32
GLITTER = 4
DUE, NOISE = 0, 1
RIGHT, WRONG = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of credit."""

    players: int = setting(1, 1, 8, "avatars that learn")
    team: bool = switch(True, "whether everybody is paid the mean of what all have earned, or each its own")
    options: int = setting(3, 2, 8, "what there is to choose from; chance is one over this")
    delay: int = setting(20, 1, 200, "steps from the choice to its reward")
    noise: float = setting(0.3, 0.0, 10.0, "in each step something between minus and plus this is paid, whatever anybody does")
    trials: int = setting(3, 1, 50, "choices of an episode, one after the other")


class State(NamedTuple):
    """Every field has the environments as its first axis; A players."""

    hint: np.ndarray  # int32 [N, A]: the option that is right for each player in this trial
    chosen: np.ndarray  # int32 [N, A]: what it chose, -1 before it did
    phase: np.ndarray  # int32 [N]: steps since the trial began; the choice is made at 0
    trial: np.ndarray  # int32 [N]: trials done


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    shape = (num_envs, config.players)
    return State(np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(num_envs, np.int32), np.zeros(num_envs, np.int32))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``player``."""
    features = (
        Feature("hint", config.options, 0, 1, "the option that is right; zeros but when it is to be chosen", "sight"),
        Feature("time", 1, 0, 1, "share of the trial gone", "sight"),
        Feature("glitter", GLITTER, -1, 1, "random in every step", "sight"),
    )
    options = Head("choose", tuple(f"option_{k}" for k in range(config.options)))
    return (Role("player", config.players, features, (options,), terms=("due", "noise")),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (
        Feature("hints", config.options * config.players, 0, 1, "the option that is right for each", "state"),
        Feature("right", config.players, 0, 1, "whether each has chosen it", "state"),
        Feature("time", 1, 0, 1, "share of the trial gone", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            state.trial[i] = 0
            begin(state, episodes, config[0], i)
            out[0].present[i] = True
            observe(state, episodes, config[0], out[0].observation[i], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            if state.phase[i] == 0:
                for a in range(state.hint.shape[1]):
                    state.chosen[i, a] = actions[0][i, a, 0]
            settle(state, episodes, config[0], out[0], log, i)
            episodes.clock[i] += 1
            state.phase[i] += 1
            if state.phase[i] > config[0].delay:
                state.trial[i] += 1
                begin(state, episodes, config[0], i)
            if state.trial[i] >= config[0].trials:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            observe(state, episodes, config[0], out[0].observation[i], i)
    return ended


@kernel
def begin(state, episodes, config, i):
    """Begin a trial with new hints."""
    state.phase[i] = 0
    for a in range(state.hint.shape[1]):
        state.hint[i, a], state.chosen[i, a] = below(episodes.stream, i, RULES, config.options), -1


@kernel
def settle(state, episodes, config, out, log, i):
    """Pay the noise, and at the end of the trial what the choices earned; to each its own, or to all the mean."""
    count = state.hint.shape[1]
    for b in range(count):
        due, noise = F(0), F(config.noise) * (F(2) * uniform(episodes.stream, i, SENSES) - F(1))
        if state.phase[i] == config.delay:
            due = F(1) if state.chosen[i, b] == state.hint[i, b] else F(0)
            emit(log, i, RIGHT if due > F(0) else WRONG, b, -1, F(1))
        for a in range(count):
            share = F(1) / F(count) if config.team else (F(1) if a == b else F(0))
            pay(out, i, a, DUE, share * due)
            pay(out, i, a, NOISE, share * noise)


@kernel
def observe(state, episodes, config, out, i):
    """Fill ``out`` [A, D] with what everybody senses."""
    for a in range(out.shape[0]):
        out[a] = F(0)
        if state.phase[i] == 0:
            out[a, state.hint[i, a]] = F(1)
        out[a, config.options] = F(state.phase[i]) / F(config.delay)
        for k in range(config.options + 1, out.shape[1]):
            out[a, k] = F(2) * uniform(episodes.stream, i, SENSES) - F(1)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    for i in range(start, stop):
        count, first = state.hint.shape[1], config[0].options * state.hint.shape[1]
        out[i] = F(0)
        for a in range(count):
            out[i, config[0].options * a + state.hint[i, a]] = F(1)
            out[i, first + a] = F(1) if state.chosen[i, a] == state.hint[i, a] else F(0)
        out[i, first + count] = F(state.phase[i]) / F(config[0].delay)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1]: what the hint says."""
    return np.asarray(observation[:, : config.options].argmax(axis=1)[:, None], np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """A lane for each player: it walks from its hint to the tile where it is paid, which shows what it chose."""
    phase, players = int(state.phase[i]), np.arange(config.players)
    tiles = [(float(x), float(a), 14) for a in players for x in range(1, config.delay)]
    tiles += [(0.0, float(a), int(state.hint[i, a])) for a in players]
    tiles += [(float(config.delay), float(a), int(state.chosen[i, a])) for a in players if state.chosen[i, a] in range(config.options)]
    people = grid.figures(np.full(config.players, phase), players, players)
    notes = {"player_0": f"trial {min(int(state.trial[i]) + 1, config.trials)} of {config.trials}"}
    return grid.draw((config.delay + 1, config.players), people, [f"player_{a}" for a in players], tiles=tiles, notes=notes)


WORLD = WorldSpec(
    name="credit",
    version=1,
    summary="choose now what is paid much later, through rewards that are only noise",
    tags=("diagnostic",),
    config=Config,
    roles=roles,
    events=(EventKind("right", "a player had chosen what was right"), EventKind("wrong", "a player had chosen something else")),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("hint", "chosen", "phase", "trial"),
    heuristic=heuristic,
)
