"""The ledger: a file to which lines are only ever added, by one process at a time, and which is on the disk before anybody goes on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from avatarium.agents.consent import chain, keys, words
from avatarium.agents.consent.words import Entry, Word
from avatarium.worlds.core.errors import UserError

NAME = "consent.jsonl"
"""The file of a ledger: it lies in the folder of the recordings that it speaks of, or in one above."""


class Ledger:
    """What a file holds; it need not be there yet. Raises UserError whenever the file is not what was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: list[Entry] = []
        self._unended: list[Entry] = []
        self._read = 0

    @property
    def entries(self) -> list[Entry]:
        """Everything that was entered up to now, in order."""
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            size, data = 0, b""
        except OSError as fault:
            raise UserError(f"the ledger {self.path} cannot be read: {fault.strerror}") from None
        if size < self._read:
            raise self._damaged(f"is shorter than it was: entries after {len(self._entries)} or before are missing")
        self._take(data)
        return [*self._entries, *self._unended]

    def _take(self, data: bytes) -> None:
        try:
            found = chain.parse(data, len(self._entries), self._entries[-1].hash if self._entries else chain.BEGINNING)
            entries = list(map(words.entry, found.lines))
        except chain.BrokenError as broken:
            raise self._damaged(f"is damaged: {broken}") from None
        except ValueError as unknown:
            raise self._damaged(f"cannot be read: {unknown}") from None
        whole = len(entries) - found.unended
        self._entries += entries[:whole]
        self._unended = entries[whole:]
        self._read += found.whole

    def _damaged(self, what: str) -> UserError:
        return UserError(f"{self.path} {what}; until a sound copy is put back, nothing that persons did may be used")

    @property
    def head(self) -> str:
        """The hash of the last entry, which stands for the whole ledger."""
        entries = self.entries
        return entries[-1].hash if entries else chain.BEGINNING

    @contextmanager
    def locked(self) -> Iterator["Writer"]:
        """Be the only one who adds to it; what a crash has left of an entry that nobody was told of goes away first."""
        import fcntl

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as fault:
            raise UserError(
                f"the ledger {self.path} cannot be written ({fault.strerror}): without it nothing is recorded or used"
            ) from None
        try:
            if fresh:
                synced(self.path.parent)
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Writer(self, handle)
        finally:
            os.close(handle)


class Writer:
    """Adds to a ledger that is locked."""

    def __init__(self, ledger: Ledger, handle: int) -> None:
        self.ledger, self._handle = ledger, handle
        _ = ledger.entries
        if os.fstat(handle).st_size > ledger._read:
            self._heal()

    def _heal(self) -> None:
        """Cut what is left of a line, or end it where it is complete."""
        unended = [chain.written(entry.line) for entry in self.ledger._unended]
        os.ftruncate(self._handle, self.ledger._read)
        for line in unended:
            self._put(line)
        os.fsync(self._handle)

    def append(self, word: Word, token: str = "") -> Entry:
        """Enter a word, signed with ``token``; when this returns it is on the disk.

        Raises UserError where there is no room: the ledger then is as it was.
        """
        entries = self.ledger.entries
        previous = entries[-1].hash if entries else chain.BEGINNING
        time = words.now().isoformat(timespec="seconds")
        content: dict[str, Any] = {"number": len(entries) + 1, "time": time, "previous": previous, **words.told(word)}
        signature = keys.signature(token, chain.canonical(content)) if token else ""
        self._put(chain.written(chain.sealed({**content, "signature": signature})))
        return self.ledger.entries[-1]

    def _put(self, line: bytes) -> None:
        before = os.fstat(self._handle).st_size
        try:
            left = line
            while left:
                left = left[os.write(self._handle, left) :]
            os.fsync(self._handle)
        except OSError as fault:
            with suppress(OSError):  # else the next who writes cuts it
                os.ftruncate(self._handle, before)
                os.fsync(self._handle)
            raise UserError(
                f"the ledger {self.ledger.path} cannot be written ({fault.strerror}): make room and try again; it is as it was before"
            ) from None


def signed(entry: Entry, token: str) -> bool:
    """Whether an entry carries the signature that this token gives."""
    content = {name: value for name, value in entry.line.items() if name not in ("hash", "signature")}
    return entry.signature == keys.signature(token, chain.canonical(content))


def near(folder: Path) -> Path:
    """The ledger that speaks of what lies in a folder: there or in the nearest above; where there is none, it would be there."""
    here = folder.resolve()
    return next((above / NAME for above in (here, *here.parents) if (above / NAME).is_file()), here / NAME)


def synced(path: Path) -> None:
    """Have what is in a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
