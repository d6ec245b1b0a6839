"""What may stand in a ledger: what persons say, what is made of their recordings, and what was cleaned up after a withdrawal."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from avatarium.worlds.core.errors import UserError, nearest

PURPOSES = {
    "replay": "watched and measured here",
    "train": "learnt from",
    "publish": "given to everybody",
}
"""What may be done with recordings; beside these there is ``share-with:WHOM``."""
SHARED = re.compile(r"share-with:[\w.-]{1,64}")
MODALITIES = {
    "motion": "where the avatar was and how it moved, which the others see: nothing of a recording can be had without it",
    "speech": "the words it said, which the others hear: where a world has words, nothing can be had without it",
    "actions": "what was decided, step by step",
    "observations": "what the avatar sensed",
}
ALL = "all"
"""In place of sessions or purposes: every one of them."""

DATA_SET, TRAINING = "data set", "training"
"""What may be made of recordings."""
Persons = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Of one recording: each person's pseudonym, the session, and which modalities were used."""


@dataclass(frozen=True)
class Grant:
    """A person allows something."""

    subject: str
    """The person's pseudonym."""
    key: str
    """SHA-256 of the person's token."""
    purposes: tuple[str, ...]
    modalities: tuple[str, ...] = tuple(MODALITIES)
    sessions: tuple[str, ...] = (ALL,)
    until: str = ""
    """The moment (ISO 8601) from which on it counts as not given; empty where there is none."""
    words: str = ""
    """In which the person agreed."""

    def covers(self, session: str, purpose: str) -> bool:
        """Whether it speaks of a use of a session."""
        return purpose in self.purposes and (ALL in self.sessions or session in self.sessions)

    def counts(self, at: datetime) -> bool:
        """Whether it has not run out."""
        return not self.until or at < datetime.fromisoformat(self.until)


@dataclass(frozen=True)
class Withdrawal:
    """A person takes back what they have allowed before."""

    subject: str
    purposes: tuple[str, ...] = (ALL,)
    sessions: tuple[str, ...] = (ALL,)
    reason: str = ""
    """Why whoever keeps the ledger withdraws in the person's place, without their token; empty where the person did it."""

    def covers(self, session: str, purpose: str) -> bool:
        """Whether it speaks of a use of a session."""
        return bool({ALL, purpose} & {*self.purposes}) and bool({ALL, session} & {*self.sessions})


@dataclass(frozen=True)
class Use:
    """Something was made of recordings of persons."""

    what: str
    """``DATA_SET`` or ``TRAINING``."""
    data: str
    """The hash of the data: SHA-256 of the sorted keys of all its episodes (see ``data_hash``)."""
    purpose: str
    episodes: dict[str, Persons] = field(default_factory=dict)
    """Those that hold persons, by the key under which they are found in a data set: the digest of the transcript."""
    place: str = ""
    """Where a data set lies, seen from the folder of the ledger."""


@dataclass(frozen=True)
class Swept:
    """Everything that withdrawals up to here ask for has been removed."""


Word = Grant | Withdrawal | Use | Swept
KINDS: dict[str, type[Word]] = {"grant": Grant, "withdraw": Withdrawal, "use": Use, "swept": Swept}


@dataclass(frozen=True)
class Entry:
    """A line of the ledger."""

    number: int
    time: str
    word: Word
    signature: str
    """HMAC-SHA-256 of the line without hash and signature, with the person's token; empty where no person speaks."""
    hash: str
    line: dict[str, Any]


def told(word: Word) -> dict[str, Any]:
    """A word as JSON, with its kind."""
    kind = next(name for name, of in KINDS.items() if isinstance(word, of))
    return {"kind": kind, **asdict(word)}


def entry(line: dict[str, Any]) -> Entry:
    """A line of the chain, understood. Raises ValueError for kinds and fields that this version does not know."""
    content = {name: value for name, value in line.items() if name not in ("number", "time", "signature", "previous", "hash", "kind")}
    try:
        of = KINDS[line["kind"]]
        word = of(**{name: _hashable(value) for name, value in content.items()})
        return Entry(line["number"], line["time"], word, line["signature"], line["hash"], line)
    except (KeyError, TypeError) as fault:
        raise ValueError(
            f"entry {line['number']} has {fault}, which this version does not understand: use the one that wrote it, or a newer one"
        ) from None


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hashable(inner) for name, inner in value.items()}
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def check_purpose(word: str) -> str:
    """The purpose, where it is one. Raises UserError for others."""
    if word in PURPOSES or SHARED.fullmatch(word):
        return word
    raise UserError(f"there is no purpose {word!r}: {nearest(word, (*PURPOSES, 'share-with:WHOM'))}")


def done(purpose: str) -> str:
    """What is done with recordings for a purpose, in words.

    >>> done("train"), done("share-with:lab")
    ('learnt from', 'shared with lab')
    """
    return PURPOSES.get(purpose) or f"shared with {purpose.partition(':')[2]}"


def check_modalities(words: Iterable[str]) -> tuple[str, ...]:
    """The modalities, in their usual order. Raises UserError for unknown ones, and where motion is missing."""
    given = set(words)
    for word in sorted(given - set(MODALITIES)):
        raise UserError(f"there is no modality {word!r}: {nearest(word, MODALITIES)}")
    if "motion" not in given:
        raise UserError("a recording without motion is none: add it to the modalities, or grant nothing")
    return tuple(word for word in MODALITIES if word in given)


def moment(text: str) -> str:
    """A day or a moment as ISO 8601 in UTC. Raises UserError for other texts.

    >>> moment("2027-03-01")
    '2027-03-01T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is no day: write it as 2027-03-01") from None
    return (found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
