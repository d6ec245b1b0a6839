"""Decisions of others, track by track: what they were worth, and how to cut them to a size that can be learnt from."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from avatarium.training.demos.retelling import Columns
from avatarium.training.play.rollout import Extras, Fragment, allocate
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.spec import Role

F = np.float32
PIECE = np.dtype([("first", "i8"), ("steps", "i8"), ("track", "i8"), ("begins", "?"), ("ends", "?")])
"""A part of a track: its first row and its length, and whether it is the first and the last part."""


class Sequences(NamedTuple):
    """Pieces of tracks, side by side: L steps of S pieces. Where nobody is ``present`` any more all numbers are 0."""

    observations: np.ndarray  # float32 [L, S, D]
    allowed: np.ndarray  # bool [L, S, C]
    actions: np.ndarray  # int32 [L, S, heads] or float32 [L, S, controls]
    rewards: np.ndarray  # float32 [L, S]
    returns: np.ndarray  # float32 [L, S]: see Demonstrations.returns
    known: np.ndarray  # float32 [L, S]
    starts: np.ndarray  # bool [L, S]: nothing that was before this step is remembered
    present: np.ndarray  # bool [L, S]
    track: np.ndarray  # int64 [S]: of which track the piece is; pieces of one track follow one another


class Shown(NamedTuple):
    """A fragment like those that runners bring, with what they cannot know: T steps of S slots."""

    fragment: Fragment
    returns: np.ndarray  # float32 [T, S]
    known: np.ndarray  # float32 [T, S]


@dataclass(frozen=True)
class Demonstrations:
    """M decisions of one role in K tracks; a track is what one avatar did without a break. Arrays are shared by parts of a split."""

    world: str
    role: Role
    gamma: float
    columns: Columns
    tracks: np.ndarray  # retelling.TRACK [K]
    finals: np.ndarray  # float32 [K, D]: what was seen after each track's last decision
    skipped: tuple[str, ...] = ()
    """Why files were left out, a sentence each."""
    data: str = ""
    """The hash of the recordings (see ``agents.consent``), by which policies that learn from them are found again."""

    @property
    def decisions(self) -> int:
        """How many decisions there are."""
        return int(self.tracks["steps"].sum())

    @property
    def episodes(self) -> list[int]:
        """Numbers of the episodes: their places among the files that were read."""
        found: list[int] = np.unique(self.tracks["episode"]).tolist()
        return found

    def summary(self) -> str:
        """A line for people."""
        mean = float(self._rewards().sum(dtype=float)) / max(len(self.tracks), 1)
        text = f"{self.decisions} decisions of {self.role.name} in {len(self.episodes)} episodes, {mean:.2f} reward per avatar"
        return text + (f"; {len(self.skipped)} files were left out" if self.skipped else "")

    def split(self, share: float, seed: int) -> tuple["Demonstrations", "Demonstrations"]:
        """All but ``share`` of the episodes, and these, which are drawn at random and at least one. Raises UserError when none is left."""
        episodes = np.random.default_rng(seed).permutation(self.episodes)
        held_out = max(1, round(share * len(episodes)))
        if held_out >= len(episodes):
            raise UserError(f"{len(episodes)} recorded episodes are too few to hold {held_out} of them out: record more")
        chosen = np.isin(self.tracks["episode"], episodes[:held_out])
        return self._of(~chosen), self._of(chosen)

    def _of(self, tracks: np.ndarray) -> "Demonstrations":
        return replace(self, tracks=self.tracks[tracks], finals=self.finals[tracks])

    def returns(self, beyond: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Discounted rewards from each decision on, and the share of their weight that was seen: each float32 [rows of the columns].

        What comes after a track that was cut short is unknown. It is taken to be worth ``beyond`` (float32 [K], for example a critic's
        values of ``finals``), else what an average decision is worth: the mean reward of all decisions for ever after, discounted; 0 when
        ``gamma`` is 1. ``known`` is 1 - gamma^n where n steps were seen from there to the cut: weigh a value loss by it. After a
        termination nothing comes, and all is known.
        """
        gamma = self.gamma
        if beyond is None:
            mean = float(self._rewards().mean()) if self.decisions else 0.0
            beyond = np.full(len(self.tracks), mean / (1.0 - gamma) if gamma < 1.0 else 0.0, F)
        returns, known = np.zeros((2, len(self.columns.rewards)), F)
        tracks = (np.ascontiguousarray(self.tracks[name]) for name in ("first", "steps", "terminated"))
        _discount(self.columns.rewards, *tracks, np.ascontiguousarray(beyond, F), F(gamma), returns, known)
        return returns, known

    def _rewards(self) -> np.ndarray:
        return np.take(self.columns.rewards, _rows(self.tracks))

    def sequences(self, length: int) -> Sequences:
        """Every track, cut from its beginning into pieces of ``length`` steps, the last one filled up with nobody.

        ``starts`` is set where a track begins and nowhere else: later pieces go on with the memory of those before them.
        """
        pieces = _pieces(self.tracks, length)
        rows = (pieces["first"] + np.arange(length)[:, None]).astype(np.int64)
        present = np.arange(length)[:, None] < pieces["steps"]
        rows[~present] = 0
        starts = np.zeros(rows.shape, np.bool_)
        starts[0] = pieces["begins"]
        seen, allowed, actions, rewards, returns, known = (column[rows] for column in (*self.columns.arrays(), *self.returns()))
        for column in (seen, allowed, actions, rewards, returns, known):
            column[~present] = column.dtype == np.bool_  # whoever is not there may do anything
        return Sequences(seen, allowed, actions, rewards, returns, known, starts, present, pieces["track"].copy())

    def fragments(self, steps: int, slots: int, rng: np.random.Generator | None = None, extras: Extras | None = None) -> Iterator[Shown]:
        """All decisions as fragments of one size, in an order drawn by ``rng``; slots hold one track after the other.

        Fragments stand for themselves: memory is empty in the beginning, and a track longer than ``steps`` is continued elsewhere as if
        it began there. It counts as truncated where it is cut, with what was seen next as its final observation, so that its value goes
        on. Slots that are not filled hold nobody. A central critic's state is not regained: ``extras`` may only ask for memory.
        """
        pieces = _pieces(self.tracks, steps)
        bins = _packed(pieces["steps"], steps)
        order = (rng or np.random.default_rng(0)).permutation(len(bins))
        returns, known = self.returns()
        for first in range(0, len(bins), slots):
            chosen = [pieces[bins[k]] for k in order[first : first + slots]]
            fragment, rows = self._fragment(chosen, steps, slots, extras or Extras())
            yield Shown(fragment, *(np.where(rows >= 0, column[rows], F(0)) for column in (returns, known)))

    def _fragment(self, slots: list[np.ndarray], steps: int, count: int, extras: Extras) -> tuple[Fragment, np.ndarray]:
        """A fragment of ``count`` slots with these pieces, and the row of each of its decisions, int64 [T, S], -1 for none."""
        fragment, rows = allocate(replace(self.role, count=1), steps, count, extras), np.full((steps, count), -1)
        ends: list[tuple[int, int]] = []
        finals: list[np.ndarray] = []
        for slot, pieces in enumerate(slots):
            at = 0
            for piece in pieces:
                last, end = at + int(piece["steps"]) - 1, int(piece["first"] + piece["steps"])
                rows[at : last + 1, slot] = np.arange(piece["first"], end)
                fragment.starts[at, slot] = True
                fragment.terminations[last, slot] = piece["ends"] and self.tracks["terminated"][piece["track"]]
                fragment.truncations[last, slot] = not fragment.terminations[last, slot]
                ends.append((last, slot))
                finals.append(self.finals[piece["track"]] if piece["ends"] else self.columns.observations[end])
                at = last + 1
        fragment.present[:] = rows >= 0
        columns = (fragment.observations[:-1], fragment.allowed, fragment.actions, fragment.rewards)
        for column, known in zip(columns, self.columns.arrays(), strict=True):
            column[fragment.present] = known[rows[fragment.present]]
        fragment.actions[fragment.present] = self.role.narrowed(fragment.actions[fragment.present])  # as networks think of them
        final_steps, final_slots = np.array(ends, np.int64).reshape(-1, 2).T
        final_central = np.zeros((len(finals), extras.central), F)
        seen = np.array(finals, F).reshape(len(finals), -1)
        return replace(
            fragment, final_steps=final_steps, final_slots=final_slots, final_observations=seen, final_central=final_central
        ), rows


@kernel
def _discount(rewards, first, steps, terminated, beyond, gamma, returns, known):
    """Fill ``returns`` and ``known`` float32 [M] for the tracks of K (see ``Demonstrations.returns``)."""
    for k in range(first.shape[0]):
        total, unseen = F(0) if terminated[k] else beyond[k], F(0) if terminated[k] else F(1)
        for row in range(first[k] + steps[k] - 1, first[k] - 1, -1):
            total = rewards[row] + gamma * total
            unseen *= gamma
            returns[row], known[row] = total, F(1) - unseen


def _pieces(tracks: np.ndarray, length: int) -> np.ndarray:
    """PIECE [P]: all tracks cut from their beginnings into parts of ``length`` steps and a shorter last one, in order."""
    parts = -(-tracks["steps"] // length)
    track = np.repeat(np.arange(len(tracks)), parts)
    before = length * (np.arange(len(track)) - np.repeat(np.cumsum(parts) - parts, parts))
    found = np.zeros(len(track), PIECE)
    found["first"], found["track"] = tracks["first"][track] + before, track
    found["steps"] = np.minimum(tracks["steps"][track] - before, length)
    found["begins"], found["ends"] = before == 0, before + length >= tracks["steps"][track]
    return found


def _packed(lengths: np.ndarray, capacity: int) -> list[list[int]]:
    """Indices of ``lengths`` in groups that sum up to ``capacity`` at most: the longest first, each where it fits best."""
    groups: list[list[int]] = []
    room: list[tuple[int, int]] = []  # what is left in each group that is not full, the least first
    for index in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[index])
        place = bisect.bisect_left(room, (length, -1))
        left, group = room.pop(place) if place < len(room) else (capacity, len(groups))
        if group == len(groups):
            groups.append([])
        groups[group].append(index)
        if left > length:
            bisect.insort(room, (left - length, group))
    return groups


def _rows(tracks: np.ndarray) -> np.ndarray:
    """The rows of all decisions of the tracks, int64 [M]."""
    within = np.arange(int(tracks["steps"].sum())) - np.repeat(np.cumsum(tracks["steps"]) - tracks["steps"], tracks["steps"])
    return np.asarray(np.repeat(tracks["first"], tracks["steps"]) + within)
