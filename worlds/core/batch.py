"""N copies of a world stepped at once: arrays in, arrays out, no copies."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import episodes as course
from avatarium.worlds.core import events, senses, settings, synclag
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.eyes import Eyes
from avatarium.worlds.core.network import ages
from avatarium.worlds.core.rewards import Out
from avatarium.worlds.core.spec import Role, WorldSpec

Arrays = dict[str, np.ndarray]
EVENTS_PER_AVATAR = 16


class Step(NamedTuple):
    """One step of a batch, by role. The arrays are the batch's own buffers: copy what must outlive the next step."""

    observation: Arrays  # float32 [N, A, D]
    reward: Arrays  # float32 [N, A]
    termination: Arrays  # bool [N, A]
    truncation: Arrays  # bool [N, A]
    final_observation: Arrays  # float32 [N, A, D]: valid where termination or truncation is set


class Snapshot(NamedTuple):
    """Everything a batch would need to go on from one moment, bit for bit."""

    arrays: tuple[np.ndarray, ...]


class Batch:
    """``num_envs`` independent environments of one world; environment i depends on its seed and its actions alone.

    With ``autoreset`` an episode that ends is followed by the next one within the same step; without, the environment stands still.
    ``threads`` shares the environments out over threads; the results are the same bytes for every number of threads.
    ``central`` keeps ``central`` float32 [N, G], the global state of the moment, up to date, and ``final_central``, that of the last
    step in which somebody's episode ended, before the next one began; without it both have no columns and cost nothing.
    ``by_decision`` has a step last until somebody has something to decide, in worlds where not every step of 0.1 s is decided in; what was
    paid and what happened meanwhile is added up. To learn in, not to be recorded.
    """

    def __init__(
        self,
        spec: WorldSpec,
        num_envs: int = 1,
        threads: int = 1,
        autoreset: bool = True,
        central: bool = False,
        by_decision: bool = False,
        **config: Any,
    ) -> None:
        if not 1 <= num_envs <= 1 << 20 or not 1 <= threads <= 256:
            raise UserError(f"num_envs={num_envs}, threads={threads}: a batch has 1 to {1 << 20} environments on 1 to 256 threads")
        self.spec, self.num_envs, self.autoreset = spec, num_envs, autoreset
        self.config: Any = settings.build(spec.config, config)
        self.roles: dict[str, Role] = {r.name: r for r in spec.roles(self.config)}
        self.num_agents = {name: r.count for name, r in self.roles.items()}
        self.observation_spaces = {name: r.observation_space for name, r in self.roles.items()}
        self.action_spaces = {name: r.action_space for name, r in self.roles.items()}
        self._packed = settings.packed(self.config)
        self._split = course.SPLITS.index(getattr(self.config, "split", "train"))
        self.state: Any = spec.allocate(num_envs, self.config)
        self.episodes = course.allocate(num_envs)
        self.episodes.by_decision[:] = by_decision
        self.events = events.allocate(num_envs, EVENTS_PER_AVATAR * self._population(), len(spec.events))
        self.ended = np.zeros(num_envs, np.bool_)
        self._out = tuple(_buffers(num_envs, r) for r in self.roles.values())
        self._final = {name: np.zeros_like(o.observation) for name, o in zip(self.roles, self._out, strict=True)}
        self._actions: tuple[np.ndarray, ...] = tuple(
            np.zeros((num_envs, r.count, r.action_size), r.action_dtype) for r in self.roles.values()
        )
        self._lag = synclag.Lag(spec, self.config, self.state, self.roles, self._actions)
        faults = [(senses.fault(r, self.config, num_envs), out) for r, out in zip(self.roles.values(), self._out, strict=True)]
        self._faults = [(fault, out) for fault, out in faults if fault is not None]
        behind = self._lag.memory or any(fault.delay.any() for fault, _ in self._faults)
        if by_decision and any(r.due for r in self.roles.values()) and behind:
            raise UserError(
                "steps that last until the next decision have no room for what lags behind: leave sync.aosi, task.delay and the like 0"
            )
        self._step = Step(
            self._by_role("observation"), self._by_role("reward"), self._by_role("termination"), self._by_role("truncation"), self._final
        )
        self.observations: Arrays = self._step.observation
        self.present: Arrays = self._by_role("present")
        self.actions: Arrays = dict(zip(self.roles, self._actions, strict=True))
        self.rewards: Arrays = self._by_role("reward")
        self.reward_terms: Arrays = self._by_role("terms")
        self.allowed: Arrays = self._by_role("allowed")
        self._state_size = sum(f.size for f in spec.state_features(self.config))
        self.central, self.final_central = np.zeros((2, num_envs, self._state_size if central else 0), np.float32)
        self._all = np.ones(num_envs, np.bool_)
        self._chunks = _chunks(num_envs, threads)
        self._pool = ThreadPoolExecutor(len(self._chunks)) if len(self._chunks) > 1 else None
        self._kernel: Any = None
        self._ready = False
        self._eyes = self._look_out()

    def _look_out(self) -> list[tuple[Eyes, np.ndarray, int, tuple[bool, bool]]]:
        """The eyes of every role whose observation has a picture, where that goes, and which channels it has beyond colours."""
        found = []
        for name, role in self.roles.items():
            if role.picture:
                chosen, at = self.config.pixels, role.observation_size - role.picture.size
                eyes = self.eyes(name, chosen.width, chosen.height, chosen.fov_deg)
                found.append((eyes, self.observations[name], at, (chosen.depth, chosen.segments)))
        return found

    def eyes(self, role: str, width: int = 84, height: int = 84, fov_deg: float = 90.0) -> Eyes:
        """Eyes of the avatars of ``role``, to draw what they see into arrays of one's own; see ``Eyes.look``."""
        late = None if self._lag.late is None else (self._lag.late, self.clock)
        return Eyes(self.spec, self.config, self._packed, self.state, role, width, height, fov_deg, self._chunks, self._pool, late)

    def _by_role(self, field: str) -> Arrays:
        return {name: getattr(o, field) for name, o in zip(self.roles, self._out, strict=True)}

    def _population(self) -> int:
        """How many avatars an event may be about: those that learn, or all bodies of the state where it has others as well."""
        bodies = getattr(self.state, "avatars", None)
        return max(sum(self.num_agents.values()), 0 if bodies is None else bodies.shape[1])

    @property
    def clock(self) -> np.ndarray:
        """int32 [N]: steps since each environment's episode began, also those that were played ``by_decision``."""
        return self.episodes.clock

    def reset(self, seed: int | Sequence[int] | np.ndarray) -> Arrays:
        """Begin N new episodes from one seed, or from one seed per environment; returns observations by role, float32 [N, A, D]."""
        self._check_seeds(seed)
        self.episodes.origin[:] = course.origins(seed, self.num_envs)
        self.episodes.count[:] = 0
        self.events.tally[:] = 0
        self.events.count[:] = 0
        self.ended[:] = False
        for out in self._out:
            out.reward[:], out.terms[:], out.termination[:], out.truncation[:] = 0, 0, False, False
        self._begin(self._all)
        self._survey()
        self._ready = True
        return self._step.observation

    def _check_seeds(self, seed: int | Sequence[int] | np.ndarray) -> None:
        if not isinstance(seed, (int, np.integer)) and len(seed) != self.num_envs:
            raise UserError(f"{len(seed)} seeds were given for {self.num_envs} environments")

    def _begin(self, which: np.ndarray) -> None:
        self._share(course.open_episodes, self.episodes, which, self._split)
        self._share(self.spec.reset, self.state, self.episodes, self._packed, self._out, self.events, which)
        self._fall_behind(which)
        self._degrade(which)

    def _fall_behind(self, which: np.ndarray) -> None:
        """Begin with what is under way, where episodes begin."""
        lag, levels = self._lag, self.episodes.level
        if lag.network is not None:
            self._share(ages.connect, lag.network, levels, which)
        if lag.late is not None:
            if lag.sync.drawn:
                self._share(synclag.draw, lag.late.ages, lag.sync.aosi, levels, synclag.STATES, which)
            self._share(synclag.remember, lag.late, self.state.avatars, self.clock, which)
            self._retell(which)
        if lag.posts is not None and lag.sync.drawn:
            self._share(synclag.draw, lag.delays, lag.sync.aori, levels, synclag.ACTIONS, which)

    def _retell(self, which: np.ndarray) -> None:
        for hearsay, out in zip(self._lag.hearsay, self._out, strict=True):
            if len(hearsay.columns):
                self._share(synclag.retell, self._lag.late, hearsay, out.observation, self.clock, which)

    def _degrade(self, which: np.ndarray) -> None:
        for eyes, observation, at, channels in self._eyes:
            eyes.look_into(observation, at, channels, which)
        for fault, out in self._faults:
            self._share(senses.degrade, fault, self.episodes, out.observation, which)

    def step(self, actions: Arrays) -> Step:
        """Advance every environment by one step; ``actions`` by role: int32 [N, A, heads], or float32 [N, A, controls] in their span.

        Raises UserError when the shape is wrong or ``reset`` was not called. Choices that do not exist count as doing nothing, controls
        beyond their span as its nearer end.
        """
        self._take(actions)
        self.events.count[:] = 0
        if not self.autoreset:
            self._hush()
        ended = self._advance()
        self._look_late()
        self._survey()
        if ended:
            self._finish()
        else:
            self._degrade(self._all)
        return self._step

    def _take(self, actions: Arrays) -> None:
        if not self._ready:
            raise UserError("call reset(seed) before step(actions)")
        for name, mine in zip(self.roles, self._actions, strict=True):
            given = actions.get(name)
            if given is None or given.shape != mine.shape:
                raise UserError(self._misfit(name, given, mine.shape))
            self._put(mine, given)

    def _put(self, mine: np.ndarray, given: np.ndarray) -> None:
        """Fill one of the batch's own arrays."""
        mine[...] = given

    def _advance(self) -> int:
        """Run the world's step kernel; returns how many environments ended."""
        self.ended[:] = False
        arguments = (self.state, self.episodes, self._packed, self._due_actions(), self._out, self.events)
        if self._pool is not None:
            return int(sum(self._share(self.spec.step, *arguments)))
        if self._kernel is None:
            ended = int(self.spec.step(*arguments, 0, self.num_envs))
            self._kernel = _entry(self.spec.step, (*arguments, 0, self.num_envs))
            return ended
        return int(self._kernel(*arguments, 0, self.num_envs))

    def _due_actions(self) -> tuple[np.ndarray, ...]:
        """What takes effect in this step, by role: what was asked for, or what has arrived of it."""
        actions, lag = self._actions, self._lag
        if lag.network is not None and lag.late is not None:
            self._share(ages.carry, lag.network, lag.link, lag.split, self.state.avatars, self.episodes, lag.late.ages, lag.delays)
        if lag.posts is None:
            return actions
        for mine, post in zip(actions, lag.posts, strict=True):
            self._share(synclag.send, post, mine, self.clock)
        return tuple(post.arrived for post in lag.posts)

    def _look_late(self) -> None:
        """Let others be sensed as they are known, where that is otherwise than they are."""
        if self._lag.late is not None:
            self._share(self.spec.look_again, self.state, self.episodes, self._packed, self._out, self._lag.late)
            self._retell(self._all)

    def _share(self, kernel: Any, *arguments: Any) -> list[Any]:
        if self._pool is None:
            return [kernel(*arguments, 0, self.num_envs)]
        return list(self._pool.map(lambda chunk: kernel(*arguments, *chunk), self._chunks))

    def _finish(self) -> None:
        """Keep the final observations of ended episodes and begin the next ones."""
        self._degrade(self._all)
        for name, out in zip(self.roles, self._out, strict=True):
            np.copyto(self._final[name], out.observation)
        np.copyto(self.final_central, self.central)
        np.copyto(self.ended, self.episodes.over)
        if self.autoreset:
            self._begin(self.ended)
            self._survey()

    def _survey(self) -> None:
        """Bring ``central`` up to date, where somebody wants it."""
        if self.central.shape[1]:
            self._share(self.spec.overview, self.state, self.episodes, self._packed, self.central)

    def _hush(self) -> None:
        over = self.episodes.over
        if over.any():
            for out in self._out:
                out.reward[over], out.terms[over] = 0, 0

    def _misfit(self, role: str, given: Any, want: tuple[int, ...]) -> str:
        if given is None:
            return f"actions for role {role!r} are missing: give a dict with an array for each of {', '.join(self.roles)}"
        last = "controls" if self.roles[role].continuous else "heads"
        return f"actions of role {role!r} have shape {given.shape}, expected {want} (environments, avatars, {last})"

    def global_state(self) -> np.ndarray:
        """float32 [N, G]: what a central critic may see, as ``spec.state_features(config)`` lists it; a new array."""
        out = np.zeros((self.num_envs, self._state_size), np.float32)
        self._share(self.spec.overview, self.state, self.episodes, self._packed, out)
        return out

    def _memory(self) -> list[np.ndarray]:
        outs = [array for out in self._out for array in out]
        past = [fault.past for fault, _ in self._faults]
        return [*leaves(self.state), *self.episodes, *self.events, self.ended, *outs, *past, *self._lag.memory]

    def snapshot(self) -> Snapshot:
        """A copy of everything that changes; ``restore`` continues from it bit for bit."""
        return Snapshot(tuple(array.copy() for array in self._memory()))

    def restore(self, snapshot: Snapshot) -> Arrays:
        """Continue from a ``snapshot`` of a batch of the same world, size and config; returns the observations of that moment."""
        mine = self._memory()
        if [a.shape for a in mine] != [a.shape for a in snapshot.arrays]:
            raise UserError("this snapshot is of a batch of another world, size or config")
        for array, kept in zip(mine, snapshot.arrays, strict=True):
            self._put(array, kept)
        self._survey()
        self._ready = True
        return self._step.observation

    def copy_from(self, other: "Batch", rows: np.ndarray) -> None:
        """Let each environment stand as one of ``other`` does: that with its number in ``rows`` int64 [N].

        Both are of the same world, and their configs differ at most in what is sensed and decided. What is sensed is told with the next
        step; whether steps last until the next decision is not taken over, nor what is under way.
        """
        whole = self.episodes.by_decision.copy()
        for mine, theirs in zip([*leaves(self.state), *self.episodes], [*leaves(other.state), *other.episodes], strict=True):
            mine[...] = theirs[rows]
        if self._lag.late is not None:
            self._lag.late.past[...] = self.state.avatars[:, None]
        self.episodes.by_decision[:] = whole
        self._ready = True

    def close(self) -> None:
        """Let go of the threads."""
        if self._pool is not None:
            self._pool.shutdown()


def _buffers(num_envs: int, role: Role) -> Out:
    lead = (num_envs, role.count)
    flags = (np.zeros(lead, np.bool_), np.zeros(lead, np.bool_), np.zeros(lead, np.bool_))
    return Out(
        np.zeros((*lead, role.observation_size), np.float32),
        np.zeros(lead, np.float32),
        np.zeros((*lead, len(role.terms)), np.float32),
        *flags,
        np.zeros((*lead, role.mask_size), np.bool_),
    )


def leaves(state: Any) -> list[np.ndarray]:
    """The arrays of a NamedTuple of arrays, nested ones included."""
    return [leaf for part in state for leaf in (leaves(part) if isinstance(part, tuple) else [part])]


def _chunks(num_envs: int, threads: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, num_envs, min(threads, num_envs) + 1).astype(int).tolist()
    return list(itertools.pairwise(edges))


def _entry(kernel: Any, arguments: tuple[Any, ...]) -> Any:
    """The compiled code of ``kernel`` for the types of ``arguments``, without the search for it that a normal call makes.

    A batch calls one kernel with the same buffers over and over; for a single environment that search costs as much as the step.
    """
    return kernel.overloads[tuple(kernel.typeof_pyval(a) for a in arguments)].entry_point
