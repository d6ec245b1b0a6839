"""Whether a ledger is what was written, from the first line to a hash that was published."""

from collections.abc import Iterable
from pathlib import Path

from avatarium.agents.consent import keys, made
from avatarium.agents.consent.chain import BEGINNING
from avatarium.agents.consent.ledger import Ledger, signed
from avatarium.agents.consent.standing import Standing
from avatarium.agents.consent.words import Entry, Grant, Withdrawal
from avatarium.worlds.core.errors import UserError


def faults(ledger: Ledger, heads: Iterable[str] = (), token: str = "") -> list[str]:
    """One sentence for each thing that is wrong; empty is good.

    ``heads`` are hashes of last entries that were noted elsewhere: each has to be in the chain still, else lines were taken off its end.
    Those that data sets carry are looked for, too. With a person's ``token``, every word in their name has to carry their signature.
    """
    try:
        entries = ledger.entries
    except UserError as broken:
        return [str(broken)]
    hashes = {BEGINNING, *(entry.hash for entry in entries)}
    found = [
        f"no entry has the hash {head[:16]}: entries were taken off the end, or all was written anew"
        for head in heads
        if head not in hashes
    ]
    places = {ledger.path.parent / use.place for use in Standing(entries).uses if use.place}
    for place in sorted(places):
        carried = _carried(place)
        if carried and not hashes & carried:
            found.append(f"the data set {place.resolve()} carries the hash of an entry that is not here: entries were taken off the end")
    return found + [fault for entry in entries for fault in _unsigned(entry, token)]


def _carried(place: Path) -> set[str]:
    try:
        return set(made.about(place).get("ledgers", ()))
    except UserError:
        return set()


def _unsigned(entry: Entry, token: str) -> list[str]:
    """What is wrong with who has said an entry."""
    word, where = entry.word, f"entry {entry.number}"
    if not isinstance(word, Grant | Withdrawal):
        return []
    if isinstance(word, Grant) and (word.subject != keys.subject_of(word.key) or not entry.signature):
        return [f"{where} grants something in the name of {word.subject}, whose key it does not carry"]
    if isinstance(word, Withdrawal) and not (entry.signature or word.reason):
        return [f"{where} withdraws in the name of {word.subject}, without a signature or a reason"]
    if token and keys.subject_of(keys.key_of(token)) == word.subject and entry.signature and not signed(entry, token):
        return [f"{where} was not signed with this key: {word.subject} did not say it"]
    return []
