"""Avatars that are out of step: others' states arrive late, and so do one's own actions.

The ages are those of networked worlds (Ohri et al. 2025, arXiv 2510.25705): of sensing information (AoSI), which is how old the state is
that is known of somebody else, and of the request for information (AoRI), which is how long an action is under way before it takes effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.network import state as networks
from avatarium.worlds.core.network.config import Link, Traffic
from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.rng import mix
from avatarium.worlds.core.settings import choice, section, setting, switch
from avatarium.worlds.core.spec import Role, WorldSpec

MOST = 64
"""Steps: nothing is kept for longer."""
STATES, ACTIONS = np.uint64(0xA051), np.uint64(0xA0E1)
"""What the seeds are mixed with that an episode's ages follow from."""
CAPACITY = 1024
"""Packets that wait at a station, at most, of either kind."""


@dataclass(frozen=True)
class SyncLag:
    """By how much avatars are out of step. The section of a world's config is called ``sync``."""

    aosi: int = setting(0, 0, MOST, "age of sensing information: steps after which others learn of an avatar's state")
    aori: int = setting(0, 0, MOST, "age of the request: steps after which an action takes effect; until the first does, one does nothing")
    drawn: bool = switch(False, "whether each episode draws its ages from 0 up to these, each as likely")
    source: str = choice("fixed", "network", meaning="whether ages are as set, or those that a network makes (aosi and aori are 0 then)")
    bandwidth: float = setting(0.5, 0.0, 1.0, "share of the network's bandwidth that actions have; states have the rest")
    compute: float = setting(0.5, 0.0, 1.0, "share of its compute that actions have; states have the rest")
    link: Link = section(Link, "the station in the middle, and how avatars reach it")
    actions: Traffic = section(Traffic, "what avatars send as they act", size=5.0, load=2.0)
    states: Traffic = section(Traffic, "what is sent of where they are", size=5.0, load=2.0)


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
    """All that is under way in a batch: ``late`` states with what is told of them, actions in the ``posts``, one per role, the ``network``.

    Each is None under a config where nothing of it is late. Raises UserError where nobody senses the states of others, or where ages are
    both set and left to a network.
    """

    def __init__(self, spec: WorldSpec, config: Any, state: Any, roles: Mapping[str, Role], actions: tuple[np.ndarray, ...]) -> None:
        self.sync: SyncLag = getattr(config, "sync", None) or SyncLag()
        self.late: Late | None = None
        self.posts: tuple[Post, ...] | None = None
        self.network: networks.Network | None = None
        self.hearsay: tuple[Hearsay, ...] = ()
        sync, carried = self.sync, self.sync.source == "network"
        if carried and (sync.aosi or sync.aori):
            raise UserError("sync.source=network makes the ages itself: leave sync.aosi and sync.aori 0")
        aosi, aori = (MOST, MOST) if carried else (sync.aosi, sync.aori)
        if aosi:
            if spec.look_again is None:
                raise UserError(f"in {spec.name} nobody senses what others do: leave sync.aosi 0 and sync.source fixed")
            bodies = state.avatars
            past = np.zeros((len(bodies), aosi + 1, bodies.shape[1]), bodies.dtype)
            self.late = Late(past, np.zeros_like(bodies), np.full(bodies.shape, aosi, np.int32))
            self.hearsay = tuple(_hearsay(role, len(bodies), aosi + 1) for role in roles.values())
        if aori:
            self.delays = np.full((len(actions[0]), sum(mine.shape[1] for mine in actions)), aori, np.int32)
            ends = np.cumsum([mine.shape[1] for mine in actions]).tolist()
            self.posts = tuple(_post(mine, self.delays[:, end - mine.shape[1] : end]) for mine, end in zip(actions, ends, strict=True))
        if carried:
            self.network, self.link = _network(sync, state, self.delays.shape[1]), settings.packed(sync.link)[0]
            self.split = np.array([sync.bandwidth, sync.compute], np.float32)

    @property
    def memory(self) -> list[np.ndarray]:
        """The arrays that change."""
        posted = [array for one in self.posts or () for array in (one.given, one.arrived)]
        carried = [] if self.network is None else [self.network.users, self.network.sensors, self.network.queues, self.network.rings]
        return [*(self.late or ()), *(one.past for one in self.hearsay), *posted, *([self.delays] if posted else []), *carried]


def _network(sync: SyncLag, state: Any, users: int) -> networks.Network:
    """A network with a station in the middle of the plan, of which all bodies are sensors, and those that learn are users."""
    count, bodies = state.avatars.shape
    height, width = state.plan.cells.shape[1:]
    middle = (width * CELL_M / 2, height * CELL_M / 2)
    return networks.allocate(count, min(users, bodies), bodies, [middle], sync.link, (sync.actions, sync.states), CAPACITY)


def on_time(dtype: np.dtype) -> Late:
    """No states under way, of bodies of ``dtype``."""
    return Late(np.zeros((0, 0, 0), dtype), np.zeros((0, 0), dtype), np.zeros((0, 0), np.int32))


def _hearsay(role: Role, num_envs: int, depth: int) -> Hearsay:
    where = role.slices()
    columns = np.array([k for f in role.features if f.hearsay for k in range(where[f.name].start, where[f.name].stop)], np.int32)
    return Hearsay(columns, np.zeros((num_envs, depth, role.count, len(columns)), np.float32))


def _post(actions: np.ndarray, delays: np.ndarray) -> Post:
    """Room for actions that take effect ``delays`` steps late. Choices that are none, and controls at rest, do nothing."""
    num_envs, count, heads = actions.shape
    given = np.zeros((num_envs, int(delays.max()) + 1, count, heads), actions.dtype)
    nothing = actions.dtype.type(0 if actions.dtype.kind == "f" else -1)
    return Post(given, np.zeros_like(actions), delays, nothing)


@kernel
def draw(ages, most, levels, purpose, which, start, stop):
    """Draw the age of ``ages`` int32 [N, A] anew where ``which`` [N] is set: 0 to ``most``, one for all of an environment."""
    for i in range(start, stop):
        if which[i]:
            ages[i] = np.int32(mix(levels[i], purpose) % np.uint64(most + 1))


@kernel
def send(post, actions, clock, start, stop):
    """Send ``actions`` [N, A, heads] off, and let those arrive that are due. What has arrived goes on until the next does."""
    depth = post.given.shape[1]
    for i in range(start, stop):
        for a in range(actions.shape[1]):
            delay = post.delays[i, a]
            for h in range(actions.shape[2]):
                post.given[i, clock[i] % depth, a, h] = actions[i, a, h]
                if delay > clock[i]:
                    post.arrived[i, a, h] = post.nothing
                elif delay < depth:
                    post.arrived[i, a, h] = post.given[i, (clock[i] - delay) % depth, a, h]


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
            then = (clock[i] - min(age, clock[i], depth - 1)) % depth
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
    """Let body ``b`` stand as it is known to others: as it stood first before anything has arrived of it."""
    depth = late.past.shape[1]
    bodies[i, b] = late.past[i, (clock - min(late.ages[i, b], clock, depth - 1)) % depth, b]


@inlined
def stand(late, bodies, i, a):
    """Let body ``a`` stand as it does now, for it to look around; ``fade`` it afterwards."""
    bodies[i, a] = late.now[i, a]


@inlined
def catch_up(late, bodies, i):
    """Let ``bodies`` hold again what is so."""
    for b in range(bodies.shape[1]):
        bodies[i, b] = late.now[i, b]
