"""What each act of ``avatarium season`` does; they yield what there is to say."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sql

from avatarium.agents import exported, populations
from avatarium.leaderboards.database.artefacts import beside
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import FINAL, PUBLIC, RANKED, TRACKS, EvalPlan, Season
from avatarium.leaderboards.entrants import worlds_own
from avatarium.leaderboards.queue import entry, matches, plans
from avatarium.leaderboards.scenarios import permitted
from avatarium.leaderboards.scenarios.pillars import worlds_that_count
from avatarium.leaderboards.seasons import bundle, managing
from avatarium.leaderboards.seasons.definition import Definition, Part, define, from_json
from avatarium.leaderboards.standings import snapshots
from avatarium.worlds.core.errors import UserError

Act = Callable[[Database, argparse.Namespace], Iterator[str]]
LEADERS = 3


def new(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Announce a season."""
    chosen = args.worlds or worlds_that_count()
    definition = define(args.season, args.title or f"Season {args.season}", chosen, episodes(args.episodes, chosen))
    path = secret_file(args)
    row = managing.announce(database, definition, path)
    total = sum(len(block.seeds) for part in definition.parts for block in part.blocks(PUBLIC))
    yield f"season {row.name} is open: {len(definition.parts)} tables, {total} episodes for one policy of each"
    yield f"rules       {row.ruleset}"
    yield f"commitment  {row.commitment}"
    yield f"publish both; the secret is in {path}: keep a copy, without it the season cannot be revealed"


def list_seasons(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """List seasons."""
    with database.reading() as session:
        rows = list(session.scalars(sql.select(Season).order_by(Season.created)))
        for row in rows:
            plans = sql.select(sql.func.count()).select_from(EvalPlan).where(EvalPlan.season == row.name)
            yield f"{row.name}  {row.state}  {session.scalar(plans)} evaluations  {row.title}"
    if not rows:
        yield "there are no seasons: announce one with `avatarium season new NAME`"


def populate(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Enter the suite's own policies in the public and the ranked track."""
    definition, secret = _season(database, args)
    tracks, count = [args.track] if args.track else [PUBLIC, RANKED], 0
    for part in definition.parts:
        for name in own(part, args.characters):
            for track in tracks:
                entry.enter_baseline(database, name, part.world, part.role, definition.name, track, secret=secret)
            count += 1
    yield f"{count} of the suite's own policies are entered in {' and '.join(tracks)}; `avatarium work` lets them play"


def plan_matches(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Plan matches of the ranked track."""
    definition, secret = _season(database, args)
    with database.session() as session:
        found = matches.schedule(session, managing.find(session, args.season), definition, RANKED, secret, args.rounds)
    yield f"{found} match jobs are planned; `avatarium work` lets them be played"


def tables(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Compute all tables anew."""
    _, secret = _season(database, args)
    for track in TRACKS:
        for one in snapshots.refresh(database, args.season, track, secret):
            rows = one.content["rows"]
            ahead = ", ".join(f"{row['name']} {row['headline']['value']:.2f}" for row in rows[:LEADERS])
            yield f"{track}  {one.world or 'all worlds'} {one.role}  {len(rows)} ranked: {ahead}"


def freeze(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Freeze a season, and plan its final track."""
    definition, secret = _season(database, args)
    managing.freeze(database, args.season)
    yield f"season {args.season} takes no more submissions"
    if args.no_final:
        return
    with database.session() as session:
        row, found = managing.find(session, args.season), managing.finalists(session, args.season)
        for one in found:
            part = definition.part(one.world, one.role)
            plans.plan(session, one, row, FINAL, part.spec, part.blocks(FINAL, secret))
    yield f"{len(found)} who are ranked play the track {FINAL}; `avatarium work` lets them"


def reveal(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Publish the secret."""
    row = managing.reveal(database, args.season, secret_file(args))
    yield f"season {row.name} is revealed, its secret is {row.secret}"


def write_bundle(database: Database, args: argparse.Namespace) -> Iterator[str]:
    """Write the bundle."""
    path = args.out or Path(f"season-{args.season}.zip")
    files = beside(args.board, args.artefacts)
    bundle.write(database, files, args.season, path, bundle.ALL if args.transcripts is None else args.transcripts)
    yield f"{path} has {path.stat().st_size / 2**20:.1f} MB: anybody can check it by `avatarium verify {path}`"


ACTS: dict[str, Act] = {
    "new": new,
    "list": list_seasons,
    "populate": populate,
    "matches": plan_matches,
    "tables": tables,
    "freeze": freeze,
    "reveal": reveal,
    "bundle": write_bundle,
}


def own(part: Part, characters: bool = False) -> list[str]:
    """The suite's own policies for a part: the world's, then those of its population that were trained, or all, and fit the scenarios."""
    spec = part.spec
    members = populations.members(spec.name) if spec.name in populations.worlds() else []
    chosen = [one for one in members if part.role in one.roles and (characters or one.kind == populations.TRAINED)]
    return worlds_own(spec) + [one.address for one in chosen if _fits(one, part)]


def _fits(member: populations.Member, part: Part) -> bool:
    """Whether a member senses and does what the scenarios permit; who is scripted takes things as they are."""
    if member.path is None:
        return True
    manifest, _ = exported.read(member.path)
    try:
        for scenario in part.alone:
            permitted.check_fits(manifest, part.spec, scenario)
    except UserError:
        return False
    return True


def episodes(words: list[str], chosen: list[str]) -> dict[str, int]:
    """Numbers of episodes by world, from one number for all and others for some.

    >>> episodes(["32", "museum=16"], ["museum", "commons"])
    {'museum': 16, 'commons': 32}
    """
    found = dict.fromkeys(chosen, 0)
    for word in sorted(words, key=lambda word: "=" in word):
        name, _, number = word.rpartition("=")
        if not number.isdigit() or not int(number) or (name and name not in found):
            raise UserError(f"--episodes {word} cannot be understood: give a number, or WORLD=N for one of {', '.join(chosen)}")
        found |= {name: int(number)} if name else dict.fromkeys(chosen, int(number))
    if missing := [name for name, count in found.items() if not count]:
        raise UserError(f"--episodes says nothing of {', '.join(missing)}: give one number for all, or WORLD=N for each")
    return found


def secret_file(args: argparse.Namespace) -> Path:
    """Where the secret of a season is kept."""
    found: Path = args.secrets / f"{args.season}.secret"
    return found


def _season(database: Database, args: argparse.Namespace) -> tuple[Definition, str]:
    with database.reading() as session:
        row = managing.find(session, args.season)
    return from_json(row.definition), managing.secret_of(row, secret_file(args))
