"""Memory: a cue is shown once, noise follows, then the answer is asked for. Only a policy that remembers gets beyond chance."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import RULES, SENSES, below, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32
RIGHT, WRONG = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of memory."""

    cues: int = setting(4, 2, 8, "how many cues there are; chance is one over this")
    delay: int = setting(10, 1, 100, "steps of noise between cue and question")
    noise: int = setting(8, 1, 64, "features that are random in every step")
    trials: int = setting(4, 1, 50, "cues of an episode, one after the other")


class State(NamedTuple):
    """Every field has the environments as its axis [N]."""

    cue: np.ndarray  # int32: of this trial
    phase: np.ndarray  # int32: steps since it was shown; the question comes at delay + 1
    trial: np.ndarray  # int32: trials done
    answer: np.ndarray  # int32: the last one, -1 before the first


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    return State(*(np.zeros(num_envs, np.int32) for _ in State._fields))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``player``."""
    features = (
        Feature("cue", config.cues, 0, 1, "which cue is shown; zeros but in the first step of a trial", "sight"),
        Feature("question", 1, 0, 1, "whether the answer is asked for now", "sight"),
        Feature("noise", config.noise, -1, 1, "random in every step", "sight"),
    )
    answers = Head("answer", tuple(f"cue_{k}" for k in range(config.cues)))
    return (Role("player", 1, features, (answers,), terms=("recall",)),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (
        Feature("cue", config.cues, 0, 1, "the cue of this trial", "state"),
        Feature("phase", 1, 0, 1, "share of the trial gone", "state"),
        Feature("trials", 1, 0, 1, "share of the trials done", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            state.trial[i], state.answer[i] = 0, -1
            show(state, episodes, config[0], i)
            out[0].present[i] = True
            observe(state, episodes, config[0], out[0].observation[i, 0], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            episodes.clock[i] += 1
            if state.phase[i] > config[0].delay:
                judge(state, actions[0][i, 0, 0], out[0], log, i)
                show(state, episodes, config[0], i)
                if state.trial[i] >= config[0].trials:
                    episodes.over[i] = True
                    out[0].truncation[i] = True
                    ended += 1
            else:
                state.phase[i] += 1
            observe(state, episodes, config[0], out[0].observation[i, 0], i)
    return ended


@kernel
def show(state, episodes, config, i):
    """Begin a trial with a new cue."""
    state.cue[i], state.phase[i] = below(episodes.stream, i, RULES, config.cues), 0


@kernel
def judge(state, answer, out, log, i):
    """Pay for the right answer."""
    state.answer[i] = answer
    state.trial[i] += 1
    if answer == state.cue[i]:
        pay(out, i, 0, 0, F(1))
    emit(log, i, RIGHT if answer == state.cue[i] else WRONG, 0, -1, F(answer))


@kernel
def observe(state, episodes, config, out, i):
    """Fill ``out`` [D]."""
    out[: config.cues + 1] = F(0)
    if state.phase[i] == 0:
        out[state.cue[i]] = F(1)
    elif state.phase[i] > config.delay:
        out[config.cues] = F(1)
    for k in range(config.cues + 1, out.shape[0]):
        out[k] = F(2) * uniform(episodes.stream, i, SENSES) - F(1)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    cues = config[0].cues
    for i in range(start, stop):
        out[i] = F(0)
        out[i, state.cue[i]] = F(1)
        out[i, cues] = F(state.phase[i]) / F(config[0].delay + 1)
        out[i, cues + 1] = F(state.trial[i]) / F(config[0].trials)


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 1]: the cue, which it looks up in the state."""
    return np.asarray(batch.state.cue[envs][:, None])


def scene(state: State, config: Config, i: int) -> Scene:
    """A hallway that the player walks along, with one tile per answer at its end; the cue hangs where it begins."""
    cue, phase, length = int(state.cue[i]), int(state.phase[i]), config.delay + 2
    middle, at_question = (config.cues - 1) / 2, phase > config.delay
    labels: list[tuple[float, float, str]] = [(0, middle + 1, f"cue {cue}")] if phase == 0 else []
    if at_question:
        labels = [(length, k, f"{k}?") for k in range(config.cues)]
    tiles = [(k, middle, cue if k == 0 else 14) for k in range(length)]
    tiles += [(length, k, k) for k in range(config.cues)]
    player = grid.figures(np.array([phase]), np.array([middle]), [cue if phase == 0 else 14])
    told: Any = {"player_0": f"trial {min(int(state.trial[i]) + 1, config.trials)} of {config.trials}"}
    return grid.draw((length + 1, config.cues), player, ["player_0"], tiles=tiles, labels=labels, notes=told)


WORLD = WorldSpec(
    name="memory",
    version=1,
    summary="remember a cue through steps of noise until the answer is asked for",
    tags=("diagnostic", "memory"),
    config=Config,
    roles=roles,
    events=(EventKind("right", "the answer was the cue", "the answer"), EventKind("wrong", "the answer was another", "the answer")),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("cue", "phase", "trial", "answer"),
    oracle=oracle,
)
