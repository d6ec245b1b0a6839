"""A small world with scenarios, and a season of it that has been played to the end."""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from avatarium.leaderboards.anchors import making
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.queue import entry
from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.seasons import acts, definition, managing
from avatarium.worlds.core import discovery

WORLD = '''
"""A world outside the package: journeys of two through small buildings."""

from dataclasses import dataclass, replace

from avatarium.worlds.core.settings import setting
from avatarium.worlds.wayfinding import WORLD as WAYFINDING
from avatarium.worlds.wayfinding.config import Config as Wayfinding


@dataclass(frozen=True)
class Config(Wayfinding):
    """Short episodes of few."""

    walkers: int = setting(4, 1, 16, "avatars that learn")
    rooms_low: int = setting(2, 2, 16, "fewest rooms")
    rooms_high: int = setting(3, 2, 16, "most rooms")
    episode_steps: int = setting(200, 50, 6000, "of 0.1 s")
    patience: float = setting(1.5, 1.0, 100.0, "times the oracle's")


WORLD = replace(WAYFINDING, name="hamlet", config=Config, metrics=("success", "spl"))
'''
SCENARIOS = """
world = "hamlet"
first_seed = 500

[[places]]
name = "near"
config = { split = "validation" }

[[places]]
name = "far"
held_out = true
config = { split = "held-out" }

[[modes]]
name = "self-play"

[[modes]]
name = "cross-play"
meeting = "versus"
focal = 2
places = ["far"]

[robustness]
scenario = "far/any/any"

[robustness.levels]
"rays.delay" = [4]

[pillars.navigation]
self-play = ["success", "spl"]
"""


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory):
    """The address of the world, which can be imported while the tests run."""
    folder = tmp_path_factory.mktemp("worlds")
    package = folder / "hamlet"
    package.mkdir()
    (package / "__init__.py").write_text(WORLD)
    (package / "scenarios.toml").write_text(SCENARIOS)
    sys.path.insert(0, str(folder))
    making.make(discovery.spec("hamlet:WORLD"), 8)
    yield "hamlet:WORLD"
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def announced(hamlet):
    """A function that announces a season in a folder; returns arguments of its acts and the database, which is to be closed."""

    def announce(folder: Path, where: str | None = None, episodes: int = 4, secret: str | None = None) -> SimpleNamespace:
        board = where or str(folder / "board.sqlite")
        args = argparse.Namespace(season="test", board=board, artefacts=str(folder / "artefacts"), secrets=folder / "secrets", rounds=2)
        database = Database(board, upgrade=True)
        written = definition.define("test", "A test", [hamlet], {hamlet: episodes})
        managing.announce(database, written, acts.secret_file(args), secret)
        files = Artefacts(args.artefacts)
        known = acts.secret_file(args).read_text().strip()
        return SimpleNamespace(args=args, database=database, files=files, definition=written, secret=known, folder=folder)

    return announce


def work(season) -> None:
    """Do everything that is in the queue."""
    with Worker(season.database, season.files) as worker:
        worker.run(drain=True)


def played(season, policies=("random", "heuristic", "oracle"), zips=()) -> None:
    """Let policies play both tracks, and one another, and compute the tables."""
    world = season.definition.parts[0].world
    for track in ("public", "ranked"):
        for name in policies:
            entry.enter_baseline(season.database, name, world, "walker", "test", track, secret=season.secret)
        for path in zips:
            entry.enter(season.database, season.files, path.read_bytes(), "test", track, secret=season.secret, world=world)
    work(season)
    list(acts.plan_matches(season.database, season.args))
    work(season)
    list(acts.tables(season.database, season.args))


def ended(season) -> None:
    """Freeze, play the final track, reveal."""
    season.args.no_final = False
    list(acts.freeze(season.database, season.args))
    work(season)
    list(acts.tables(season.database, season.args))
    list(acts.reveal(season.database, season.args))


@pytest.fixture(scope="session")
def over(announced, submission, tmp_path_factory):
    """A season from beginning to end, with its bundle."""
    season = announced(tmp_path_factory.mktemp("season"))
    played(season, zips=[submission("hamlet:WORLD", "tiny")])
    ended(season)
    season.args.out, season.args.transcripts = season.folder / "season.zip", None
    list(acts.write_bundle(season.database, season.args))
    season.bundle = season.args.out
    yield season
    season.database.close()
