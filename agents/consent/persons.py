"""Who of a recording is a person: the header of the transcript says so, by a pseudonym."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from avatarium.worlds.core import blocks
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

PERSONS = "persons"
"""Where a header names them; branches of the recording repeat it, since they repeat what the person did."""
BEFORE = ("human", "by_hand")
"""Where recordings from before there was a ledger tell of a person, without a pseudonym."""


class Person(NamedTuple):
    """Somebody who moved an avatar."""

    agent: str
    subject: str
    """The pseudonym; empty in recordings from before there was a ledger."""
    session: str
    """The sitting; in recordings from before there was a ledger the digest stands for it."""


def persons(told: Transcript) -> tuple[Person, ...]:
    """The persons of a transcript; none where policies moved everybody."""
    return _found(told.header, lambda: told.digest)


def persons_at(path: Path) -> tuple[Person, ...]:
    """The persons of the recording at ``path``; of transcripts the header is enough where that tells. Raises UserError for other files."""
    from avatarium.agents.recordings import people, reading

    if path.suffix != ".avt" and reading.is_one(path) and reading.kind(path) != reading.AVT:
        return people.people(path)
    tag, content = next(blocks.read(path), (b"", b""))
    try:
        header = json.loads(content) if tag == blocks.HEAD else {}
    except ValueError:
        header = {}
    return _found(header if isinstance(header, dict) else {}, lambda: Transcript.open(path).digest)


def _found(header: Mapping[str, Any], digest: Callable[[], str]) -> tuple[Person, ...]:
    extra = header.get("extra")
    if not isinstance(extra, dict):
        return ()
    listed = extra.get(PERSONS)
    if listed is not None:
        return tuple(_person(one, digest) for one in (listed if isinstance(listed, list) else [listed]))
    told = [extra[name] for name in BEFORE if extra.get(name)]
    return (Person(_agent(told[0]), "", digest()),) if told else ()


def _person(told: Any, digest: Callable[[], str]) -> Person:
    """A person as the header has it; who cannot be told is one of whom no consent is known."""
    words = [told.get(name) for name in ("agent", "subject", "session")] if isinstance(told, dict) else []
    if len(words) == 3 and all(isinstance(word, str) and word for word in words):
        return Person(*map(str, words))
    return Person("", "", digest())


def _agent(told: Any) -> str:
    return str(told.get("agent", "")) if isinstance(told, dict) else str(told)


def hears(told: Transcript) -> bool:
    """Whether anybody in the world of a transcript hears words."""
    return any(feature.sensor == "hearing" for role in told.roles.values() for feature in role.features)


def transcripts(paths: Iterable[Path]) -> list[Path]:
    """All transcripts at ``paths``, files or folders. Raises UserError for a path at which there is nothing."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no {path}: give recordings (.avt), or folders of them")
        found += sorted(path.rglob("*.avt")) if path.is_dir() else [path]
    return list(dict.fromkeys(found))
