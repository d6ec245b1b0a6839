"""Who are the persons in files of other recorders, to the ledger of consent: each is known by the file's contents and their name in it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from avatarium.agents.consent.persons import Person
from avatarium.agents.recordings import reading
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError


def people(path: Path) -> tuple[Person, ...]:
    """The persons in a file of another recorder. Raises UserError for files that are no recordings."""
    return tuple(known(path, reading.read(path)).values())


def known(path: Path, told: Iterable[Recording]) -> dict[str, Person]:
    """The persons of these recordings of a file, by their names in it. The ledger gets to know neither the names nor the file."""
    try:
        with path.open("rb") as file:
            contents = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as failure:
        raise UserError(f"cannot read {path}: {failure.strerror}") from failure
    names = dict.fromkeys(one.subject for one in told)
    return {name: Person(name, "", hashlib.sha256(f"{contents}:{name}".encode()).hexdigest()[:32]) for name in names}
