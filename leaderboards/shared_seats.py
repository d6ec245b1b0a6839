"""Several policies as the mind of one role: each has its own avatars and its own memory, and answers for its own mistakes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.agents.exported import PolicyError
from avatarium.agents.policy import Memory, Policy, Tells, Turn
from avatarium.leaderboards.sandbox.host import InfrastructureError


class PartnerError(PolicyError):
    """The other submission of a cross-play failed, not the one that is judged."""


class WorldFault(InfrastructureError):  # noqa: N818  # faults are what the rules speak of
    """The world or its background people failed: what was played in this scenario is void for everybody, and to repeat it is no help."""


def of_focal(fault: Exception, name: str) -> Exception:
    """What the judged policy does wrong is told as it is."""
    return fault


def of_partner(fault: Exception, name: str) -> Exception:
    """What a partner does wrong is told as the partner's."""
    return PartnerError(f"its partner {name} failed: {fault}") if isinstance(fault, PolicyError) else fault


def of_background(fault: Exception, name: str) -> Exception:
    """Whatever goes wrong with background people is a fault of the world."""
    return WorldFault(f"the background policy {name} failed: {fault}")


@dataclass(frozen=True)
class Member:
    """One of those who share a role."""

    label: str
    """What transcripts call it."""
    policy: Policy
    blame: Callable[[Exception, str], Exception] = of_focal
    """Makes of its error, and its name, the error that is raised."""


class SharedSeats:
    """A policy that gives each avatar to one of ``members``, by ``seats`` int64 [N, A]: which of them sits where in each environment."""

    def __init__(self, members: Sequence[Member], seats: np.ndarray) -> None:
        self.members, self.seats = members, seats
        self.name = " + ".join(member.label for member in members)
        self.tells = tuple(dict.fromkeys(name for m in members if isinstance(m.policy, Tells) for name in m.policy.tells))
        self.told: dict[str, np.ndarray] = {}
        self._sizes: list[int] = []
        if len(members) == 1 and hasattr(members[0].policy, "address"):
            self.address = members[0].policy.address
            """Where it can be loaded from again, as transcripts say, if it is one policy only."""

    def labels(self, i: int) -> list[str]:
        """Who has each avatar of environment ``i``."""
        return [self.members[k].label for k in self.seats[i].tolist()]

    def initial_state(self, rows: int) -> Memory:
        """What each member remembers, one after the other; each has room for all rows, and fills its own."""
        parts = [member.policy.initial_state(rows) for member in self.members]
        self._sizes = [len(part) for part in parts]
        return tuple(array for part in parts for array in part)

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads] and the next state. Raises what the blame of a member makes of its error."""
        seated = self.seats[turn.envs, turn.avatars]
        actions: np.ndarray | None = None
        self.told = {name: np.full(len(seated), np.nan, np.float32) for name in self.tells}
        kept: list[np.ndarray] = []
        for k, member in enumerate(self.members):
            memory, state = state[: self._sizes[k]], state[self._sizes[k] :]
            rows = np.flatnonzero(seated == k)
            if len(rows):
                chosen, after = _ask(member, part(turn, rows), tuple(array[rows] for array in memory))
                actions = np.zeros((len(seated), *chosen.shape[1:]), chosen.dtype) if actions is None else actions
                actions[rows] = chosen
                memory = tuple(_with(array, rows, new) for array, new in zip(memory, after, strict=True))
                for name, values in member.policy.told.items() if isinstance(member.policy, Tells) else ():
                    self.told[name][rows] = values
            kept += memory
        assert actions is not None, "a turn has rows"
        return actions, tuple(kept)


def part(turn: Turn, rows: np.ndarray) -> Turn:
    """Some rows of a turn, as if there were no others."""
    if len(rows) == len(turn.envs):
        return turn
    allowed = None if turn.allowed is None else turn.allowed[rows]
    here = (turn.observation[rows], turn.keys[rows], turn.batch, turn.role, turn.envs[rows], turn.avatars[rows])
    return Turn(*here, allowed)


def _ask(member: Member, turn: Turn, memory: Memory) -> tuple[np.ndarray, Memory]:
    try:
        return member.policy.step(turn, memory)
    except InfrastructureError:
        raise
    except Exception as fault:
        blamed = member.blame(fault, member.label)
        if blamed is fault:
            raise
        raise blamed from fault


def _with(array: np.ndarray, rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A copy of ``array`` with other ``rows``; what came before stays as it was, as policies promise."""
    if len(rows) == len(array):
        return new
    kept = array.copy()
    kept[rows] = new
    return kept
