"""What each act of ``avatarium consent`` does: from its arguments to an exit code and lines to print."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from avatarium.agents.consent import agreeing, keys, stale, sweeping, verifying, words
from avatarium.agents.consent.command import PLAYED
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.consent.persons import Person, persons_at, transcripts
from avatarium.agents.consent.standing import Standing
from avatarium.agents.consent.words import ALL, MODALITIES, Entry, Grant, Use, Withdrawal
from avatarium.agents.recordings import people, reading
from avatarium.worlds.core.errors import UserError

Done = tuple[int, list[str]]
SHORT = 12
"""Digits of a hash that are shown."""


def ledger_of(args: argparse.Namespace, paths: Sequence[Path] = ()) -> Ledger:
    """The ledger that is meant. Raises UserError where recordings belong to several."""
    if args.ledger:
        return Ledger(args.ledger)
    found = {near(file.parent) for file in transcripts(paths)} or {near(PLAYED)}
    if len(found) > 1:
        raise UserError(f"these recordings belong to {len(found)} ledgers: give those of one at a time, or --ledger")
    return Ledger(found.pop())


def _there(args: argparse.Namespace) -> Ledger:
    ledger = ledger_of(args)
    if not ledger.path.is_file():
        raise UserError(f"there is no ledger {ledger.path}: nobody has allowed anything; give another --ledger")
    return ledger


def _check_which(args: argparse.Namespace) -> None:
    if args.all == bool(args.recordings):
        raise UserError("of which recordings? Name some, or give --all for every one of the person")


def _sessions(args: argparse.Namespace, subject: str) -> tuple[str, ...]:
    """Which sessions are spoken of; those of recordings where some are given."""
    return (ALL,) if args.all else agreeing.spoken_for(_persons(args.recordings, subject), subject)


def _persons(paths: Sequence[Path], subject: str = "") -> list[Person]:
    """The persons of recordings; in folders, of those of ``subject`` alone."""
    found: list[Person] = []
    for path in paths:
        some = [person for file in transcripts([path]) for person in _persons_in(file)]
        found += [person for person in some if not path.is_dir() or not subject or person.subject in ("", subject)]
    if not found:
        raise UserError("no person moved anybody in these recordings: consent is not needed")
    return found


def _persons_in(file: Path) -> tuple[Person, ...]:
    """The persons of a transcript, or of a file that another recorder wrote."""
    return people.people(file) if file.suffix != ".avt" and reading.is_one(file) else persons_at(file)


def grant(args: argparse.Namespace) -> Done:
    """Enter what a person allows."""
    _check_which(args)
    ledger, purposes = ledger_of(args, args.recordings), agreeing.named(args.purpose)
    token = keys.kept(args.key or ledger.path.parent / keys.NAME)
    subject = keys.subject_of(keys.key_of(token))
    sessions = _sessions(args, subject)
    entry = agreeing.grant(ledger, token, purposes, args.modality or MODALITIES, sessions, args.until)
    return 0, [f"{subject} {_told(entry)}", f"entry {entry.number} of {_shown(ledger.path)}, hash {entry.hash}"]


def withdraw(args: argparse.Namespace) -> Done:
    """Enter what a person takes back, and remove it."""
    _check_which(args)
    ledger = ledger_of(args, args.recordings)
    token = "" if args.for_them else keys.read(args.key or ledger.path.parent / keys.NAME)
    subject = keys.subject_of(keys.key_of(token)) if token else args.subject or _subject(args.recordings)
    sessions = _sessions(args, subject)
    entry = agreeing.withdraw(ledger, subject, token, args.purpose or (ALL,), sessions, args.for_them)
    report = sweeping.sweep(ledger)
    lines = [f"{subject} {_told(entry)}", *_swept(report)]
    return int(bool(report.missing)), [*lines, *_named(stale.stale([ledger]).values())]


def _subject(paths: Sequence[Path]) -> str:
    found = {person.subject for person in _persons(paths)} if paths else set()
    if len(found) != 1 or "" in found:
        raise UserError("in whose place? Give --subject with the pseudonym that `avatarium consent show` prints")
    return found.pop()


def show(args: argparse.Namespace) -> Done:
    """Everything that was said and made, person by person."""
    ledger = _there(args)
    entries, lines = ledger.entries, [f"{_shown(ledger.path)}: {len(ledger.entries)} entries, head {ledger.head[:SHORT]}"]
    for subject in Standing(entries).subjects:
        said = [entry for entry in entries if isinstance(entry.word, Grant | Withdrawal) and entry.word.subject == subject]
        lines += ["", subject, *(f"  {entry.number:>4}  {_when(entry)}  {_told(entry)}" for entry in said)]
    made = [entry for entry in entries if isinstance(entry.word, Use)]
    if made:
        lines += ["", "what was made", *(f"  {entry.number:>4}  {_when(entry)}  {_told(entry)}" for entry in made)]
    return 0, lines


def _shown(path: Path) -> Path:
    """A path as short as it can be said from here."""
    here, full = Path.cwd(), path.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else full


def _when(entry: Entry) -> str:
    return entry.time[:16].replace("T", " ")


def _told(entry: Entry) -> str:
    """An entry in words."""
    word = entry.word
    if isinstance(word, Grant):
        what = "" if set(word.modalities) == set(MODALITIES) else f" of {', '.join(word.modalities)} alone"
        until = f", until {word.until[:10]}" if word.until else ""
        return f"allows {_which(word.sessions)}{what} to be {', '.join(map(words.done, word.purposes))}{until}"
    if isinstance(word, Withdrawal):
        what = "" if ALL in word.purposes else f" to be {', '.join(map(words.done, word.purposes))}"
        return f"withdraws {_which(word.sessions)}{what}" + (f" (entered for them: {word.reason})" if word.reason else "")
    if isinstance(word, Use):
        held = f"{_count(len(word.episodes), 'recording')} of persons, data {word.data[:SHORT]}"
        return f"{word.what} {word.place}, to be {words.done(word.purpose)}: {held}" if word.place else f"{word.what}: {held}"
    return "everything that was withdrawn is removed"


def _which(sessions: Sequence[str]) -> str:
    if ALL in sessions:
        return "every recording"
    return f"session {sessions[0][:16]}" if len(sessions) == 1 else f"{len(sessions)} sessions"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def verify(args: argparse.Namespace) -> Done:
    """Whether the ledger is what was written."""
    ledger = _there(args)
    found = verifying.faults(ledger, args.head, keys.read(args.key) if args.key else "")
    if found:
        return 1, found
    last = f"entry {len(ledger.entries)} has the hash {ledger.head}"
    return 0, [f"{_shown(ledger.path)}: {_count(len(ledger.entries), 'line')}, each follows from the one before; {last}"]


def head(args: argparse.Namespace) -> Done:
    """The hash of the last entry."""
    return 0, [_there(args).head]


def sweep(args: argparse.Namespace) -> Done:
    """Remove what may not be there any more."""
    ledger = _there(args)
    for folder in args.also:
        if not folder.exists():
            raise UserError(f"there is no {folder} to look for recordings in")
    report = sweeping.sweep(ledger, args.also)
    return int(bool(report.missing)), list(_swept(report)) or ["nothing had to be removed"]


def _swept(report: sweeping.Report) -> Iterator[str]:
    for path in report.deleted:
        yield f"deleted {_shown(path)}"
    for path, count in report.reissued.items():
        state = "made again" if path.exists() else "deleted, since nothing is left of it"
        yield f"data set {_shown(path)} {state}, without {_count(count, 'recording')}"
    yield from report.missing


def list_stale(args: argparse.Namespace) -> Done:
    """Policies that have learnt from what was withdrawn."""
    paths = args.policies or [path for path in (Path("runs"),) if path.exists()]
    ledgers = [Ledger(args.ledger)] if args.ledger else stale.known(paths[0] if paths else Path())
    gone = stale.stale(ledgers)
    found = [(policy, [gone[data] for data in policy.data if data in gone]) for policy in stale.policies(paths)]
    lines = [f"{policy.path}: {_gone(which)}" for policy, which in found if which]
    trained = {data for data, one in gone.items() if one.trained} - {data for policy, _ in found for data in policy.data}
    lines += [f"what was trained with data {data[:SHORT]} is not here: {_gone([gone[data]])}" for data in sorted(trained)]
    return int(bool(lines)), lines or ["no policy has learnt from anything that was withdrawn"]


def _gone(which: Sequence[stale.Stale]) -> str:
    count, of = sum(one.withdrawn for one in which), sum(one.of for one in which)
    return f"{count} of {_count(of, 'recording')} of persons that it has learnt from {'was' if count == 1 else 'were'} withdrawn"


def _named(which: Iterable[stale.Stale]) -> Iterator[str]:
    """After a withdrawal, which policies have to be thought of."""
    by_data = {one.data: one for one in which}
    for policy in stale.policies([Path("runs")] if Path("runs").is_dir() else []):
        if mine := [by_data[data] for data in policy.data if data in by_data]:
            yield f"stale: {policy.path}, {_gone(mine)}"


ACTS: dict[str, Callable[[argparse.Namespace], Done]] = {
    "grant": grant,
    "withdraw": withdraw,
    "show": show,
    "verify": verify,
    "head": head,
    "sweep": sweep,
    "stale": list_stale,
}
