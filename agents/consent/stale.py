"""Policies that have learnt from what persons have withdrawn since. They are named; that their networks forget cannot be promised."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from avatarium.agents import archive
from avatarium.agents.consent.ledger import NAME, Ledger, near
from avatarium.agents.consent.persons import Person
from avatarium.agents.consent.standing import Standing
from avatarium.agents.consent.words import TRAINING
from avatarium.worlds.core.errors import UserError

ELSEWHERE = "AVATARIUM_CONSENT"
"""Environment variable with the paths of further ledgers."""


class Stale(NamedTuple):
    """Data that were used, of which something was withdrawn later."""

    data: str
    """Their hash."""
    ledger: Path
    withdrawn: int
    """Recordings, of ``of`` that held persons."""
    of: int
    trained: bool
    """Whether something is known to have learnt from them."""


class Policy(NamedTuple):
    """A file with a policy in it, and the hashes of the data that it has learnt from."""

    path: Path
    data: tuple[str, ...]


def known(start: Path) -> list[Ledger]:
    """The ledgers to ask by somebody who works at ``start``: the nearest, those under ``runs``, those that AVATARIUM_CONSENT names."""
    named = [Path(text) for text in os.environ.get(ELSEWHERE, "").split(os.pathsep) if text]
    found = [near(start), *named, *sorted(Path("runs").glob(NAME)), *sorted(Path("runs").glob(f"*/{NAME}"))]
    return [Ledger(path) for path in dict.fromkeys(path.resolve() for path in found if path.is_file())]


def stale(ledgers: Iterable[Ledger]) -> dict[str, Stale]:
    """By their hash, all data that something was learnt from or that were made to learn from, and that hold what was withdrawn."""
    found: dict[str, Stale] = {}
    for ledger in ledgers:
        standing = Standing(ledger.entries)
        for use in standing.uses:
            persons = [[Person("", subject, session) for subject, session, _ in some] for some in use.episodes.values()]
            gone = sum(any(standing.withdrawn(person, use.purpose) for person in some) for some in persons)
            if gone:
                trained = use.what == TRAINING or (use.data in found and found[use.data].trained)
                found[use.data] = Stale(use.data, ledger.path, gone, len(persons), trained)
    return found


def sentence(policy: Path, data: Iterable[str]) -> str:
    """What whoever uses a policy should know of the data it has learnt from; empty where all is well."""
    given = tuple(data)
    if not given:
        return ""
    gone = [one for hash_, one in stale(known(policy.parent)).items() if hash_ in given]
    if not gone:
        return ""
    count = sum(one.withdrawn for one in gone)
    return f"{policy.name} is stale: {count} recordings that it has learnt from were withdrawn since; train it again without them"


def policies(paths: Iterable[Path]) -> Iterator[Policy]:
    """The policies and checkpoints at some paths that say what they have learnt from."""
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no {path}: give policies (.zip), or folders of them")
        for file in sorted(path.rglob("*.zip")) if path.is_dir() else [path]:
            if data := _learnt(file):
                yield Policy(file, data)
        for folder in sorted(path.rglob("checkpoints")) if path.is_dir() else []:
            if data := tuple(dict.fromkeys(one for file in folder.glob("*/manifest.json") for one in _learnt(file))):
                yield Policy(folder, data)


def _learnt(file: Path) -> tuple[str, ...]:
    """The hashes in a submission or in a checkpoint's manifest; none where it is neither."""
    try:
        if file.suffix == ".zip":
            return archive.read(file)[0].data
        return tuple(map(str, json.loads(file.read_text())["plan"]["data"]))
    except (UserError, OSError, ValueError, KeyError, TypeError):
        return ()
