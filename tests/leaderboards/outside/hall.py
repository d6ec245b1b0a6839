"""A world outside the package: an empty hall in which guests and hosts walk, turn, wave, point and speak, for puppets to act in."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import bodies, building, plan, speech
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, uniform
from avatarium.worlds.core.scene import FIGURE, Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import Feature, Role, WorldSpec
from avatarium.worlds.core.trig import PI

F = np.float32
SIZE = 24
APART_M = F(1.5)


@dataclass(frozen=True)
class Config:
    """Settings of the hall."""

    guests: int = setting(2, 1, 4, "who begin in the west and look east")
    hosts: int = setting(1, 0, 4, "who begin 6 m east of them and look west")
    scatter: float = setting(0.1, 0.0, 0.2, "m by which places differ from episode to episode")
    episode_steps: int = setting(150, 10, 1000, "of 0.1 s")


class State(NamedTuple):
    """Guests come first, then hosts; A of them."""

    plan: plan.Plan
    avatars: np.ndarray  # BODY_FIELDS [N, A]


def allocate(num_envs: int, config: Config) -> State:
    count = config.guests + config.hosts
    return State(plan.allocate(num_envs, 4, SIZE), np.zeros((num_envs, count), np.dtype(bodies.BODY_FIELDS, align=True)))


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    for i in range(start, stop):
        if which[i]:
            building.enclose(state.plan, i, SIZE, SIZE)
            for a in range(state.avatars.shape[1]):
                host = a >= config[0].guests
                dx, dy = uniform(episodes.stream, i, LEVEL) - F(0.5), uniform(episodes.stream, i, LEVEL) - F(0.5)
                row = a - config[0].guests if host else a
                x, y = (F(8) if host else F(2)) + dx * F(config[0].scatter), F(2) + F(row) * APART_M + dy * F(config[0].scatter)
                bodies.place(state.avatars[i, a], x, y, PI if host else F(0))
            for role in out:
                role.present[i] = True
            look_around(state, out, i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            a = 0
            for r in range(len(out)):
                clear(out[r], i)
                for k in range(out[r].present.shape[1]):
                    me = state.avatars[i, a]
                    bodies.steer(me, actions[r][i, k], False)
                    speech.gesticulate(me, actions[r][i, k, 2])
                    speech.utter(me, actions[r][i, k, 3])
                    bodies.move(state.plan, state.avatars[i], i, a)
                    pay(out[r], i, k, 0, me.vx * bodies.STEP_S)
                    a += 1
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                ended += 1
                for role in out:
                    role.truncation[i] = True
            look_around(state, out, i)
    return ended


@kernel
def look_around(state, out, i):
    a = 0
    for r in range(len(out)):
        for k in range(out[r].present.shape[1]):
            seen, me = out[r].observation[i, k], state.avatars[i, a]
            seen[0], seen[1], seen[2], seen[3] = me.x / F(12), me.y / F(12), me.cos, me.sin
            speech.hear(state.plan, state.avatars[i], i, a, seen[4:])
            a += 1


@kernel
def overview(state, episodes, config, out, start, stop):
    for i in range(start, stop):
        for a in range(state.avatars.shape[1]):
            out[i, 2 * a], out[i, 2 * a + 1] = state.avatars[i, a].x / F(12), state.avatars[i, a].y / F(12)


def roles(config: Config) -> tuple[Role, ...]:
    own = (Feature("place", 2, 0, 1, "x, y; 12 m = 1", "body"), Feature("facing", 2, -1, 1, "cosine and sine of the heading", "body"))
    features = (*own, *speech.FEATURES)
    heads = (bodies.WALK, bodies.TURN, speech.HAND, speech.SAY)
    guests, hosts = (Role(n, k, features, heads, ("east",)) for n, k in (("guest", config.guests), ("host", config.hosts)))
    return (guests, hosts) if config.hosts else (guests,)


def scene(state: State, config: Config, i: int) -> Scene:
    avatars, count = state.avatars[i], int(state.plan.num_boxes[i])
    figures = np.zeros(len(avatars), FIGURE)
    for name in ("x", "y", "heading"):
        figures[name] = avatars[name]
    boxes = np.column_stack([state.plan.boxes[i, :, :count].T, np.zeros(count), np.ones(count)]).astype(np.float32)
    names, none = tuple(map(str, range(len(avatars)))), np.zeros((0, 4), np.float32)
    return Scene(
        (0.0, 0.0, 12.0, 12.0), boxes, state.plan.kinds[i, :count].copy(), none, np.zeros(0, np.uint8), figures, names, none[:, :3]
    )


WORLD = WorldSpec(
    name="hall",
    version=1,
    summary="walk about in a hall and talk",
    config=Config,
    roles=roles,
    events=(),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=lambda config: (Feature("places", 2 * (config.guests + config.hosts), 0, 1, "x, y of everybody; 12 m = 1", "state"),),
    scene=scene,
    level_fields=("plan.boxes", "plan.kinds", "plan.num_boxes", "plan.cells"),
    frame_fields=("avatars",),
    metrics=("yielding", "greeting_returned"),
)
