"""Running an episode again from its seed to some step and on from there, otherwise or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.branching.changes import Act, Change, Say, columns
from avatarium.agents.branching.minds import Minds
from avatarium.agents.play import Seat
from avatarium.agents.policy import Policy, Tells
from avatarium.worlds import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.rng import mix
from avatarium.worlds.core.transcript import Transcript

PERSON = ("human", "by_hand")
"""Under which names a header tells of an avatar that a person moved."""


@dataclass(frozen=True)
class Where:
    """The step at which futures part, and whose doing it is: avatar number ``avatar`` of ``role``."""

    told: Transcript
    at: int
    role: str
    avatar: int

    @property
    def agent(self) -> str:
        """As PettingZoo calls it."""
        return f"{self.role}_{self.avatar}"


@dataclass(frozen=True)
class Future:
    """One future, whole from step 0."""

    path: Path
    terms: dict[str, np.ndarray]
    """By role: float64 [A, terms], what was paid from the step of the branch on, by term of the reward."""


class Run:
    """N futures of one episode side by side, the first with the keys it was recorded with, the others with keys of their own."""

    def __init__(self, where: Where, change: Change, minds: Minds, policy: Policy | None, futures: int) -> None:
        """``policy``: the mind of a ``Swap``."""
        self._where, self._change, self._minds = where, change, minds
        told = where.told
        seed = told.header["seed"]
        self._batch = Batch(told.spec, futures, autoreset=False, **told.header["config"])
        self._batch.reset([seed] * futures)
        role = self._batch.roles[where.role]
        self._columns = columns(change, role) if isinstance(change, Act | Say) else {}
        self._seats = {
            name: Seat(self._batch, name, mind.policy, [seed] * futures) for name, mind in minds.by_role.items() if mind.policy is not None
        }
        self._swapped = Seat(self._batch, where.role, policy, [seed] * futures) if policy is not None else None
        self.notes: list[str] = []
        """What has to be said about the change."""
        self._seeds = [int(seed), *(_key(seed, where.at, k) for k in range(1, futures))]

    def _last(self) -> float:
        """The step at which to stop if nothing ends before: the last that was recorded, where somebody has nothing else to go by."""
        led = {name: mind.own.copy() for name, mind in self._minds.by_role.items()}
        if self._swapped is not None:
            led[self._where.role][self._where.avatar] = True
        everybody = all(own.all() for own in led.values())
        return float("inf") if self._minds.ended and everybody else self._where.told.steps

    def play(self, folder: Path, names: Sequence[str], extra: Mapping[str, Any], recorded: bool = False) -> list[Future]:
        """Run to the end and record; with ``recorded``, everybody does to the end what they did."""
        where, batch, told = self._where, self._batch, self._where.told
        last = told.steps if recorded else self._last()
        terms = {name: np.zeros(paid.shape, np.float64) for name, paid in batch.reward_terms.items()}
        recorder = self._recorder(folder, names, extra)
        try:
            t = 0
            while t < last and not batch.episodes.over.all():
                if t == where.at:
                    for seat in [*self._seats.values(), *([self._swapped] if self._swapped else [])]:
                        seat.reseed(self._seeds)
                batch.step(self._actions(t, recorded))
                recorder.step(self._readouts(t))
                t += 1
                for name, paid in batch.reward_terms.items() if t > where.at else ():
                    terms[name] += paid
        except UserError:
            recorder.close()
            for path in recorder.paths:
                path.unlink()
            raise
        finally:
            recorder.close()
            batch.close()
        return [Future(path, {name: paid[i] for name, paid in terms.items()}) for i, path in enumerate(recorder.paths)]

    def _actions(self, t: int, recorded: bool) -> dict[str, np.ndarray]:
        """What everybody does in step ``t``: [N, A, heads] by role. Minds that only watch decide as well, so that they remember."""
        where, told = self._where, self._where.told
        decided = {name: seat.act() for name, seat in self._seats.items()}
        swapped = self._swapped.act() if self._swapped else None
        done = told.actions(t) if t < told.steps else {}
        actions = {}
        for name, array in self._batch.actions.items():
            mine = np.zeros_like(array) if name not in done else np.repeat(done[name][None], len(array), axis=0)
            if t >= where.at and not recorded and name in decided:
                own = self._minds.by_role[name].own
                mine[:, own] = decided[name][:, own]
            actions[name] = mine
        if t >= where.at and swapped is not None:
            actions[where.role][:, where.avatar] = swapped[:, where.avatar]
        if isinstance(self._change, Act | Say) and where.at <= t < where.at + self._change.steps:
            self._check(t)
            for column, value in self._columns.items():
                actions[where.role][:, where.avatar, column] = value
        return actions

    def _check(self, t: int) -> None:
        """Raise UserError where the avatar of a change is not there, or may not choose what it is to choose, when the change begins."""
        where, batch = self._where, self._batch
        if t > where.at:
            return
        if not batch.present[where.role][0, where.avatar]:
            raise UserError(f"{where.agent} is not there at step {t}: choose a step at which it is")
        role = batch.roles[where.role]
        if role.due and not batch.observations[where.role][0, where.avatar, role.slices()[role.due]].any():
            self.notes.append(f"what {where.agent} chooses at step {t} does not count: it decides nothing then")
        for column, part in enumerate(role.mask_slices()):
            chosen = int(self._columns.get(column, -1))
            if chosen >= 0 and not batch.allowed[where.role][0, where.avatar, part][chosen]:
                head = role.heads[column]
                open_ = [c for c, allowed in zip(head.choices, batch.allowed[where.role][0, where.avatar, part], strict=True) if allowed]
                raise UserError(f"{head.name}={head.choices[chosen]} is not open to {where.agent} at step {t}: {', '.join(open_)} are")

    def _recorder(self, folder: Path, names: Sequence[str], extra: Mapping[str, Any]) -> Recorder:
        """A recorder whose files say what the episode's own said, and what the branch is."""
        header = self._where.told.header
        told: dict[str, tuple[str, ...]] = dict.fromkeys(self._batch.roles, ())
        for seat in [*self._seats.values(), *([self._swapped] if self._swapped else [])]:
            more = seat.policy.tells if isinstance(seat.policy, Tells) else ()
            told[seat.role] = tuple(dict.fromkeys((*told[seat.role], *more)))
        seeds, said = [header["seed"]] * self._batch.num_envs, dict(header["extra"])
        if self._change is not None and self._where.agent == self._where.told.by_hand:  # from here on no person moved it
            said = {word: value for word, value in said.items() if word not in PERSON}
        return Recorder(folder, self._batch, seeds, header["policies"], said | dict(extra), header.get("minds", {}), told, names)

    def _readouts(self, t: int) -> dict[str, dict[str, np.ndarray]]:
        """What whoever moved each avatar in step ``t`` told of it: float32 [N, A] by role and name, NaN where nobody did."""
        where = self._where
        found = {
            name: {word: np.where(self._minds.by_role[name].own, values, np.float32(np.nan)) for word, values in seat.readouts().items()}
            for name, seat in self._seats.items()
        }
        if self._swapped and t >= where.at:
            told, mine = self._swapped.readouts(), found.setdefault(where.role, {})
            for word in {*told, *mine}:
                blank = np.full((self._batch.num_envs, self._batch.num_agents[where.role]), np.nan, np.float32)
                mine[word] = mine.get(word, blank)
                mine[word][:, where.avatar] = told.get(word, blank)[:, where.avatar]
        return found


def _key(seed: int, at: int, k: int) -> int:
    """The seed, uint64, of the keys of continuation ``k`` from step ``at`` on."""
    return int(mix(np.uint64(mix(np.uint64(seed & 2**64 - 1), np.uint64(at))), np.uint64(k)))
