"""A world outside the package, solved by walking to the side that one feature names; small enough to be learnt in seconds."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import RULES, uniform
from avatarium.worlds.core.scene import FIGURE, Scene
from avatarium.worlds.core.settings import choice, setting, switch
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32


@dataclass(frozen=True)
class Config:
    """Settings of lanes."""

    walkers: int = setting(2, 1, 8, "who walk")
    callers: int = setting(0, 0, 4, "of a second role, who do the same with one head")
    alike: bool = switch(False, "callers have both heads")
    episode_steps: int = setting(20, 5, 1000, "per episode")
    leaving: bool = switch(False, "who arrives leaves")
    late: int = setting(0, 0, 1000, "step in which the last walker comes in; 0: it is there from the beginning")
    pace: float = setting(0.1, 0.01, 1.0, "how far a step leads")
    pays: bool = switch(True, "there is a reward for progress")
    control: str = choice("discrete", "continuous", meaning="of walkers")


class State(NamedTuple):
    """Walkers come first, then callers; A of them."""

    place: np.ndarray  # float32 [N, A]: -1 to 1
    side: np.ndarray  # float32 [N, A]: -1 or 1
    here: np.ndarray  # bool [N, A]


def allocate(num_envs: int, config: Config) -> State:
    lead = (num_envs, config.walkers + config.callers)
    return State(np.zeros(lead, np.float32), np.zeros(lead, np.float32), np.zeros(lead, np.bool_))


@kernel
def look(state, out, i, a, k):
    seen = out.observation[i, a]
    seen[0], seen[1], seen[2] = state.place[i, k], state.side[i, k], F(1) if state.here[i, k] else F(0)


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    for i in range(start, stop):
        if which[i]:
            k = 0
            for r in range(len(out)):
                for a in range(out[r].present.shape[1]):
                    state.place[i, k] = F(0)
                    state.side[i, k] = F(1) if uniform(episodes.stream, i, RULES) < F(0.5) else F(-1)
                    state.here[i, k] = config[0].late == 0 or k != config[0].walkers - 1
                    out[r].present[i, a] = state.here[i, k]
                    look(state, out[r], i, a, k)
                    k += 1


@kernel
def walk(state, episodes, config, actions, out, log, i, a, k, continuous):
    if not state.here[i, k]:
        out.present[i, a] = False
        return
    pace = F(config.pace)
    move = pace * F(actions[i, a, 0]) if continuous else pace * (F(actions[i, a, 0]) - F(1))
    before = state.place[i, k]
    state.place[i, k] = min(max(before + move, F(-1)), F(1))
    pay(out, i, a, 0, (state.place[i, k] - before) * state.side[i, k] if config.pays else F(0))
    if state.place[i, k] * state.side[i, k] > F(0.95) and before * state.side[i, k] <= F(0.95):
        emit(log, i, 0, k, -1, F(0.5))
        if config.leaving:
            state.here[i, k] = False
            out.termination[i, a] = True
            out.present[i, a] = False


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            episodes.clock[i] += 1
            over = episodes.clock[i] >= config[0].episode_steps
            left = False
            k = 0
            for r in range(len(out)):
                clear(out[r], i)
                for a in range(out[r].present.shape[1]):
                    walk(state, episodes, config[0], actions[r], out[r], log, i, a, k, r == 0 and config[0].control == 1)
                    out[r].truncation[i, a] = over and state.here[i, k]
                    left = left or out[r].termination[i, a]
                    if k == config[0].walkers - 1 and episodes.clock[i] == config[0].late:
                        state.here[i, k] = True
                        out[r].present[i, a] = True
                    look(state, out[r], i, a, k)
                    k += 1
            episodes.over[i] = over
            ended += 1 if over or left else 0
    return ended


@kernel
def overview(state, episodes, config, out, start, stop):
    for i in range(start, stop):
        for k in range(state.place.shape[1]):
            out[i, k] = state.place[i, k]


def roles(config: Config) -> tuple[Role, ...]:
    features = (
        Feature("place", 1, -1, 1, "where", "body"),
        Feature("side", 1, -1, 1, "where to", "task"),
        Feature("here", 1, 0, 1, "whether", "body"),
    )
    move = Head("move", ("left", "stay", "right"))
    controls = ("move", "nod") if config.control == "continuous" else ()
    walkers = Role("walker", config.walkers, features, (move, Head("nod", ("no", "yes"))), ("progress",), controls)
    callers = Role("caller", config.callers, features, walkers.heads if config.alike else (move,), ("progress",))
    return (walkers, callers) if config.callers else (walkers,)


def scene(state: State, config: Config, i: int) -> Scene:
    figures = np.zeros(state.place.shape[1], FIGURE)
    figures["x"] = state.place[i]
    nothing, names = np.zeros((0, 6), np.float32), tuple(map(str, range(len(figures))))
    bounds, none = (-1.0, -1.0, 1.0, 1.0), np.zeros(0, np.uint8)
    return Scene(bounds, nothing, none, nothing[:, :4], none, figures, names, nothing[:, :3])


WORLD = WorldSpec(
    name="lanes",
    version=1,
    summary="walk to the side that is named",
    config=Config,
    roles=roles,
    events=(EventKind("arrival", "a side was reached"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=lambda config: (Feature("place", config.walkers + config.callers, -1, 1, "where everybody is", "body"),),
    scene=scene,
    level_fields=("side",),
    frame_fields=("place", "here"),
)
