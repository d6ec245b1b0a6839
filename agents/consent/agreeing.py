"""How consent comes about and ends: a person says something with their token, and the ledger keeps it."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from avatarium.agents.consent import keys, words
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.consent.persons import Person
from avatarium.agents.consent.words import ALL, MODALITIES, Entry, Grant, Withdrawal
from avatarium.worlds.core.errors import UserError

RECORDED = ("replay", "train")
"""What a person who plays is asked for."""


def agree(folder: Path, line: str, key: Path | None = None) -> dict[str, str]:
    """Enter that a person agrees, in the words of ``line``, to one sitting that is recorded in ``folder``; returns what its header keeps.

    The pseudonym and the session; the hash of the entry stands for the consent. The token is taken from the file ``key``, by default
    beside the ledger, and is made where there is none. Raises UserError where nothing can be written.
    """
    ledger = Ledger(near(folder))
    token, session = keys.kept(key or ledger.path.parent / keys.NAME), secrets.token_hex(8)
    entry = grant(ledger, token, RECORDED, sessions=(session,), line=line)
    return {"subject": keys.subject_of(keys.key_of(token)), "session": session, "consent": entry.hash}


def named(purposes: Iterable[str]) -> tuple[str, ...]:
    """The purposes, of which there has to be one. Raises UserError for unknown ones."""
    found = tuple(map(words.check_purpose, purposes))
    if not found:
        raise UserError(f"for which purpose? Give --purpose with {', '.join(words.PURPOSES)} or share-with:WHOM")
    return found


def grant(
    ledger: Ledger,
    token: str,
    purposes: Iterable[str],
    modalities: Iterable[str] = tuple(MODALITIES),
    sessions: Iterable[str] = (ALL,),
    until: str = "",
    line: str = "",
) -> Entry:
    """Enter that the holder of ``token`` allows something; ``until`` as in ``words.moment``. Raises UserError for unknown words."""
    key = keys.key_of(token)
    word = Grant(
        keys.subject_of(key),
        key,
        named(purposes),
        words.check_modalities(modalities),
        tuple(sessions),
        words.moment(until) if until else "",
        line,
    )
    with ledger.locked() as writer:
        for entry in ledger.entries:
            if isinstance(entry.word, Grant) and entry.word.subject == word.subject and entry.word.key != key:
                raise UserError(f"somebody else is called {word.subject} in {ledger.path}: make another key")
        return writer.append(word, token)


def withdraw(
    ledger: Ledger, subject: str, token: str = "", purposes: Iterable[str] = (ALL,), sessions: Iterable[str] = (ALL,), reason: str = ""
) -> Entry:
    """Enter that a person takes back what they have allowed; from then on nobody here reads what is theirs.

    Whoever keeps the ledger may do it in their place, without the token, and says for what ``reason``: it can only make things more
    private. Raises UserError for a token that is another person's, and for a person who has allowed nothing.
    """
    if not token and not reason:
        raise UserError("whoever has no token may withdraw in a person's place, and says why: give --for-them REASON")
    if token and keys.subject_of(keys.key_of(token)) != subject:
        raise UserError(
            f"this is not the key of {subject}: withdrawing takes theirs, by --key; who keeps the ledger gives --for-them REASON"
        )
    taken = tuple(word if word == ALL else words.check_purpose(word) for word in purposes)
    with ledger.locked() as writer:
        if not any(isinstance(entry.word, Grant) and entry.word.subject == subject for entry in ledger.entries):
            raise UserError(f"{subject} has granted nothing in {ledger.path}, so there is nothing to withdraw")
        return writer.append(Withdrawal(subject, taken, tuple(sessions), reason), token)


def spoken_for(persons: Iterable[Person], subject: str) -> tuple[str, ...]:
    """The sessions of some persons that ``subject`` may speak of: theirs, and those of nobody. Raises UserError for another's."""
    found = []
    for person in persons:
        if person.subject not in ("", subject):
            raise UserError(f"what {person.subject} did is theirs, and this is the key of {subject}: give another --key")
        found.append(person.session)
    return tuple(dict.fromkeys(found))
