"""Files named by their SHA-256: submissions and transcripts, in a folder, or in an object store by URL.

A file is written under another name, synced, and then renamed: under its own name it is whole or not there. Whoever reads it compares the
hash. Writing a file twice changes nothing, and mends one that was damaged.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.leaderboards.database import processes
from avatarium.leaderboards.database.trouble import explained
from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

DIGEST = re.compile(r"[0-9a-f]{64}")
SCRATCH = ".scratch-"
"""Folders of what is being made begin so; then come the machine and the process that makes it."""
OLD_S = 24 * 3600.0
"""After so long what another machine has begun counts as left behind."""


class ArtefactError(UserError):
    """A file is missing, or not what its name says."""


class Artefacts:
    """The files of a leaderboard below a folder or URL. Use ``put`` and ``read``; raises UserError where they cannot be kept."""

    def __init__(self, where: str | Path) -> None:
        fsspec = need("fsspec", extra="leaderboards")
        self.url = str(where)
        with self._explained():
            self._files: AbstractFileSystem
            self._files, self.root = fsspec.core.url_to_fs(self.url)
        self.folder = Path(self.root) if "file" in _protocols(self._files) else None
        """Where they lie, if that is a folder of this machine."""

    def put(self, content: bytes, suffix: str = "") -> str:
        """Keep a file; returns its SHA-256. ``suffix`` is the end of its name, such as ".avt"."""
        digest = hashlib.sha256(content).hexdigest()
        target, beside = self.name(digest, suffix), f"{self.root}/{_scratch()}/{uuid.uuid4().hex}"
        with self._explained():
            for name in (target, beside):
                self._files.makedirs(name.rpartition("/")[0], exist_ok=True)
            try:
                self._write(beside, content)
                self._files.mv(beside, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    self._files.rm(beside)
                raise
            if self.folder:
                _sync(Path(target).parent)
        return digest

    def _write(self, name: str, content: bytes) -> None:
        with self._files.open(name, "wb") as file:
            file.write(content)
            file.flush()
            if self.folder:
                os.fsync(file.fileno())

    def read(self, digest: str) -> bytes:
        """The file with this SHA-256. Raises ArtefactError where it is missing or damaged."""
        with self._explained():
            content: bytes = self._files.cat_file(self._find(digest))
        if hashlib.sha256(content).hexdigest() != digest:
            raise ArtefactError(f"the file {digest[:16]} in {self.url} is damaged: take it from a copy")
        return content

    def fetch(self, digest: str, folder: Path) -> Path:
        """The file with this SHA-256 as a file of this machine: where it lies, or a copy in ``folder``. Raises ArtefactError."""
        content = self.read(digest)
        if self.folder:
            return Path(self._find(digest))
        copy = folder / digest
        with self._explained():
            copy.write_bytes(content)
        return copy

    def name(self, digest: str, suffix: str) -> str:
        """Where the file with this SHA-256 lies, as its file system calls it."""
        return f"{self.root}/{digest[:2]}/{digest}{suffix}"

    def _find(self, digest: str) -> str:
        found = self._files.glob(self.name(digest, "*")) if DIGEST.fullmatch(digest) else []
        if not found:
            raise ArtefactError(f"the file {digest[:16]} is missing from {self.url}: take it from a copy")
        return str(found[0])

    def check(self, wanted: Iterable[str]) -> list[str]:
        """What is wrong with files that ought to be there, given by SHA-256: one sentence each."""
        found = []
        for digest in wanted:
            try:
                self.read(digest)
            except ArtefactError as wrong:
                found.append(str(wrong))
        return found

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of this machine for files on their way here; errors of disks inside are explained."""
        with self._explained():
            if self.folder is None:
                with tempfile.TemporaryDirectory(prefix="avatarium-") as elsewhere:
                    yield Path(elsewhere)
                return
            beside = self.folder / _scratch() / uuid.uuid4().hex
            beside.mkdir(parents=True)
            try:
                yield beside
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    def sweep(self) -> int:
        """Remove what processes left behind that were killed; returns how many folders."""
        swept = 0
        with self._explained():
            self._files.makedirs(self.root, exist_ok=True)
            for entry in self._files.ls(self.root, detail=True):
                name = entry["name"].rstrip("/").rpartition("/")[2]
                if name.startswith(SCRATCH) and self._abandoned(name, entry):
                    with contextlib.suppress(FileNotFoundError):  # somebody else sweeps as well
                        self._files.rm(entry["name"], recursive=True)
                    swept += 1
        return swept

    def _abandoned(self, name: str, entry: dict[str, Any]) -> bool:
        who = name.removeprefix(SCRATCH).replace("-pid-", ":")
        if who.partition(":")[0] == processes.machine():
            return processes.gone(who)
        begun = entry.get("mtime") or entry.get("created") or entry.get("LastModified") or 0.0
        return time.time() - float(getattr(begun, "timestamp", lambda: begun)()) > OLD_S

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self.url)


def beside(board: str | Path, where: str | Path | None = None) -> Artefacts:
    """The files of the leaderboard ``board``: at ``where``, or in the folder ``artefacts`` beside its file. Raises UserError."""
    if where is None and "://" in str(board) and not str(board).startswith("sqlite:"):
        raise UserError("say where the files of this leaderboard are: give their folder or URL with --artefacts")
    return Artefacts(where if where is not None else Path(str(board).removeprefix("sqlite:///")).parent / "artefacts")


def _protocols(files: "AbstractFileSystem") -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _scratch() -> str:
    return SCRATCH + processes.me().replace(":", "-pid-")


def _sync(folder: Path) -> None:
    """Make a rename last: it is the folder that remembers names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
