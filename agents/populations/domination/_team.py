"""Teams that are led by a plan: where everybody is to go; the world's own soldiers know how to walk there and whom to tag."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.worlds import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.domination import soldiers
from avatarium.worlds.domination.command import distributions
from avatarium.worlds.domination.heuristic import as_controls
from avatarium.worlds.domination.state import BLUE, FAR, MIDDLE, MOST, OWN, POINTS, RED

ROLES = ("red", "blue")


class View(NamedTuple):
    """What a plan goes by: E teams of n avatars; points in the order middle, own, far."""

    owners: np.ndarray  # int8 [E, POINTS]: 1 mine, -1 the enemy's, 0 nobody's
    ways: np.ndarray  # float32 [E, n, POINTS]: m that each of the team has to walk
    rivals: np.ndarray  # float32 [E, n, POINTS]: the same of the other team
    here: np.ndarray  # bool [E, n]: is in the arena
    rivals_here: np.ndarray  # bool [E, n]
    scores: np.ndarray  # float64 [E, 2]: seconds, own and other
    clock: np.ndarray  # int64 [E]: steps gone
    due: np.ndarray  # bool [E]: it is time to decide
    orders: np.ndarray  # int64 [E, n]: where everybody is going now; meaningless at the beginning of a game
    keys: np.ndarray  # uint64 [E]: of the step
    over: np.ndarray  # bool [E]: this is the last decision of the game
    batch: Batch  # the arena itself, for those who try out what would come
    envs: np.ndarray  # int64 [E]: which environments of it

    @property
    def lead(self) -> np.ndarray:
        """int64 [E]: points owned, less those of the enemy."""
        return np.asarray(self.owners.sum(axis=1, dtype=np.int64))


class Plan(NamedTuple):
    """Where everybody is to go."""

    zones: np.ndarray  # int64 [E, n]: a point, or HOME or AWAY
    stops: np.ndarray | None = None  # float32 [E, n]: m before it at which one stops; by default one goes all the way


class Planner(Protocol):
    """How a team decides; ``memory`` are arrays [E, ...] that are zero at the beginning."""

    name: str

    def memory(self, teams: int, soldiers: int) -> Memory:
        """Zeroed memory."""

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """What to do now; it is carried out where ``view.due``."""

    def lasting(self, memory: Memory) -> Memory:
        """What of the memory outlives a game; the rest is zero again."""


class Forgetful:
    """A planner that learns nothing and remembers nothing."""

    def memory(self, teams: int, soldiers: int) -> Memory:
        """Nothing."""
        return ()

    def lasting(self, memory: Memory) -> Memory:
        """Nothing."""
        return ()


class Team:
    """A policy that leads the avatars of a role by a plan, whatever the level of command; it reads the state."""

    def __init__(self, role: str, config: Any, planner: Planner) -> None:
        self.name, self._config, self._planner = planner.name, config, planner
        self._side = RED if role == "red" else BLUE
        self._spreads = {tuple(row): k for k, row in enumerate(distributions(config.team).tolist())}

    def initial_state(self, rows: int) -> Memory:
        """Orders int8 and stops float32 [rows, MOST], then the planner's memory; every avatar carries that of its team."""
        orders = (np.zeros((rows, MOST), np.int8), np.zeros((rows, MOST), np.float32))
        return (*orders, *self._planner.memory(rows, self._config.team))

    def next_game(self, state: Memory) -> Memory:
        """The memory with which the next game against the same side begins."""
        return (*(np.zeros_like(part) for part in state[:2]), *self._planner.lasting(state[2:]))

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]. Raises UserError where the state cannot be read."""
        if turn.batch is None:
            raise UserError(f"{self.name} leads its team by a plan of the arena, which cannot be seen from here")
        envs, first, back = np.unique(turn.envs, return_index=True, return_inverse=True)
        n, (orders, stops, *rest) = self._config.team, (part[first] for part in state)
        view = look(turn.batch, self._side, envs, turn.keys[first], orders[:, :n].astype(np.int64))
        plan, rest = self._planner.plan(view, tuple(rest))  # type: ignore[assignment]  # a list or a tuple of arrays
        orders[:, :n] = np.where(view.due[:, None], plan.zones, orders[:, :n])
        wanted = np.zeros_like(stops[:, :n]) if plan.stops is None else plan.stops
        stops[:, :n] = np.where(view.due[:, None], wanted, stops[:, :n])
        memory = tuple(part[back] for part in (orders, stops, *rest))
        return self._actions(turn, orders[back], stops[back]), memory

    def _actions(self, turn: Turn, orders: np.ndarray, stops: np.ndarray) -> np.ndarray:
        rows, n = np.arange(len(orders)), self._config.team
        if self._config.command == "commander":
            counts = (np.minimum(orders[:, :n], FAR)[:, :, None] == np.arange(POINTS)).sum(axis=1)
            return np.array([[self._spreads[tuple(row)]] for row in counts.tolist()], np.int32).reshape(len(rows), 1)
        chosen = orders[rows, turn.avatars].astype(np.int64)
        if self._config.command == "order":
            return np.stack([np.minimum(chosen, FAR), np.zeros_like(chosen)], axis=1).astype(np.int32)
        found = np.zeros((len(rows), 3), np.int32)
        bodies = np.asarray(self._side * n + turn.avatars, np.int64)
        state = turn.batch.state  # type: ignore[union-attr]  # it was asked for above
        soldiers.choose_rows(state, np.asarray(turn.envs, np.int64), bodies, chosen, stops[rows, turn.avatars], found)
        if self._config.control == "continuous":
            return as_controls(*found.T)
        return np.column_stack([found, np.zeros(len(rows), np.int32)])


def look(batch: Batch, side: int, envs: np.ndarray, keys: np.ndarray, orders: np.ndarray) -> View:
    """What the team ``side`` knows of the environments ``envs`` [E]."""
    state, config = batch.state, batch.config
    avatars, n = state.avatars[envs], config.team
    x, y = avatars["x"], avatars["y"]
    if side == BLUE:  # whose plan is turned by half
        width, height = (state.extent[envs] * float(CELL_M)).T.astype(np.float32)
        x, y = width[:, None] - x, height[:, None] - y
    cells = (y / CELL_M).astype(np.int64), (x / CELL_M).astype(np.int64)
    ways = state.map[envs[:, None], cells[0], cells[1], :POINTS].astype(np.float32) * np.float32(0.1)
    mine, theirs = slice(side * n, (side + 1) * n), slice((1 - side) * n, (2 - side) * n)
    owners = state.owners[envs][:, [MIDDLE, OWN, FAR] if side == RED else [MIDDLE, FAR, OWN]]
    here, clock = avatars["present"] == 1, batch.clock[envs].astype(np.int64)
    return View(
        owners=np.where(owners < 0, 0, np.where(owners == side, 1, -1)).astype(np.int8),
        ways=ways[:, mine],
        rivals=ways[:, theirs],
        here=here[:, mine],
        rivals_here=here[:, theirs],
        scores=state.score[envs][:, [side, 1 - side]] * 0.1,
        clock=clock,
        due=state.due[envs],
        orders=orders,
        keys=keys,
        over=clock == config.episode_steps - 1,
        batch=batch,
        envs=envs,
    )
