"""What counts now: for every person, session and purpose, the last word that was said about it."""

from collections.abc import Iterable
from datetime import datetime

from avatarium.agents.consent.persons import Person
from avatarium.agents.consent.words import ALL, Entry, Grant, Swept, Use, Withdrawal


class Standing:
    """What follows from the entries of a ledger."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._said: dict[str, list[Grant | Withdrawal]] = {}
        self._owners: dict[str, str] = {}
        self.uses: list[Use] = []
        """What was made, the oldest first."""
        self.unswept = False
        """Whether somebody has withdrawn since what was withdrawn has last been removed."""
        for entry in entries:
            word = entry.word
            if isinstance(word, Grant | Withdrawal):
                self._said.setdefault(word.subject, []).append(word)
            if isinstance(word, Grant):
                for session in word.sessions:
                    self._owners.setdefault(session, word.subject)
            if isinstance(word, Use):
                self.uses.append(word)
            if isinstance(word, Withdrawal | Swept):
                self.unswept = isinstance(word, Withdrawal)

    @property
    def subjects(self) -> dict[str, list[Grant | Withdrawal]]:
        """What each person has said, in order."""
        return self._said

    def _words(self, person: Person) -> list[Grant | Withdrawal]:
        """What was said by a person, the last word first; whoever first named a session without a pseudonym speaks for it."""
        return self._said.get(person.subject or self._owners.get(person.session, ""), [])[::-1]

    def allowed(self, person: Person, purpose: str, at: datetime) -> frozenset[str]:
        """The modalities of a session of a person that may be used for a purpose at a moment; empty where nothing may."""
        found: set[str] = set()
        for word in self._words(person):
            if not word.covers(person.session, purpose):
                continue
            if isinstance(word, Withdrawal):
                break
            if word.counts(at):
                found.update(word.modalities)
        return frozenset(found)

    def withdrawn(self, person: Person, purpose: str) -> bool:
        """Whether the last that was said about a purpose of a session was that it is taken back."""
        last = next((word for word in self._words(person) if word.covers(person.session, purpose)), None)
        return isinstance(last, Withdrawal)

    def erased(self, person: Person) -> bool:
        """Whether a session was taken back and nothing of what was granted of it is left, so that it has to be deleted."""
        words = [word for word in self._words(person) if ALL in word.sessions or person.session in word.sessions]
        purposes = {purpose for word in words if isinstance(word, Grant) for purpose in word.purposes}
        return any(isinstance(word, Withdrawal) for word in words) and all(self.withdrawn(person, purpose) for purpose in purposes)
