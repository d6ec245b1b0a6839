"""Playing a block of seeds of one scenario: who sits where, who answers for what, what metrics say of focal avatars and of the others.

It knows nothing of stores, boards or queues: scenario, policy and seeds go in, episodes come out, the same whatever else is in the block.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.agents.play import AT_ONCE, play
from avatarium.agents.policy import Policy
from avatarium.leaderboards import seating
from avatarium.leaderboards.episodes import Episode, Setting, fold, halved, setting
from avatarium.leaderboards.metrics import Metric, Share, metric
from avatarium.leaderboards.scenarios import Background, Scenario
from avatarium.leaderboards.scenarios.pillars import judged_by
from avatarium.leaderboards.shared_seats import Member, SharedSeats, WorldFault, of_background, of_partner
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role, WorldSpec
from avatarium.worlds.core.transcript import Transcript

FOCAL, PARTNER = "focal", "partner"
"""What transcripts call the judged policy, and another submission that it plays with."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
KEPT = 32
"""Background people that stay loaded from block to block."""


def play_block(
    scenario: Scenario,
    spec: WorldSpec,
    role: str,
    focal: Policy,
    seeds: Sequence[int],
    folder: Path,
    extra: Mapping[str, Any] = NOTHING,
    partners: Mapping[str, Policy] = NOTHING,
) -> list[Episode]:
    """Play one episode per seed; transcripts stay in ``folder``, and their headers say who had which avatar, besides ``extra``.

    ``partners`` are by role the other submissions of a cross-play. An error of the judged policy costs its own episode, one of a partner
    makes the episode count for nothing. Raises WorldFault where background people fail, and UserError where the scenario cannot be played.
    """
    return _Block(scenario, setting(spec, scenario.config, role), focal, partners, folder, extra).episodes(seeds)


def play_background(scenario: Scenario, spec: WorldSpec, role: str, seeds: Sequence[int], folder: Path) -> list[Episode]:
    """The same episodes with background people in the judged policy's seats as well: what would have become of the others without it.

    The others sit where they sat, and their numbers are in ``background``. It depends on nobody who is judged: play it once per scenario
    and role. Raises UserError where there are no others of this role.
    """
    if not scenario.mode.focal or scenario.with_partner:
        raise UserError(f"{scenario.name} of {spec.name} has no background people in the role {role}")
    return _Block(scenario, setting(spec, scenario.config, role), None, NOTHING, folder, NOTHING).episodes(seeds)


@dataclass(frozen=True)
class _Block:
    """What is played; without ``focal`` the background people are among themselves."""

    scenario: Scenario
    where: Setting
    focal: Policy | None
    partners: Mapping[str, Policy]
    folder: Path
    extra: Mapping[str, Any]

    def episodes(self, seeds: Sequence[int]) -> list[Episode]:
        """One per seed."""
        if self.scenario.skipped:
            raise UserError(self.scenario.skipped)
        self.folder.mkdir(parents=True, exist_ok=True)
        return [e for k in range(0, len(seeds), AT_ONCE) for e in halved(seeds[k : k + AT_ONCE], self._played)]

    def _played(self, seeds: Sequence[int]) -> list[Episode]:
        spec, cast = self.where.spec, dict(self._cast(seeds))
        minds = {role: policy for role, (policy, _) in cast.items()}
        sat = {seed: {role: tuple(labels[i]) for role, (_, labels) in cast.items()} for i, seed in enumerate(seeds)}
        about = {"key": self.scenario.key(spec), "mode": self.scenario.mode.name, "role": self.where.role.name}

        def told(seed: int) -> dict[str, Any]:
            return {"scenario": self.scenario.name, **self.extra, **about, "seats": {r: list(names) for r, names in sat[seed].items()}}

        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".playing-") as scratch:
            paths = play(discovery.address(spec), minds, seeds, Path(scratch), config=self.where.config, extra=told)
            return [self._kept(seed, path, sat[seed]) for seed, path in zip(seeds, paths, strict=True)]

    def _kept(self, seed: int, path: Path, seats: dict[str, tuple[str, ...]]) -> Episode:
        told, by = Transcript.open(path), [metric(name) for name in judged_by(self.where.spec)]
        focal = seating.focal([seed], self.where.role.count, self.scenario.mode.focal)[0]
        shares, background = (self._fold(told, np.flatnonzero(focal == mine).tolist(), by) for mine in (True, False))
        kept = Path(shutil.move(path, self.folder / path.name))
        return Episode(seed, told.steps, shares if self.focal else {}, kept, told.digest, background=background, seats=seats)

    def _fold(self, told: Transcript, avatars: list[int], by: Sequence[Metric]) -> dict[str, Share]:
        return fold(told, self.where, avatars, by) if avatars else {}

    def _cast(self, seeds: Sequence[int]) -> Iterator[tuple[str, tuple[Policy, list[list[str]]]]]:
        """By role, who is its mind, and what each avatar's mind is called in each episode."""
        for role in self.where.roles:
            judged = role.name == self.where.role.name
            count, focal = role.count, self.scenario.mode.focal or role.count
            if judged and self.focal and focal == count:
                yield role.name, (self.focal, [[FOCAL] * count] * len(seeds))
                continue
            others = self._others(role)
            if not judged:
                mind = SharedSeats(others, seating.whole(seeds, count, len(others)))
            elif self.focal:
                mind = SharedSeats([Member(FOCAL, self.focal), *others], seating.shared(seeds, count, focal, len(others)))
            else:
                mind = SharedSeats(others, seating.shared(seeds, count, 0, len(others)) - 1)
            yield role.name, (mind, [mind.labels(i) for i in range(len(seeds))])

    def _others(self, role: Role) -> list[Member]:
        """Who has the avatars of a role that are not the judged policy's. Raises UserError when nobody is there for them."""
        spec, config = self.where.spec, self.where.config
        if role.name in self.partners:
            return [Member(PARTNER, self.partners[role.name], of_partner)]
        if self.scenario.with_partner:
            raise UserError(f"{self.scenario.name} of {spec.name} takes another submission: give a partner for the role {role.name}")
        people = [one for one in self.scenario.background if role.name in one.roles]
        if people:
            address, told = discovery.address(spec), json.dumps(config, sort_keys=True)
            return [Member(one.address, _mind(one, address, role.name, told), of_background) for one in people]
        name = self.where.usual
        return [Member(name, agents.load(name, discovery.address(spec), role.name, **config), of_background)]


@lru_cache(maxsize=KEPT)
def _mind(one: Background, world: str, role: str, config: str) -> Policy:
    """One of the background people, checked once. Raises WorldFault when it is not the one that was frozen."""
    try:
        return one.load(discovery.spec(world), role, json.loads(config))
    except UserError as fault:
        raise WorldFault(str(fault)) from None
