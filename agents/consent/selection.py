"""The one door to recordings of persons: whoever wants to use them asks here, and what they make of them is entered in the ledger."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from os.path import relpath
from pathlib import Path

from avatarium.agents.consent import sweeping, words
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.consent.persons import Person, hears, persons
from avatarium.agents.consent.standing import Standing
from avatarium.agents.consent.words import MODALITIES, Persons, Use
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

LEAST = ("motion", "speech")
"""Modalities without which nothing of a recording can be used: they show in what the others saw and heard."""


class PrivateError(UserError):
    """A recording of a person may not be used for what it was wanted for."""


@dataclass(frozen=True)
class Permit:
    """That a recording may be used: by whose leave, which is nobody's where policies moved everybody."""

    ledger: Path | None = None
    persons: tuple[tuple[Person, frozenset[str]], ...] = ()
    """Each person, with the modalities that may be used."""

    def withheld(self, agent: str) -> frozenset[str]:
        """The modalities of an avatar that may not be used."""
        return frozenset(word for person, granted in self.persons if person.agent == agent for word in set(MODALITIES) - granted)


@dataclass(frozen=True)
class Making:
    """What is made of recordings: the hash of the data, the permits by the keys of episodes in it, and where a data set will lie."""

    data: str
    permits: Mapping[str, Permit]
    place: Path | None = None

    def episodes(self, ledger: Path) -> dict[str, Persons]:
        """The episodes of which a ledger speaks, with their persons and what was used of them."""
        return {
            key: tuple((person.subject, person.session, tuple(sorted(granted))) for person, granted in permit.persons)
            for key, permit in self.permits.items()
            if permit.ledger == ledger
        }


@dataclass(frozen=True)
class Selection:
    """What may be used of some recordings, and a sentence about each that may not."""

    permitted: tuple[Transcript, ...]
    private: tuple[str, ...]


class Gate:
    """Says of recordings whether they may be used for ``purpose`` (see ``words.PURPOSES``), as far as all of ``needs`` goes.

    ``at``: the moment that counts; the present one where it is None. Raises UserError for unknown purposes.
    """

    def __init__(self, purpose: str, at: datetime | None = None, needs: Collection[str] = tuple(MODALITIES)) -> None:
        self.purpose, self._at = words.check_purpose(purpose), at
        self._needs = set(words.check_modalities(needs))
        self._ledgers: dict[Path, Ledger] = {}

    def look(self, told: Transcript) -> Permit:
        """By whose leave a transcript may be used. Raises PrivateError where it may not, UserError where its ledger is damaged."""
        found = persons(told)
        return self.ask(told.path, found, hears(told)) if found else Permit()

    def ask(self, recording: Path, found: Iterable[Person], hears: bool = False) -> Permit:
        """The same of any recording, in which these persons were, and where words may be heard; raises as ``look`` does."""
        path = near(recording.resolve().parent)
        if path not in self._ledgers:
            self._ledgers[path] = Ledger(path)
            sweeping.resume(self._ledgers[path])
        permit = Permit(path, self._allowed(Standing(self._ledgers[path].entries), found))
        needs = self._needs if hears else self._needs - {"speech"}
        for person, granted in permit.persons:
            if missing := [word for word in MODALITIES if word in needs - granted]:
                raise PrivateError(self._refusal(recording, person, missing if granted else []))
        return permit

    def heads(self, made: Making) -> set[str]:
        """The hashes of the last entries of the ledgers that allow something; none where it holds no persons."""
        return {self._ledgers[permit.ledger].head for permit in made.permits.values() if permit.ledger}

    def _allowed(self, standing: Standing, found: Iterable[Person]) -> tuple[tuple[Person, frozenset[str]], ...]:
        return tuple((person, standing.allowed(person, self.purpose, self._at or words.now())) for person in found)

    def _refusal(self, path: Path, person: Person, missing: Collection[str]) -> str:
        who = person.subject or "a person"
        what = f"the {' and '.join(missing)} of {who}" if missing else f"what {who} did"
        others = "" if self.purpose == "replay" else ", or leave such recordings out by --skip-private"
        return (
            f"{path} holds {what}, who has not allowed that to be {words.done(self.purpose)}: it is for them to give by "
            f"`avatarium consent grant FILE --purpose {self.purpose}`{others}"
        )

    @contextmanager
    def using(self, what: str, made: Iterable[Making]) -> Iterator[None]:
        """Enter what is made in the ledgers of those whose recordings it is made of: ``DATA_SET`` or ``TRAINING``.

        Nobody can withdraw before the block ends, in which a data set is to be put into its place; and whoever has withdrawn since their
        recordings were looked at is noticed now: PrivateError is raised then, and nothing entered.
        """
        made = list(made)
        with ExitStack() as stack:
            ledgers = sorted({permit.ledger for one in made for permit in one.permits.values() if permit.ledger})
            writers = {path: stack.enter_context(self._ledgers[path].locked()) for path in ledgers}
            for path in ledgers:
                self._check(Standing(self._ledgers[path].entries), path, made)
            for one in made:
                for path in ledgers:
                    if episodes := one.episodes(path):
                        place = relpath(one.place.resolve(), path.parent) if one.place else ""
                        writers[path].append(Use(what, one.data, self.purpose, episodes, place))
            yield

    def _check(self, standing: Standing, ledger: Path, made: Iterable[Making]) -> None:
        for permit in (permit for one in made for permit in one.permits.values() if permit.ledger == ledger):
            for person, before in permit.persons:
                if not before <= standing.allowed(person, self.purpose, self._at or words.now()):
                    raise PrivateError(f"{person.subject or 'a person'} has withdrawn consent meanwhile: give the same command again")


def select(
    transcripts: Iterable[Transcript],
    purpose: str,
    at: datetime | None = None,
    needs: Collection[str] = tuple(MODALITIES),
    skip_private: bool = False,
) -> Selection:
    """Those of the transcripts that may be used for ``purpose`` at a moment (default: now), as far as all of ``needs`` goes.

    Where policies moved everybody anything may be done. Raises PrivateError at the first recording of a person that may not be used;
    with ``skip_private`` these are left out and told.
    """
    gate, permitted, private = Gate(purpose, at, needs), [], []
    for told in transcripts:
        try:
            gate.look(told)
            permitted.append(told)
        except PrivateError as refusal:
            if not skip_private:
                raise
            private.append(str(refusal))
    return Selection(tuple(permitted), tuple(private))
