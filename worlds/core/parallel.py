"""The one PettingZoo environment over any world: a batch of one, with names instead of array rows."""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, MultiDiscrete
from pettingzoo import ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec

from avatarium.worlds.core.batch import Arrays, Batch, Step
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import Role, WorldSpec, avatar_numbers, box

RENDER_MODES = ("rgb_array", "human")
STEPS_PER_SECOND = 10

Infos = dict[str, dict[str, Any]]


class World(ParallelEnv[str, np.ndarray, np.ndarray]):  # type: ignore[misc]  # PettingZoo ships no types
    """A world as PettingZoo knows it. Agents are called ``<role>_<index>``; they act together and come and go as the world says.

    ``max_cycles`` cuts every episode short after so many steps. With ``infos`` each agent's info holds its reward by term and what
    happened to it; agents of masked roles find their ``action_mask`` there in any case. ``render_mode`` is "rgb_array" (``render()``
    returns uint8 [H, W, 3]) or "human" (a window that follows each step).
    """

    def __init__(
        self, spec: WorldSpec, render_mode: str | None = None, max_cycles: int | None = None, infos: bool = False, **config: Any
    ) -> None:
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise UserError(f"render_mode {render_mode!r} is not known: {nearest(str(render_mode), RENDER_MODES)}")
        if max_cycles is not None and max_cycles < 1:
            raise UserError(f"max_cycles is {max_cycles}, but an episode has at least one step")
        self.batch = Batch(spec, num_envs=1, autoreset=False, **config)
        self.metadata = {
            "name": f"{spec.name}_v{spec.version}",
            "render_modes": list(RENDER_MODES),
            "render_fps": STEPS_PER_SECOND,
            "is_parallelizable": True,
        }
        self.render_mode, self.max_cycles, self.infos = render_mode, max_cycles, infos
        self._names = {role: [f"{role}_{a}" for a in range(count)] for role, count in self.batch.num_agents.items()}
        self._seats = {name: (role, a) for role, names in self._names.items() for a, name in enumerate(names)}
        self._numbers = avatar_numbers(self.batch.roles.values())
        self._by_number = {self._numbers[role][a]: name for name, (role, a) in self._seats.items()}
        self._observation_spaces = {name: self.batch.roles[role].observation_space for name, (role, _) in self._seats.items()}
        self._action_spaces = {name: self.batch.roles[role].action_space for name, (role, _) in self._seats.items()}
        self._chosen: Arrays = {name: np.zeros((1, r.count, r.action_size), _wide(r)) for name, r in self.batch.roles.items()}
        self._limits = {name: _limits(r) for name, r in self.batch.roles.items()}
        self.possible_agents = list(self._seats)
        self.agents: list[str] = []
        self._gone: set[str] = set()
        self._seeds = np.random.default_rng()
        self._window: Any = None

    def observation_space(self, agent: str) -> Box:
        """Box float32 [D]; ``spec.roles(config)`` says what each element means."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Box | MultiDiscrete:
        """MultiDiscrete over the role's heads, or Box over its continuous controls, as wide as their span."""
        return self._action_spaces[agent]

    @property
    def state_space(self) -> Box:
        """Box float32 [G]: the space of ``state()``."""
        return box(self.batch.spec.state_features(self.batch.config))

    def state(self) -> np.ndarray:
        """float32 [G]: the global state, for central critics."""
        return np.asarray(self.batch.global_state()[0])

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, np.ndarray], Infos]:
        """Begin an episode; returns observations and infos by agent. Without a seed the next one is drawn, from fresh entropy at first.

        ``options`` is part of PettingZoo's signature; worlds have none: what may vary is set when the environment is made.
        """
        if seed is not None:
            self._seeds = np.random.default_rng(abs(seed))
        rows = self.batch.reset(int(self._seeds.integers(2**63)) if seed is None else seed)
        self._gone.clear()
        seen = {role: array[0].copy() for role, array in rows.items()}
        self.agents = [name for name, (role, a) in self._seats.items() if self.batch.present[role][0, a]]
        if self.render_mode == "human":
            self.render()
        return {name: seen[role][a] for name in self.agents for role, a in [self._seats[name]]}, self._infos(self.agents)

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Let every agent act; returns observation, reward, termination, truncation and info by agent, new arrivals included.

        Raises UserError when an agent's action is missing, has the wrong shape or lies outside its space.
        """
        if not self.agents:
            return {}, {}, {}, {}, {}
        result = self._deal(self.batch.step(self._read(actions)))
        self._gone.update(name for name in result[0] if result[2][name] or result[3][name])
        self.agents = [name for name in result[0] if name not in self._gone]
        if self.render_mode == "human":
            self.render()
        return (*result, self._infos(result[0]))

    def render(self) -> np.ndarray | None:
        """What there is to see now: uint8 [H, W, 3] for "rgb_array"; for "human" it is shown in the window, and None returned.

        Raises UserError when the environment was made without a render_mode, or when the extra that draws is not installed.
        """
        if self.render_mode is None:
            raise UserError("this environment draws nothing: make it with render_mode='rgb_array' or render_mode='human'")
        render = importlib.import_module("avatarium.render")  # asked for by name: drawing is an extra that worlds do without
        scene = self.batch.spec.scene(self.batch.state, self.batch.config, 0)
        if self.render_mode == "rgb_array":
            return np.asarray(render.frame(scene))
        if self._window is None:
            self._window = render.Window(self.metadata["name"])
        self._window.show(scene)
        return None

    def close(self) -> None:
        """Close the window, if there is one; the environment can be reset and used again."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _deal(self, step: Step) -> tuple[dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool]]:
        """What the step brought, by agent: to those who acted, and to those who have just come."""
        acted = set(self.agents)
        cut = self.max_cycles is not None and bool(self.batch.clock[0] >= self.max_cycles)
        observations, rewards, terminations, truncations = {}, {}, {}, {}
        for role, names in self._names.items():
            columns = (self.batch.present, step.reward, step.termination, step.truncation)
            rows = zip(names, step.observation[role][0].copy(), *(column[role][0].tolist() for column in columns), strict=True)
            for name, seen, here, reward, terminated, truncated in rows:
                if name in acted or (here and name not in self._gone):
                    observations[name], rewards[name] = seen, reward
                    terminations[name] = terminated or not (here or truncated)
                    truncations[name] = truncated or (cut and not terminated)
        return observations, rewards, terminations, truncations

    def _read(self, actions: Mapping[str, Any]) -> Arrays:
        """The actions as the batch takes them; the rows of those who are not there are zero."""
        for rows in self._chosen.values():
            rows.fill(0)
        for name in self.agents:
            if name not in actions:
                raise UserError(f"there is no action for {name}: every agent in env.agents acts in every step")
            role, a = self._seats[name]
            row, action = self._chosen[role][0, a], np.asarray(actions[name])
            if action.shape != row.shape or action.dtype.kind not in ("iu" if row.dtype.kind == "i" else "iuf"):
                raise UserError(self._misfit(name, f"an array of shape {action.shape} and type {action.dtype}"))
            row[:] = action
        for role, rows in self._chosen.items():
            low, high = self._limits[role]
            if not ((rows >= low) & (rows <= high)).all():  # written so that not-a-number fails, too
                worst = next(a for a, row in enumerate(rows[0]) if not ((row >= low) & (row <= high)).all())
                raise UserError(self._misfit(f"{role}_{worst}", str(rows[0, worst].tolist())))
        if len(actions) != len(self.agents):
            stranger = next(name for name in actions if name not in self.agents)
            raise UserError(f"{stranger} cannot act: the agents now are {', '.join(self.agents)}")
        return self._chosen

    def _misfit(self, name: str, given: str) -> str:
        role = self.batch.roles[self._seats[name][0]]
        if role.continuous:
            low, high = role.span
            wanted = f"{len(role.continuous)} numbers from {low:g} to {high:g}: {', '.join(role.continuous)}"
        else:
            heads = ", ".join(f"{h.name} from 0 to {len(h.choices) - 1}" for h in role.heads)
            wanted = f"{len(role.heads)} whole numbers: {heads}"
        return f"the action of {name} is {given}, but it has to be {wanted}"

    def _infos(self, names: Iterable[str]) -> Infos:
        return {name: (self._info(name) if self.infos else {}) | self._mask(name) for name in names}

    def _mask(self, name: str) -> dict[str, Any]:
        """For an agent of a masked role ``action_mask``: int8 [choices] per head, 1 = allowed, as ``MultiDiscrete.sample`` takes it."""
        role, a = self._seats[name]
        heads = self.batch.roles[role].mask_slices()
        return {"action_mask": tuple(self.batch.allowed[role][0, a, head].astype(np.int8) for head in heads)} if heads else {}

    def _info(self, name: str) -> dict[str, Any]:
        """Reward by term, and the events of the last step in which this agent did something."""
        role, a = self._seats[name]
        me, log, kinds = self._numbers[role][a], self.batch.events, self.batch.spec.events
        mine = [e for e in log.records[0, : log.count[0]] if e["who"] == me]
        events = [{"kind": kinds[e["kind"]].name, "whom": self._called(int(e["whom"])), "value": float(e["value"])} for e in mine]
        return {
            "terms": dict(zip(self.batch.roles[role].terms, self.batch.reward_terms[role][0, a].tolist(), strict=True)),
            "events": events,
        }

    def _called(self, avatar: int) -> str | None:
        """Whom the number of an avatar in an event means; nobody by -1."""
        return self._by_number.get(avatar, f"avatar_{avatar}") if avatar >= 0 else None


def as_aec(world: World) -> Any:
    """The same environment with agents that act in turn (PettingZoo's AECEnv); the world moves when the last of them has acted."""
    return parallel_to_aec(world)


def _wide(role: Role) -> type:
    """A type that holds any action a user may give, so that one out of range is seen as such."""
    return np.float32 if role.continuous else np.int64


def _limits(role: Role) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest action, inclusive: each [heads] or [controls]."""
    if role.continuous:
        return role.action_space.low, role.action_space.high  # type: ignore[union-attr]  # that of controls is a Box
    return np.zeros(len(role.heads), np.int64), np.array([len(h.choices) - 1 for h in role.heads])
