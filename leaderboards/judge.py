"""Judging for one's own board: every entrant plays every scenario on the same seeds, in this process, through the queue."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avatarium.agents.exported import PolicyError
from avatarium.leaderboards.database.models import CHECKING, FAILED, GIVEN_UP, LOCAL, PLAYING, PUBLIC, REJECTED, VOID, Submission
from avatarium.leaderboards.entrants import worlds_own
from avatarium.leaderboards.episodes import Setting, setting
from avatarium.leaderboards.queue import entry, retrying, status
from avatarium.leaderboards.queue.rules import RULES
from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.scenarios import Scenario, alone
from avatarium.leaderboards.seasons import definition
from avatarium.leaderboards.seasons.definition import Block
from avatarium.leaderboards.store import Store
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

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

    def blocks(self) -> Iterator[Block]:
        """What an entrant plays, in the blocks that are stored together."""
        for scenario in self.scenarios:
            seeds = list(scenario.seeds(self.episodes))
            for first in range(0, len(seeds), definition.BLOCK):
                yield Block(scenario, tuple(seeds[first : first + definition.BLOCK]))

    def done(self, store: Store, key: str) -> int:
        """Episodes of this ruleset that an entrant has played."""
        return sum(record.seed in s.seeds(self.episodes) for s in self.scenarios for record in store.records(key, [s.key(self.spec)]))

    def baselines(self) -> list[str]:
        """The world's own policies that every submission stands beside."""
        return worlds_own(self.spec)


def court(spec: WorldSpec, episodes: int, role: str | None = None) -> Court:
    """The ruleset of the public track. Raises UserError for an unknown role."""
    judged = setting(spec, {}, role).role.name
    found = alone(spec, judged)
    return Court(spec, judged, found, episodes)


def submit(store: Store, path: Path, where: Court, progress: Progress = lambda episodes: None, trust: bool = False) -> Submission:
    """Check a submission, play what of it is missing, store everything. Raises UserError, with the reason, when it is refused or fails."""
    content = path.read_bytes()
    one = entry.enter(
        store.database, store.artefacts, content, LOCAL, PUBLIC, trust=trust, blocks=lambda spec, role: where.blocks(), world=where.address
    )
    return _work(store, one, where, progress)


def score_baselines(store: Store, where: Court, progress: Progress = lambda episodes: None) -> None:
    """Let the world's own policies play what they have not played yet."""
    for name in where.baselines():
        one = entry.enter_baseline(store.database, name, where.address, where.role, LOCAL, PUBLIC, blocks=lambda spec, role: where.blocks())
        _work(store, one, where, progress)


def _work(store: Store, one: Submission, where: Court, progress: Progress) -> Submission:
    """Do the jobs of a submission until there are none left, beside whoever else works on them."""
    store.database.insist(lambda session: retrying.retry(session, one.key))
    done = where.done(store, one.key)
    with Worker(store.database, store.artefacts, RULES) as worker:
        while _left(store, one.key):
            worker.once(one.key)
            before, done = done, where.done(store, one.key)
            if done > before:
                progress(done - before)
    found = store.submission(one.key)
    if found.state in (REJECTED, FAILED):
        raise PolicyError(found.sentence)
    if found.state in (CHECKING, PLAYING, VOID):
        with store.database.reading() as session:
            stuck = [job.reason for job in status.jobs(session, one.key) if job.state in (GIVEN_UP, VOID)]
        raise UserError(f"{found.name} could not be judged: {found.sentence or (stuck or ['nothing is planned for it'])[0]}")
    return found


def _left(store: Store, key: str) -> int:
    with store.database.reading() as session:
        return status.left(session, key)
