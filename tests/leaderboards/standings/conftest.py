"""A season of one world with made-up submissions: as objects, and in a database."""

from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import FINISHED, PUBLIC, Account, Episode, EvalPlan, Match, Submission
from avatarium.leaderboards.seasons import definition, managing
from avatarium.leaderboards.standings.sums import Sums, shape
from avatarium.leaderboards.standings.tables import Entry

EPISODES = 4


@pytest.fixture(scope="session")
def season():
    """The rules of a season in wayfinding."""
    return definition.define("test", "A test", ["wayfinding"], {"wayfinding": EPISODES})


@pytest.fixture(scope="session")
def part(season):
    return season.parts[0]


def key(name: str) -> str:
    """A made-up key: long, as keys are, and in the order of names."""
    return name.ljust(64, "0")


def submission(part, word, **about) -> Submission:
    """A submission that has been played, called ``word`` if it has no other name."""
    made = {"key": key(word), "name": word, "author": word.title(), "account": None, "created": 0.0, "baseline": False, "clone_of": None}
    kept = {"manifest": {}, "facts": {"parameters": 10}, "layers": {}, "policy": "", "artefact": "", "weights": "", "actions": ""}
    where = {"world": part.world, "world_version": part.version, "role": part.role, "state": FINISHED, "sentence": ""}
    return Submission(**(made | kept | where | about))


SECRET = "ab" * 32


def made_up(part, skill: float, seed: int = 0) -> Sums:
    """Sums of somebody who succeeds in so many of 20 tries of anything, give or take luck."""
    scenarios, metrics, seeds = shape(part)
    rng = np.random.default_rng(seed)
    below = np.full((scenarios, metrics, seeds), 20.0)
    return Sums(np.stack([rng.binomial(20, skill, below.shape).astype(float), below]), np.zeros((scenarios, seeds), bool))


def entry(part, word, skill=0.5, account="", **about) -> Entry:
    """Somebody who has played everything."""
    return Entry(submission(part, word, **about), made_up(part, skill), account)


def episodes(part, name, skill, faults=(), track=PUBLIC) -> list[Episode]:
    """What ``name`` has played alone in a track; faults are at (number of the scenario, seed)."""
    rng, found = np.random.default_rng(round(1000 * skill)), []
    for k, scenario in enumerate(part.alone):
        for seed in part.seeds(scenario, track, SECRET):
            shares = {metric: [float(rng.binomial(10, skill)), 10.0] for metric in part.metrics}
            about = {"scenario": scenario.key(part.spec), "scenario_name": scenario.name, "partner": "", "background": {}, "layers": {}}
            fault = "an answer that is not finite" if (k, seed) in faults else None
            told = {"steps": 9, "shares": shares, "digest": "", "artefact": "", "created": 0.0, "fault": fault}
            found.append(Episode(submission=key(name), seed=seed, **about, **told))
    return found


class Board:
    """A database with a season to which submissions are added."""

    secret = SECRET

    def __init__(self, folder, season, track=PUBLIC):
        self.track, self.part = track, season.parts[0]
        self.database = Database(folder / "board.sqlite")
        managing.announce(self.database, season, folder / "secret", SECRET)

    def add(self, word, skill=0.5, state=FINISHED, sentence="", played=True, **about):
        """A submission with its plan, and its episodes where it has played."""
        with self.database.session() as session:
            session.add(submission(self.part, word, **about))
            session.flush()
            plan = {"season": "test", "track": self.track, "episodes": 1, "state": state, "sentence": sentence, "created": 0.0}
            session.add(EvalPlan(submission=key(word), **plan))
            session.add_all(episodes(self.part, word, skill, track=self.track) if played else [])

    def account(self, name):
        """The number of an account of that name."""
        with self.database.session() as session:
            session.add(Account(name=name, daily_limit=5, created=0.0))
            session.flush()
            return session.scalars(sql.select(Account.id).where(Account.name == name)).one()

    def meet(self, one, other, outcome, seed=0):
        """A match of two."""
        about = {"season": "test", "world": self.part.world, "scenario": "s", "digest": "", "artefact": "", "created": 0.0}
        with self.database.session() as session:
            session.add(Match(first=key(one), second=key(other), outcome=outcome, seed=seed, **about))


@pytest.fixture
def board(tmp_path, season):
    found = Board(tmp_path, season)
    yield found
    found.database.close()


@pytest.fixture(scope="session")
def made():
    """What makes submissions and episodes."""
    return SimpleNamespace(key=key, submission=submission, sums=made_up, entry=entry, episodes=episodes, board=Board)
