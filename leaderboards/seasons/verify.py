"""Checking a season by its bundle alone: hashes, log, seeds, completeness, transcripts, tables. Nobody has to be asked or trusted."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sql

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import FINISHED, TRACKS, Episode, EvalPlan, LogEntry, Season, Submission
from avatarium.leaderboards.seasons import bundle as bundles
from avatarium.leaderboards.seasons import secret as secrets
from avatarium.leaderboards.seasons.bundle import Bundle
from avatarium.leaderboards.seasons.definition import Definition, from_json
from avatarium.leaderboards.seasons.replayed import replayed
from avatarium.worlds.core.errors import UserError

SHOWN = 5
"""Of many findings of one kind, so many are told."""


class Finding(NamedTuple):
    """One thing that was checked."""

    ok: bool
    sentence: str


def verify(path: Path, transcripts: int = bundles.ALL, progress: Callable[[int], None] = lambda files: None) -> Iterator[Finding]:
    """Check a bundle, step by step; at most so many transcripts are simulated again. Raises UserError when it is no bundle."""
    with Bundle(path) as bundle, tempfile.TemporaryDirectory() as folder:
        yield from hashes(bundle)
        with bundle.load(Path(folder) / "bundle.sqlite") as database:
            with database.reading() as session:
                season = session.scalars(sql.select(Season)).one()
            definition = from_json(season.definition)
            yield from the_log(database, definition)
            yield from seeds(season)
            yield from complete(database, season, definition)
            yield from simulated(bundle, database, definition, Path(folder), transcripts, progress)
            yield from tables(bundle, database, season)


def hashes(bundle: Bundle) -> Iterator[Finding]:
    """Whether all files are there, and are what ``SHA256SUMS`` says."""
    expected = bundle.sums()
    present = set(bundle.names) - {bundles.SUMS}
    wrong = [f"{name} is missing" for name in sorted(set(expected) - present)]
    wrong += [f"{name} is in no list" for name in sorted(present - set(expected))]
    for name in sorted(present & set(expected)):
        if hashlib.sha256(bundle.read(name)).hexdigest() != expected[name]:
            wrong.append(f"{name} was changed")
    yield from told(wrong, f"{len(expected)} files are what {bundles.SUMS} says")


def the_log(database: Database, definition: Definition) -> Iterator[Finding]:
    """Whether the chain of the log holds, and every row of the season is there and as it was entered."""
    with database.reading() as session:
        last = log.head(session)
        entered = set(session.scalars(sql.select(LogEntry.subject)))
    scenarios = {key for part in definition.parts for key in part.keys}
    elsewhere = {subject for subject in entered if not _ours(subject, definition.name, scenarios, entered)}
    found = [line for line in log.check(database) if line.partition(" ")[0] not in elsewhere]
    yield from told(found, f"the log is whole, and all rows are as they were entered; its last entry is {last.hash if last else 'none'}")


def _ours(subject: str, season: str, scenarios: set[str], entered: set[str]) -> bool:
    """Whether a row that the log names has to be in the bundle; a leaderboard's log is about all of its seasons."""
    table, *names = subject.split(":")
    plans = {f"eval_plan:{names[0]}:{season}:{track}" for track in TRACKS} if names else set()
    match table:
        case "season" | "anchor" | "match":
            return season in names or bool(scenarios & set(names))
        case "eval_plan":
            return season in names
        case "submission":
            return bool(plans & entered)
        case "episode":
            return bool(plans & entered) and names[1] in scenarios
    return True


def seeds(season: Season) -> Iterator[Finding]:
    """Whether the rules and the secret are those that were published when the season began."""
    ruleset = from_json(season.definition).ruleset
    if ruleset != season.ruleset:
        yield Finding(False, f"the rules have the hash {ruleset}, and {season.ruleset} was published")
    if season.commitment:
        try:
            secrets.check(season.secret or "", season.commitment)
        except UserError as error:
            yield Finding(False, str(error))
        else:
            yield Finding(True, f"the secret is the one whose hash {season.commitment[:16]}… was published, before there were submissions")


def complete(database: Database, season: Season, definition: Definition) -> Iterator[Finding]:
    """Whether everybody who is ranked played exactly the episodes that follow from rules and secret."""
    wrong, episodes = [], 0
    with database.reading() as session:
        for plan in session.scalars(sql.select(EvalPlan).where(EvalPlan.state == FINISHED)):
            one = session.get_one(Submission, plan.submission)
            part = definition.part(one.world, one.role)
            spec = part.spec
            due = {(b.scenario.key(spec), seed) for b in part.blocks(plan.track, season.secret or "") for seed in b.seeds}
            rows = sql.select(Episode.scenario, Episode.seed).where(Episode.submission == one.key, Episode.partner == "")
            missing = len(due - {(scenario, seed) for scenario, seed in session.execute(rows)})
            episodes += len(due)
            if missing:
                wrong.append(f"{one.name} is ranked in the track {plan.track} and lacks {missing} of its {len(due)} episodes")
    yield from told(wrong, f"everybody who is ranked played all of the {episodes} episodes that follow from rules and secret")


def simulated(
    bundle: Bundle, database: Database, definition: Definition, folder: Path, most: int, progress: Callable[[int], None]
) -> Iterator[Finding]:
    """Whether transcripts are what the worlds do, and give the numbers that are stored."""
    digests = bundles.artefacts_of(bundle, "transcripts", ".avt")
    chosen = digests if most == bundles.ALL else digests[:most]
    wrong: list[str] = []
    with database.reading() as session:
        for digest in chosen:
            path = folder / f"{digest}.avt"
            path.write_bytes(bundle.read(f"transcripts/{digest}.avt"))
            for episode in session.scalars(sql.select(Episode).where(Episode.artefact == digest)):
                wrong += replayed(path, episode, session.get_one(Submission, episode.submission), definition)
            path.unlink()
            progress(1)
    if chosen:
        yield from told(wrong, f"{len(chosen)} of {len(digests)} transcripts were simulated again: every step, and every number from them")
    else:
        yield Finding(True, "no transcripts were simulated again; `avatarium audit` lets policies play episodes anew")


def tables(bundle: Bundle, database: Database, season: Season) -> Iterator[Finding]:
    """Whether the published tables follow from the episodes, byte for byte."""
    published = sorted(name for name in bundle.names if name.startswith("tables/"))
    found: dict[str, bytes] = {}
    with database.reading() as session:
        for track in TRACKS:
            found |= {bundles.table_name(track, table): bundles.table_bytes(table) for table in bundles.computed(session, season, track)}
    wrong = [f"{name} does not follow from the episodes" for name in published if found.get(name) != bundle.read(name)]
    wrong += [f"{name} follows from the episodes and was not published" for name in sorted(set(found) - set(published))]
    yield from told(wrong, f"all {len(published)} tables follow from the episodes, byte for byte")


def told(wrong: list[str], right: str) -> Iterator[Finding]:
    """One finding when nothing is wrong; else the first few things that are, and how many more."""
    if not wrong:
        yield Finding(True, right)
    for sentence in wrong[:SHOWN]:
        yield Finding(False, sentence)
    if len(wrong) > SHOWN:
        yield Finding(False, f"and {len(wrong) - SHOWN} more of this kind")
