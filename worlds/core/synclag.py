"""Avatars that are out of step: others' states arrive late, and so do one's own actions.

The ages are those of networked worlds (Ohri et al. 2025, arXiv 2510.25705): of sensing information (AoSI), which is how old the state is
that is known of somebody else, and of the request for information (AoRI), which is how long an action is under way before it takes effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import Role, WorldSpec

MOST = 64
"""Steps: nothing is kept for longer."""


@dataclass(frozen=True)
class SyncLag:
    """By how much avatars are out of step. The section of a world's config is called ``sync``."""

    aosi: int = setting(0, 0, MOST, "age of sensing information: steps after which others learn of an avatar's state")
    aori: int = setting(0, 0, MOST, "age of the request: steps after which an action takes effect; until the first does, one does nothing")


class Late(NamedTuple):
    """States under way; A bodies, D steps are kept of each, a ring over the clock."""

    past: np.ndarray  # the bodies' own dtype [N, D, A]: states as they were
    now: np.ndarray  # the same [N, A]: states as they are, while others' are being shown as they were
    ages: np.ndarray  # int32 [N, A]: by how many steps others' knowledge of each avatar is old


class Post(NamedTuple):
    """Actions of one role that are under way."""

    given: np.ndarray  # int32 or float32 [N, D, A, heads], a ring over the clock
    arrived: np.ndarray  # the same [N, A, heads]: what takes effect in this step
    delays: np.ndarray  # int32 [N, A]
    nothing: Any  # what doing nothing is, in every head


class Hearsay(NamedTuple):
    """What one role is told of others without looking at their bodies; C such numbers in an observation."""

    columns: np.ndarray  # int32 [C]: where they are in an observation
    past: np.ndarray  # float32 [N, D, A, C], a ring over the clock


class Lag:
    """All that is under way in a batch: ``late`` states with what is told of them, and actions in the ``posts``, one per role.

    Either is None under a config where it arrives at once. Raises UserError where nobody senses the states of others.
    """

    def __init__(self, spec: WorldSpec, config: Any, state: Any, roles: Mapping[str, Role], actions: tuple[np.ndarray, ...]) -> None:
        sync = getattr(config, "sync", SyncLag())
        self.late = self.posts = None
        self.hearsay: tuple[Hearsay, ...] = ()
        if sync.aosi:
            if spec.look_again is None:
                raise UserError(f"in {spec.name} nobody senses what others do: leave sync.aosi 0")
            bodies = state.avatars
            past = np.zeros((len(bodies), sync.aosi + 1, bodies.shape[1]), bodies.dtype)
            self.late = Late(past, np.zeros_like(bodies), np.full(bodies.shape, sync.aosi, np.int32))
            self.hearsay = tuple(_hearsay(role, len(bodies), sync.aosi + 1) for role in roles.values())
        if sync.aori:
            self.posts = tuple(_post(mine, sync.aori) for mine in actions)

    @property
    def memory(self) -> list[np.ndarray]:
        """The arrays that change."""
        posted = [array for one in self.posts or () for array in (one.given, one.arrived, one.delays)]
        return [*(self.late or ()), *(one.past for one in self.hearsay), *posted]


def on_time(dtype: np.dtype) -> Late:
    """No states under way, of bodies of ``dtype``."""
    return Late(np.zeros((0, 0, 0), dtype), np.zeros((0, 0), dtype), np.zeros((0, 0), np.int32))


def _hearsay(role: Role, num_envs: int, depth: int) -> Hearsay:
    where = role.slices()
    columns = np.array([k for f in role.features if f.hearsay for k in range(where[f.name].start, where[f.name].stop)], np.int32)
    return Hearsay(columns, np.zeros((num_envs, depth, role.count, len(columns)), np.float32))


def _post(actions: np.ndarray, delay: int) -> Post:
    """Room for actions that take effect ``delay`` steps late. Choices that are none, and controls at rest, do nothing."""
    num_envs, count, heads = actions.shape
    given = np.zeros((num_envs, delay + 1, count, heads), actions.dtype)
    nothing = actions.dtype.type(0 if actions.dtype.kind == "f" else -1)
    return Post(given, np.zeros_like(actions), np.full((num_envs, count), delay, np.int32), nothing)


@kernel
def send(post, actions, clock, start, stop):
    """Send ``actions`` [N, A, heads] off, and let those arrive that are due."""
    depth = post.given.shape[1]
    for i in range(start, stop):
        for a in range(actions.shape[1]):
            sent = clock[i] - post.delays[i, a]
            for h in range(actions.shape[2]):
                post.given[i, clock[i] % depth, a, h] = actions[i, a, h]
                post.arrived[i, a, h] = post.given[i, sent % depth, a, h] if sent >= 0 else post.nothing


@kernel
def remember(late, bodies, clock, which, start, stop):
    """Keep the states of this moment where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            keep(late, bodies, clock[i], i)


@kernel
def retell(late, hearsay, observation, clock, which, start, stop):
    """Put what was told of others as long ago as what is known of them into ``observation`` [N, A, F], where ``which`` [N] is set."""
    depth = hearsay.past.shape[1]
    for i in range(start, stop):
        if which[i]:
            age = 0
            for b in range(late.ages.shape[1]):
                age = max(age, late.ages[i, b])
            then = (clock[i] - min(age, clock[i])) % depth
            for a in range(observation.shape[1]):
                for c in range(hearsay.columns.shape[0]):
                    hearsay.past[i, clock[i] % depth, a, c] = observation[i, a, hearsay.columns[c]]
                    observation[i, a, hearsay.columns[c]] = hearsay.past[i, then, a, c]


@inlined
def keep(late, bodies, clock, i):
    """Keep the states of this moment in environment ``i``."""
    for b in range(bodies.shape[1]):
        late.past[i, clock % late.past.shape[1], b] = bodies[i, b]


@inlined
def turn_back(late, bodies, clock, i):
    """Keep the states of environment ``i``, and let ``bodies`` [N, A] hold what is known of them, until ``catch_up``."""
    keep(late, bodies, clock, i)
    for b in range(bodies.shape[1]):
        late.now[i, b] = bodies[i, b]
        fade(late, bodies, clock, i, b)


@inlined
def fade(late, bodies, clock, i, b):
    """Let body ``b`` stand as it is known to others; before anything has arrived of it, as it stood first."""
    bodies[i, b] = late.past[i, (clock - min(late.ages[i, b], clock)) % late.past.shape[1], b]


@inlined
def stand(late, bodies, i, a):
    """Let body ``a`` stand as it does now, for it to look around; ``fade`` it afterwards."""
    bodies[i, a] = late.now[i, a]


@inlined
def catch_up(late, bodies, i):
    """Let ``bodies`` hold again what is so."""
    for b in range(bodies.shape[1]):
        bodies[i, b] = late.now[i, b]
