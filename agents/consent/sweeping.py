"""What a withdrawal asks for: recordings are deleted, data sets made anew without them. It may be killed anywhere, and goes on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path

from avatarium.agents.consent import made, words
from avatarium.agents.consent.ledger import Ledger, Writer, synced
from avatarium.agents.consent.persons import Person, persons_at
from avatarium.agents.consent.standing import Standing
from avatarium.agents.consent.words import Persons, Swept, Use
from avatarium.worlds.core.errors import UserError


@dataclass
class Report:
    """What was removed, and what could not be found."""

    deleted: list[Path] = field(default_factory=list)
    reissued: dict[Path, int] = field(default_factory=dict)
    """Data sets that were made anew, and how many episodes they lost; those that are gone altogether, too."""
    missing: list[str] = field(default_factory=list)
    """A sentence about each thing that is not where it was put."""


def sweep(ledger: Ledger, also: Sequence[Path] = ()) -> Report:
    """Remove what is withdrawn: recordings in the ledger's folder and in the folders ``also``, and rows of data sets that were entered.

    From data sets goes, too, what has run out. It depends on the ledger and the files alone, so doing it twice changes nothing.
    """
    with ledger.locked() as writer:
        standing, report = Standing(ledger.entries), Report()
        for folder in dict.fromkeys((ledger.path.parent, *also)):
            for path in sorted(folder.rglob("*.avt")) if folder.is_dir() else [folder]:
                if _doomed(path, standing):
                    path.unlink(missing_ok=True)
                    synced(path.parent)
                    report.deleted.append(path)
        for place, uses in _places(ledger, standing).items():
            _clean(place, uses, standing, writer, report)
        if standing.unswept:
            writer.append(Swept())
    return report


def resume(ledger: Ledger) -> None:
    """Go on where a sweep after a withdrawal did not come to its end; what cannot be cleaned now stays unreadable all the same."""
    if Standing(ledger.entries).unswept:
        with suppress(UserError, OSError):
            sweep(ledger)


def _doomed(path: Path, standing: Standing) -> bool:
    try:
        return any(standing.erased(person) for person in persons_at(path))
    except UserError:  # not a transcript, or one of which not even the beginning can be read
        return False


def _places(ledger: Ledger, standing: Standing) -> dict[Path, list[Use]]:
    """Where data sets were put, with everything that was entered of each."""
    found: dict[Path, list[Use]] = {}
    for use in standing.uses:
        if use.place:
            found.setdefault((ledger.path.parent / use.place).resolve(), []).append(use)
    return found


def _clean(place: Path, uses: Sequence[Use], standing: Standing, writer: Writer, report: Report) -> None:
    """Take out of a data set what may not be in it any more, and enter the new version."""
    made.settle(place)
    known = {key: (use.purpose, persons) for use in uses for key, persons in use.episodes.items()}
    gone = {key for key, (purpose, persons) in known.items() if not _permitted(persons, purpose, standing)}
    try:
        keys = set(made.about(place)["episodes"])
    except UserError as fault:
        if gone & _last(uses):
            report.missing.append(f"{fault}; it held what is withdrawn: wherever it is now, delete it")
        return
    if gone & keys:
        made.reissue(place, gone, [writer.ledger.head])
        report.reissued[place] = len(gone & keys)
    left = {key: known[key][1] for key in sorted(keys - gone) if key in known}
    if set(left) != _last(uses):
        data, purpose = made.data_hash(keys - gone), uses[-1].purpose
        writer.append(Use(uses[-1].what, data, purpose, left, relpath(place, writer.ledger.path.parent)))


def _last(uses: Sequence[Use]) -> set[str]:
    """The episodes with persons of a data set, as they were last entered."""
    return set(uses[-1].episodes)


def _permitted(persons: Persons, purpose: str, standing: Standing) -> bool:
    """Whether what was used of every person may still be used."""
    at = words.now()
    return all(set(used) <= standing.allowed(Person("", subject, session), purpose, at) for subject, session, used in persons)
