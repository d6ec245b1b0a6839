"""Environments of others, as long as they speak PettingZoo, behind the interface of a batch: our trainer plays them like a world."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from avatarium.training.adapters import spaces
from avatarium.training.adapters.foreign_spec import ForeignSpec, parallel, sort, title
from avatarium.worlds.core import episodes, events
from avatarium.worlds.core.batch import Arrays, Step
from avatarium.worlds.core.errors import UserError, resolve
from avatarium.worlds.core.rewards import Out
from avatarium.worlds.core.rng import mix
from avatarium.worlds.core.spec import Role


class Seat(NamedTuple):
    """One agent of one environment, with its rows of the arrays."""

    agent: str
    kind: int
    column: int
    seen: np.ndarray  # float32 [D]
    allowed: np.ndarray  # bool [C]
    write: Callable[[np.ndarray, Any], None]


class ForeignBatch:
    """``num_envs`` copies of a PettingZoo environment behind the interface of ``worlds.make_batch``: arrays by role in, arrays by role out.

    ``make`` returns the environment, or is the address ``package.module:function`` of what does, as ``mpe2.simple_spread_v3:parallel_env``;
    it is called once per copy with ``settings``. AEC environments are taken where all agents act in every cycle.
    Agents whose names differ in the number at the end alone, and whose spaces are equal, are one role. Observations are flattened
    (``gymnasium.spaces.flatten``), Box actions are controls in [-1, 1] stretched to the bounds. Masks of actions are read from
    ``infos[agent]["action_mask"]``, where the first reset has them, or from ``observation["action_mask"]``. Rows of agents that are not
    there are zero and not ``present``. Environment i plays its episodes from seeds of its own, drawn from the seed of ``reset``.
    """

    def __init__(
        self,
        make: Callable[..., Any] | str,
        num_envs: int = 1,
        autoreset: bool = True,
        central: bool = False,
        **settings: Any,
    ) -> None:
        if num_envs < 1:
            raise UserError(f"num_envs is {num_envs}, but a batch has at least one environment")
        maker = resolve(make, "an environment") if isinstance(make, str) else make
        self.num_envs, self.autoreset, self.config = num_envs, autoreset, settings
        self._envs = [parallel(maker(**settings)) for _ in range(num_envs)]
        self._kinds = sort(self._envs[0], self._envs[0].reset(seed=0)[1])
        self._where = {agent: (k, a) for k, kind in enumerate(self._kinds) for a, agent in enumerate(kind.agents)}
        self._has_state = _has_state(self._envs[0])
        self.roles = {kind.role.name: kind.role for kind in self._kinds}
        self.num_agents = {name: role.count for name, role in self.roles.items()}
        self.observation_spaces = {name: role.observation_space for name, role in self.roles.items()}
        self.action_spaces = {name: role.action_space for name, role in self.roles.items()}
        self._allocate(central)
        name, version = title(self._envs[0])
        address = make if isinstance(make, str) else None
        self.spec = ForeignSpec(name, version, f"{name}, an environment of others", address, tuple(self.roles.values()), self._state_size)
        self._ready = False

    def _allocate(self, central: bool) -> None:
        lead = self.num_envs
        self._out = tuple(_buffers(lead, kind.role) for kind in self._kinds)
        self._final = tuple(np.zeros_like(out.observation) for out in self._out)
        self.observations, self.rewards = self._by_role("observation"), self._by_role("reward")
        self.reward_terms, self.present, self.allowed = self._by_role("terms"), self._by_role("present"), self._by_role("allowed")
        self.actions: Arrays = {n: np.zeros((lead, r.count, r.action_size), r.action_dtype) for n, r in self.roles.items()}
        final = dict(zip(self.roles, self._final, strict=True))
        self._step = Step(self.observations, self.rewards, self._by_role("termination"), self._by_role("truncation"), final)
        self._seats = [{agent: self._seat(i, agent) for agent in self._where} for i in range(lead)]
        self._acting: list[list[Seat]] = [[] for _ in range(lead)]
        self._names: list[list[str]] = [[] for _ in range(lead)]
        self._gone: list[set[str]] = [set() for _ in range(lead)]  # whose episode ended before that of the others
        self._state_size = self._state_of(0).size
        self.central, self.final_central = np.zeros((2, lead, self._state_size if central else 0), np.float32)
        self.ended, self._over = np.zeros(lead, np.bool_), np.zeros(lead, np.bool_)
        self.clock = np.zeros(lead, np.int32)
        self._origin, self._count = np.zeros(lead, np.uint64), np.zeros(lead, np.int64)
        self.events = events.allocate(lead, 1, 0)

    def _by_role(self, field: str) -> Arrays:
        return {kind.role.name: getattr(out, field) for kind, out in zip(self._kinds, self._out, strict=True)}

    def _seat(self, i: int, agent: str) -> Seat:
        k, a = self._where[agent]
        out = self._out[k]
        return Seat(agent, k, a, out.observation[i, a], out.allowed[i, a], self._kinds[k].senses.write)

    def reset(self, seed: int | Sequence[int] | np.ndarray) -> Arrays:
        """Begin N new episodes from one seed, or from one seed per environment; returns observations by role, float32 [N, A, D]."""
        if not isinstance(seed, (int, np.integer)) and len(seed) != self.num_envs:
            raise UserError(f"{len(seed)} seeds were given for {self.num_envs} environments")
        self._origin[:] = episodes.origins(seed, self.num_envs)
        self._count[:] = 0
        self._hush()
        for i in range(self.num_envs):
            self._begin(i)
        self._survey()
        self._ready = True
        return self.observations

    def _hush(self) -> None:
        self.ended[:] = False
        for out in self._out:
            out.reward[:], out.termination[:], out.truncation[:] = 0, False, False

    def _begin(self, i: int) -> None:
        """Begin the next episode of environment ``i``."""
        self._count[i] += 1
        seed = int(mix(self._origin[i], np.uint64(self._count[i]))) >> 33  # many environments take no more than 32 bits
        seen, infos = self._envs[i].reset(seed=seed)
        self.clock[i], self._over[i] = 0, False
        self._gone[i].clear()
        for out in self._out:
            out.present[i], out.observation[i] = False, 0
        self._gather(i, list(self._envs[i].agents), seen, infos)

    def _gather(self, i: int, names: list[str], seen: dict[str, Any], infos: dict[str, Any]) -> None:
        """Seat ``names`` in environment ``i``, and show what there is to see to those who were not there before."""
        if not set(names) <= self._where.keys():
            stranger = next(name for name in names if name not in self._where)
            raise UserError(f"agent {stranger!r} came, but the environment does not list it in possible_agents")
        self._names[i] = names
        self._acting[i] = seats = [self._seats[i][name] for name in names]
        for seat in seats:
            present = self._out[seat.kind].present[i]
            if not present[seat.column]:
                present[seat.column] = True
                if seat.agent in seen:
                    seat.write(seat.seen, seen[seat.agent])
        self._mask(seats, seen, infos)

    def _mask(self, seats: Iterable[Seat], seen: dict[str, Any], infos: dict[str, Any]) -> None:
        for seat in seats:
            if len(seat.allowed):
                inside = self._kinds[seat.kind].senses.masked
                spaces.mask((seen if inside else infos).get(seat.agent, {}).get(spaces.MASK), seat.allowed, seat.agent)

    def step(self, actions: Arrays) -> Step:
        """Let everyone who is present act; ``actions`` by role: int32 [N, A, heads], or float32 [N, A, controls] in [-1, 1].

        Raises UserError when ``reset`` was not called, a shape is wrong, or one who is present chooses what does not exist.
        """
        if not self._ready:
            raise UserError("call reset(seed) before step(actions)")
        chosen = [self._decode(k, actions) for k in range(len(self._kinds))]
        self._hush()
        somebody = False
        for i, env in enumerate(self._envs):
            if not self._over[i]:
                row = [rows[i] for rows in chosen]
                acts = {seat.agent: row[seat.kind][seat.column] for seat in self._acting[i]}
                self.clock[i] += 1
                somebody |= self._record(i, env.step(acts))
        self._survey()
        if somebody:
            self._finish()
        return self._step

    def _decode(self, k: int, actions: Arrays) -> Any:
        role, present = self._kinds[k].role, self._out[k].present
        given, mine = actions.get(role.name), self.actions[role.name]
        if given is None or given.shape != mine.shape:
            shape = "missing" if given is None else f"of shape {given.shape}"
            raise UserError(f"actions for role {role.name!r} are {shape}: give an array of shape {mine.shape}")
        mine[...] = given
        if not role.continuous:
            counts = [len(head.choices) for head in role.heads]
            if ((mine < 0) | (mine >= counts))[present].any():
                raise UserError(f"an action of role {role.name!r} does not exist: its heads have {counts} choices, counted from 0")
        return self._kinds[k].deeds.decode(mine)

    def _record(self, i: int, result: tuple[dict[str, Any], ...]) -> bool:
        """Write down what a step of environment ``i`` brought; returns whether somebody's episode ended."""
        seen, rewards, terminations, truncations, infos = result
        seats = self._acting[i]
        for seat in seats:
            self._out[seat.kind].reward[i, seat.column] = rewards.get(seat.agent, 0.0)
            if seat.agent in seen:
                seat.write(seat.seen, seen[seat.agent])
        if self._envs[i].agents == self._names[i] and not any(terminations.values()) and not any(truncations.values()):
            self._mask(seats, seen, infos)
            return False
        staying, gone, before = self._envs[i].agents, self._gone[i], len(self._gone[i])
        for seat in seats:
            out, name = self._out[seat.kind], seat.agent
            cut = bool(truncations.get(name, False))
            done = bool(terminations.get(name, False)) or not (cut or name in staying)
            if done or cut:
                gone.add(name)
                out.termination[i, seat.column], out.truncation[i, seat.column] = done, cut
                out.present[i, seat.column] = False
        self._gather(i, [name for name in staying if name not in gone], seen, infos)
        self._over[i] = not self._names[i]
        return len(gone) > before

    def _finish(self) -> None:
        """Keep the last observations of those whose episode ended, and begin the next one where everybody's did."""
        for out, final in zip(self._out, self._final, strict=True):
            np.copyto(final, out.observation)
            out.observation[~out.present] = 0
        np.copyto(self.final_central, self.central)
        np.copyto(self.ended, self._over)
        if self.autoreset:
            for i in np.flatnonzero(self._over).tolist():
                self._begin(i)
            self._survey()

    def _survey(self) -> None:
        """Bring ``central`` up to date, where somebody wants it."""
        if self.central.shape[1]:
            self.central[:] = self.global_state()

    def global_state(self) -> np.ndarray:
        """float32 [N, G]: the environments' own ``state()``, or all observations side by side where they have none; a new array."""
        return np.stack([self._state_of(i) for i in range(self.num_envs)])

    def _state_of(self, i: int) -> np.ndarray:
        if self._has_state:
            return np.asarray(self._envs[i].state(), np.float32).ravel()
        return np.concatenate([out.observation[i].ravel() for out in self._out])

    def close(self) -> None:
        """Close all environments."""
        for env in self._envs:
            env.close()


def _has_state(env: Any) -> bool:
    try:
        return np.asarray(env.state()).size > 0
    except (NotImplementedError, AttributeError):
        return False


def _buffers(num_envs: int, role: Role) -> Out:
    lead = (num_envs, role.count)
    reward, flags = np.zeros(lead, np.float32), np.zeros((3, *lead), np.bool_)
    seen, allowed = np.zeros((*lead, role.observation_size), np.float32), np.ones((*lead, role.mask_size), np.bool_)
    return Out(seen, reward, reward[..., None], flags[0], flags[1], flags[2], allowed)
