"""Steering: a mass without brakes chases a moving target by two continuous controls."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.bodies import unit
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES, uniform
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Role, WorldSpec
from avatarium.worlds.core.trig import TURN, cosine, sine, wrap

F = np.float32
WIDTH_M, STEP_S, TOP_SPEED, ON_TARGET_M = F(8), F(0.1), F(4), F(0.3)
NEAR, EFFORT = 0, 1
CRAFT = np.dtype([(name, "f4") for name in ("x", "y", "vx", "vy", "target_x", "target_y", "course")])
"""Place (m) and velocity (m/s); place of its target and the direction (rad) in which that goes."""


@dataclass(frozen=True)
class Config:
    """Settings of steering."""

    craft: int = setting(1, 1, 16, "masses that learn, each with its own target and in nobody's way")
    thrust: float = setting(4.0, 0.5, 20.0, "m/s^2 at full control")
    target_speed: float = setting(0.8, 0.0, 3.0, "m/s")
    effort: float = setting(0.02, 0.0, 1.0, "what a full control costs in a step")
    episode_steps: int = setting(100, 10, 6000, "of 0.1 s")


class State(NamedTuple):
    """Every field has the environments as its first axis; A craft."""

    craft: np.ndarray  # CRAFT [N, A]


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    return State(np.zeros((num_envs, config.craft), CRAFT))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``pilot``."""
    features = (
        Feature("target", 2, -1, 1, "where the target is, seen from here; 8 m = 1", "sight"),
        Feature("near", 2, -1, 1, "the same, 1 m = 1, and no more than that", "sight"),
        Feature("velocity", 2, -1, 1, "own velocity; 4 m/s = 1", "body"),
        Feature("place", 2, 0, 1, "own x and y; 8 m = 1", "body"),
    )
    return (Role("pilot", config.craft, features, (), terms=("near", "effort"), continuous=("right", "up")),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    each = "each: x, y (8 m = 1), velocity (4 m/s = 1), the target's x, y and course (cosine, sine)"
    return (Feature("craft", 8 * config.craft, -1.01, 1.01, each, "state"),)


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            stream = episodes.stream
            for a in range(state.craft.shape[1]):
                me = state.craft[i, a]
                me.x, me.y, me.vx, me.vy = WIDTH_M * uniform(stream, i, LEVEL), WIDTH_M * uniform(stream, i, LEVEL), F(0), F(0)
                me.target_x, me.target_y = WIDTH_M * uniform(stream, i, LEVEL), WIDTH_M * uniform(stream, i, LEVEL)
                me.course = (uniform(stream, i, LEVEL) - F(0.5)) * TURN
                observe(me, out[0].observation[i, a])
            out[0].present[i] = True


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for a in range(state.craft.shape[1]):
                me, right, up = state.craft[i, a], unit(actions[0][i, a, 0]), unit(actions[0][i, a, 1])
                fly(me, F(config[0].thrust) * right, F(config[0].thrust) * up)
                wander(me, episodes, F(config[0].target_speed), i)
                away = math.sqrt((me.target_x - me.x) * (me.target_x - me.x) + (me.target_y - me.y) * (me.target_y - me.y))
                pay(out[0], i, a, NEAR, F(1) / (F(1) + away * away))
                pay(out[0], i, a, EFFORT, F(-0.5) * F(config[0].effort) * (right * right + up * up))
                if away < ON_TARGET_M:
                    emit(log, i, 0, a, -1, away)
                observe(me, out[0].observation[i, a])
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
    return ended


@kernel
def fly(me, ax, ay):
    """Speed up by (ax, ay) in m/s^2 and move; the border stops."""
    me.vx, me.vy = clip(me.vx + ax * STEP_S, -TOP_SPEED, TOP_SPEED), clip(me.vy + ay * STEP_S, -TOP_SPEED, TOP_SPEED)
    x, y = me.x + me.vx * STEP_S, me.y + me.vy * STEP_S
    me.x, me.y = clip(x, F(0), WIDTH_M), clip(y, F(0), WIDTH_M)
    me.vx, me.vy = me.vx if me.x == x else F(0), me.vy if me.y == y else F(0)


@kernel
def wander(me, episodes, speed, i):
    """Move the target; its course turns a little by chance, and back from the border."""
    me.course = wrap(me.course + (uniform(episodes.stream, i, RULES) - F(0.5)) * F(0.5))
    x, y = me.target_x + speed * STEP_S * cosine(me.course), me.target_y + speed * STEP_S * sine(me.course)
    if x < F(0) or x > WIDTH_M or y < F(0) or y > WIDTH_M:
        me.course = wrap(me.course + F(0.5) * TURN)
    me.target_x, me.target_y = clip(x, F(0), WIDTH_M), clip(y, F(0), WIDTH_M)


@kernel
def clip(value, low, high):
    """``value`` brought into [low, high]."""
    return min(max(value, low), high)


@kernel
def observe(me, out):
    """Fill ``out`` [D] with what one senses."""
    dx, dy = me.target_x - me.x, me.target_y - me.y
    out[0], out[1] = dx / WIDTH_M, dy / WIDTH_M
    out[2], out[3] = clip(dx, F(-1), F(1)), clip(dy, F(-1), F(1))
    out[4], out[5], out[6], out[7] = me.vx / TOP_SPEED, me.vy / TOP_SPEED, me.x / WIDTH_M, me.y / WIDTH_M


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    for i in range(start, stop):
        for a in range(state.craft.shape[1]):
            me, k = state.craft[i, a], 8 * a
            out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3] = me.x / WIDTH_M, me.y / WIDTH_M, me.vx / TOP_SPEED, me.vy / TOP_SPEED
            out[i, k + 4], out[i, k + 5] = me.target_x / WIDTH_M, me.target_y / WIDTH_M
            out[i, k + 6], out[i, k + 7] = cosine(me.course), sine(me.course)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions float32 [B, 2]: proportional to the way that is left, less what the velocity will do of it (a PD controller)."""
    way_m, velocity = observation[:, :2] * float(WIDTH_M), observation[:, 4:6] * float(TOP_SPEED)
    return np.asarray(np.clip((10.0 * way_m - 5.0 * velocity) / config.thrust, -1, 1), np.float32)


def scene(state: State, config: Config, i: int) -> Scene:
    """An open floor; a flag for each target."""
    craft, each = state.craft[i], np.arange(config.craft)
    people = grid.figures(craft["x"] - 0.5, craft["y"] - 0.5, each, np.arctan2(craft["vy"], craft["vx"]))
    people["speed"] = np.hypot(craft["vx"], craft["vy"])
    goals = [(float(me["target_x"]) - 0.5, float(me["target_y"]) - 0.5, a) for a, me in enumerate(craft)]
    return grid.draw((int(WIDTH_M), int(WIDTH_M)), people, [f"pilot_{a}" for a in each], goals=goals)


WORLD = WorldSpec(
    name="steering",
    version=1,
    summary="keep a drifting mass on a moving target by two continuous controls",
    tags=("diagnostic", "continuous"),
    config=Config,
    roles=roles,
    events=(EventKind("on_target", "a step of a pilot within 0.3 m of its target", "m between them"),),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("craft",),
    heuristic=heuristic,
)
