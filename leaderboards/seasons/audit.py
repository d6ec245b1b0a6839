"""Auditing a season: its policies are asked again, in the sandbox, whether they would do what the season says that they did.

Where the bundle has the transcript of an episode, the policy senses every step of it again and its actions are compared. Otherwise the
episode is played anew. Networks give equal numbers on most processors; where they do not, a few draws in a million fall differently.
"""

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.agents.play import Seat
from avatarium.agents.policy import Policy
from avatarium.leaderboards.block import FOCAL, play_block
from avatarium.leaderboards.database.models import Episode, Season, Submission
from avatarium.leaderboards.entrants import entrant
from avatarium.leaderboards.episodes import setting
from avatarium.leaderboards.seasons.bundle import Bundle
from avatarium.leaderboards.seasons.definition import Definition, from_json
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript, relive

TOLERANCE = 1e-3
"""The share of actions that may differ where a transcript is looked at again: another processor rounds otherwise."""


class Audited(NamedTuple):
    """What became of one episode."""

    submission: str
    scenario: str
    seed: int
    passed: bool
    sentence: str


def audit(
    path: Path, episodes: int, seed: int, submission: str = "", progress: Callable[[int], None] = lambda episodes: None
) -> Iterator[Audited]:
    """Look at ``episodes`` of a bundle, drawn by ``seed``; of one submission (its name, or how its key begins) if that is given.

    Raises UserError when it is no bundle, or nobody is called so.
    """
    with Bundle(path) as bundle, tempfile.TemporaryDirectory() as folder, bundle.load(Path(folder) / "bundle.sqlite") as database:
        with database.reading() as session:
            definition = from_json(session.scalars(sql.select(Season)).one().definition)
            rows = _chosen(session, submission)
            drawn = random.Random(seed).sample(rows, min(episodes, len(rows)))
            looked = [(row, session.get_one(Submission, row.submission)) for row in drawn]
        for row, one in looked:
            yield Audited(one.name, row.scenario_name, row.seed, *_look(bundle, one, row, definition, Path(folder)))
            progress(1)


def _chosen(session: orm.Session, submission: str) -> list[Episode]:
    """Episodes that went well and were played alone, in an order of their own."""
    known = {one.key: one.name for one in session.scalars(sql.select(Submission))}
    wanted = {key for key, name in known.items() if not submission or name == submission or key.startswith(submission)}
    if not wanted:
        raise UserError(f"nobody in this bundle is called {submission!r}: its submissions are {', '.join(sorted(set(known.values())))}")
    query = sql.select(Episode).where(Episode.fault.is_(None), Episode.partner == "")
    rows = [row for row in session.scalars(query) if row.submission in wanted]
    return sorted(rows, key=lambda row: (row.submission, row.scenario, row.seed))


def _look(bundle: Bundle, one: Submission, row: Episode, definition: Definition, folder: Path) -> tuple[bool, str]:
    part = definition.part(one.world, one.role)
    scenario = next(s for s in part.scenarios if s.key(part.spec) == row.scenario)
    with _policy(bundle, one, folder) as load:
        policy = load(scenario.config, part.world, one.role)
        name = f"transcripts/{row.artefact}.avt"
        if name in bundle.names:
            path = folder / "told.avt"
            path.write_bytes(bundle.read(name))
            return _asked_again(Transcript.open(path), one.role, policy)
        (played,) = play_block(scenario, part.spec, one.role, policy, [row.seed], folder / "played", {"submission": one.key})
    if played.digest == row.digest:
        return True, "played anew, the same to the byte"
    return False, f"played anew, it is another episode: {played.fault or played.digest[:16]} instead of {row.digest[:16]}"


def _asked_again(told: Transcript, role: str, policy: Policy) -> tuple[bool, str]:
    """Show a policy what it saw, step by step, and compare what it does with what is written."""
    seats = told.header["extra"]["seats"][role]
    mine = [k for k, who in enumerate(seats) if who == FOCAL]
    same = asked = 0
    first: int | None = None
    seat: Seat | None = None
    for t, (batch, _) in enumerate(relive(told)):
        if t == told.steps:
            break
        seat = seat or Seat(batch, role, policy, [told.header["seed"]])
        there = np.array(mine)[batch.present[role][0, mine] != 0]
        equal = np.isclose(seat.act()[0, there], told.data[f"actions.{role}"][t, there], atol=1e-5).all(axis=1)
        same, asked = same + int(equal.sum()), asked + len(there)
        if first is None and not equal.all():
            first = t
    if same == asked:
        return True, f"asked again, all {asked} actions are those of the transcript"
    share = (asked - same) / max(1, asked)
    return share <= TOLERANCE, f"asked again, {asked - same} of {asked} actions are others, the first in step {first}"


@contextlib.contextmanager
def _policy(bundle: Bundle, one: Submission, folder: Path) -> Iterator[Callable[..., Policy]]:
    """Yields what loads a submission's policy: a file from the bundle in its sandbox, one of the suite's own by name."""
    path = folder / "policy.zip"
    if one.artefact:
        path.write_bytes(bundle.read(f"submissions/{one.artefact}.zip"))
    with contextlib.closing(entrant(str(path) if one.artefact else one.policy)) as found:
        yield lambda config, world, role: found.policy(setting(discovery.spec(world), config, role))
