"""Judging for the board: every entrant plays every scenario on the same seeds; what is done is stored and never done again."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avatarium.agents.exported import PolicyError
from avatarium.leaderboards.entrants import BASELINES, Entrant, Named, Submitted
from avatarium.leaderboards.episodes import Setting, play_scored, setting
from avatarium.leaderboards.scenarios import Scenario, scenarios
from avatarium.leaderboards.store import Store, Submission, now
from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import WorldSpec

CHUNK = 32
"""Episodes that are played side by side and stored together: what an interruption may cost."""
MAX_FAULTS = 5
"""A submission that fails in more episodes than these is not played on."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Court:
    """One ruleset: a world, the role that is judged, the scenarios, and how many episodes of each."""

    spec: WorldSpec
    role: str
    scenarios: Sequence[Scenario]
    episodes: int

    @property
    def address(self) -> str:
        """Under which the world is found again."""
        return discovery.address(self.spec)

    @property
    def total(self) -> int:
        """Episodes that an entrant plays."""
        return self.episodes * len(self.scenarios)

    def setting(self, scenario: Scenario) -> Setting:
        """World, config and role of a scenario."""
        return setting(self.spec, scenario.config, self.role)

    def done(self, store: Store, key: str) -> int:
        """Episodes of this ruleset that an entrant has played."""
        return sum(record.seed in s.seeds(self.episodes) for s in self.scenarios for record in store.records(key, [s.digest(self.spec)]))

    def baselines(self) -> list[str]:
        """The world's own policies that every submission stands beside."""
        has = {"random": True, "heuristic": self.spec.heuristic is not None, "oracle": self.spec.oracle is not None}
        return [name for name in BASELINES if has[name]]


def court(spec: WorldSpec, episodes: int, role: str | None = None) -> Court:
    """The ruleset of the public track. Raises UserError for an unknown role."""
    found = scenarios(spec)
    return Court(spec, setting(spec, found[0].config, role).role.name, found, episodes)


def submit(store: Store, path: Path, one: Submitted, where: Court, progress: Progress = lambda episodes: None) -> Submission:
    """Check a submission, play what of it is missing, store everything. Raises UserError, with the reason, when it is refused or fails."""
    for scenario in where.scenarios:
        one.manifest.check_fits(where.spec, where.setting(scenario).role)
    row = store.put(_row(where, one.name, one.key, baseline=False, manifest=one.manifest.to_json()))
    with store.scratch() as scratch:
        store.keep(Path(shutil.copy(path, scratch / "submission.zip")), one.key)
        try:
            _try_out(one, where, scratch)
        except PolicyError as refusal:
            store.update(row.key, status="rejected", sentence=str(refusal), layers=one.layers)
            raise
    store.update(row.key, status="scoring", sentence="", facts=one.facts, layers=one.layers)
    score(store, one, row.key, where, progress)
    return row


def _try_out(one: Submitted, where: Court, scratch: Path) -> None:
    """Gates, probes and one whole episode, in which no error is forgiven."""
    first = where.scenarios[0]
    place = where.setting(first)
    (episode,) = play_scored(place, one.policy(place), [first.first_seed - 1], scratch)
    if episode.fault:
        raise PolicyError(f"{one.name} failed in its trial episode: {episode.fault}")


def score_baselines(store: Store, where: Court, progress: Progress = lambda episodes: None) -> None:
    """Let the world's own policies play what they have not played yet."""
    for name in where.baselines():
        identity = json.dumps(["baseline", name, where.address, where.spec.version, where.role])
        row = store.put(_row(where, name, hashlib.sha256(identity.encode()).hexdigest(), baseline=True))
        score(store, Named(name), row.key, where, progress)


def score(store: Store, one: Entrant, key: str, where: Court, progress: Progress) -> None:
    """Play every scenario's missing seeds, chunk by chunk; ``progress`` is told of each chunk's episodes."""
    faults = sum(r.fault is not None for r in store.records(key, [s.digest(where.spec) for s in where.scenarios]))
    for scenario in where.scenarios:
        digest = scenario.digest(where.spec)
        known = {record.seed for record in store.records(key, [digest])}
        missing = [seed for seed in scenario.seeds(where.episodes) if seed not in known]
        for first in range(0, len(missing), CHUNK):
            chunk = missing[first : first + CHUNK]
            faults += _play_chunk(store, one, key, where, scenario, chunk)
            progress(len(chunk))
            if faults > MAX_FAULTS:
                sentence = f"{one.name} failed in {faults} episodes, more than the {MAX_FAULTS} that are forgiven"
                store.update(key, status="failed", sentence=sentence)
                raise PolicyError(sentence)
    store.update(key, status="finished", sentence="")


def _play_chunk(store: Store, one: Entrant, key: str, where: Court, scenario: Scenario, seeds: list[int]) -> int:
    """Play and store; returns how many episodes the policy failed in."""
    place, digest = where.setting(scenario), scenario.digest(where.spec)
    extra = {"submission": key, "scenario": scenario.name}
    with store.scratch() as scratch:
        episodes = play_scored(place, one.policy(place), seeds, scratch, extra)
        store.add(key, (digest, scenario.name), one.layers, episodes)
    return sum(e.fault is not None for e in episodes)


def _row(where: Court, name: str, key: str, baseline: bool, manifest: str = "{}") -> Submission:
    return Submission(
        key=key,
        name=name,
        world=where.address,
        world_version=where.spec.version,
        role=where.role,
        baseline=baseline,
        manifest=json.loads(manifest),
        facts={},
        layers={},
        status="checking" if not baseline else "scoring",
        sentence="",
        created=now(),
    )
