"""The pool of opponents: past versions and scripted rivals, each with a quality that falls as it is beaten.

This is the dynamic sampling of OpenAI Five (Berner et al. 2019, https://arxiv.org/abs/1912.06680, appendix N) with two changes. A part of
the games goes to all members alike. By quality alone those that are always beaten are in the end never met; then nothing keeps the policy
from forgetting what beat them, as it does in self-play without a pool. That part also bounds how far a single win moves a quality. And a
pool has room for so many versions: beyond that it keeps a spread of them. Scripted rivals are members like any other, save that they always
stay: those that are beaten are met less, those that still win are met often.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from avatarium.training.league.matchmaking import Table
from avatarium.training.league.outcome import WIN, Results
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.settings import setting


@dataclass(frozen=True)
class Rules:
    """How a pool grows and whom it offers."""

    every: int = setting(10, 1, 1 << 20, "iterations between two versions that join the pool")
    capacity: int = setting(32, 2, 1024, "past versions that are kept, besides scripted rivals")
    past: float = setting(0.2, 0.0, 1.0, "share of games against members of the pool instead of against oneself")
    eta: float = setting(0.01, 0.0, 1.0, "how fast the quality of beaten members falls")
    alike: float = setting(0.5, 0.001, 1.0, "share of the games against the pool that all members get alike; the rest goes by quality")


@dataclass(frozen=True)
class Member:
    """An opponent: a past version that joined in iteration ``born``, or a scripted rival."""

    name: str
    born: int
    quality: float = 0.0
    scripted: bool = False


@dataclass(frozen=True)
class Pool:
    """Whom the current policy may meet besides itself; every change gives a new pool."""

    members: tuple[Member, ...] = ()
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def of(cls, rivals: Iterable[str], rules: Rules) -> "Pool":
        """A pool of scripted rivals, without versions yet. Raises UserError when a name comes twice."""
        pool = cls((), rules)
        for name in rivals:
            pool = pool._with(Member(name, 0, scripted=True))
        return pool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members, oldest first."""
        return tuple(m.name for m in self.members)

    def due(self, iteration: int) -> bool:
        """Whether a version joins in this iteration."""
        return iteration % self.rules.every == 0

    def join(self, name: str, iteration: int) -> "Pool":
        """Take in a version, with the largest quality there is; one that crowds others leaves when there are too many (see ``_crowded``).

        Raises UserError when there is a member of that name.
        """
        grown = self._with(Member(name, iteration, max((m.quality for m in self.members), default=0.0)))
        versions = [m for m in grown.members if not m.scripted]
        if len(versions) <= self.rules.capacity:
            return grown
        leaves = _crowded(versions)
        return replace(grown, members=tuple(m for m in grown.members if m is not leaves))

    def _with(self, member: Member) -> "Pool":
        if member.name in self.names:
            raise UserError(f"there already is a {member.name!r} in the pool: give every version and rival a name of its own")
        return replace(self, members=(*self.members, member))

    def probabilities(self) -> np.ndarray:
        """float64 [M]: how likely each member is to be met in a game against the pool."""
        if not self.members:
            return np.zeros(0)
        quality = np.array([m.quality for m in self.members])
        weights = np.exp(quality - quality.max())
        return np.asarray((1 - self.rules.alike) * weights / weights.sum() + self.rules.alike / len(weights))

    def table(self) -> Table:
        """What runners draw opponents from."""
        cumulative = np.cumsum(self.probabilities())
        return Table(self.names, cumulative / cumulative[-1:], self.rules.past)

    def after(self, results: Results) -> "Pool":
        """The pool after some games: each win over member i takes eta / (M p_i) from its quality; draws and losses take nothing.

        All wins count at the probabilities p from before, so their order does not matter. Results against others are passed over: they
        may have left while the games were played.
        """
        wins = dict(zip(results.opponents, results.counts[:, :, WIN].sum(axis=1).tolist(), strict=True))
        steps = self.rules.eta / (len(self.members) * self.probabilities()) if self.members else ()
        beaten = (replace(m, quality=m.quality - float(s) * wins.get(m.name, 0)) for m, s in zip(self.members, steps, strict=True))
        return replace(self, members=tuple(beaten))

    def to_json(self) -> list[dict[str, Any]]:
        """The members as dicts of numbers and texts; the rules belong to the plan of a run."""
        return [asdict(m) for m in self.members]

    @classmethod
    def from_json(cls, found: list[dict[str, Any]], rules: Rules) -> "Pool":
        """The pool that ``to_json`` gave."""
        return cls(tuple(Member(**m) for m in found), rules)


def _crowded(versions: list[Member]) -> Member:
    """The version whose neighbours in time lie closest around it, of equals the oldest; the first and the newest stay.

    So every stretch of the training stays represented alike, to within a factor of two. That a member is beaten again and again is no
    reason to let it go: to meet it now and then is what keeps it beaten.
    """
    gaps = [after.born - before.born for before, after in zip(versions, versions[2:], strict=False)]
    return versions[1 + int(np.argmin(gaps))]
