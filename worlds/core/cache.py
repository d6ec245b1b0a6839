"""Keeps compiled kernels honest: one that calls a kernel of another file is compiled anew when that file changes.

Numba keys a cached kernel by its own file alone and goes on using old machine code when only a callee has changed. The locator below
stamps kernels that build on this package with the contents of the whole toolbox and of the kernel's own folder.
"""

import functools
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import numba
from numba.core import caching

PACKAGE = "avatarium."


def install() -> None:
    """Let numba ask ``SourceKeyedLocator`` first; names of its own locators follow, so that other people's functions are left alone."""
    if not numba.config.CACHE_LOCATOR_CLASSES:
        numba.config.CACHE_LOCATOR_CLASSES = ",".join(
            [
                f"{__name__}.SourceKeyedLocator",
                "UserProvidedCacheLocator",
                "InTreeCacheLocator",
                "UserWideCacheLocator",
                "IPythonCacheLocator",
            ]
        )


class SourceKeyedLocator(caching._CacheLocator):  # type: ignore[misc]
    """Where numba keeps a kernel that is made of this package's kernels, and by which sources it knows that it is still good."""

    def __init__(self, kernel: Any, file: str) -> None:
        self._file, self._py_file = Path(file), file  # numba asks for the latter where it cannot keep a kernel
        self._line = kernel.__code__.co_firstlineno
        self._folder = cache_folder() / self.get_suitable_cache_subpath(file)

    @classmethod
    def from_function(cls, kernel: Any, file: str) -> "SourceKeyedLocator | None":
        """A locator for ``kernel``; None when it has nothing to do with this package."""
        parts = [kernel.__module__, *(str(getattr(value, "__module__", "")) for value in kernel.__globals__.values())]
        ours = any(part.startswith(PACKAGE) for part in parts) and Path(file).exists()
        return cls(kernel, file) if ours else None

    def get_cache_path(self) -> str:
        """The folder of the compiled code."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """A hash over the toolbox and the folder of the kernel."""
        return "".join(folder_stamp(folder) for folder in (*toolbox(), self._file.parent))

    def get_disambiguator(self) -> str:
        """Tells functions of one name apart: the line and the file."""
        return f"{self._line}-{self._file.name}"


def cache_folder() -> Path:
    """NUMBA_CACHE_DIR, else the user's cache folder, else a temporary one when that cannot be written."""
    if numba.config.CACHE_DIR:
        return Path(numba.config.CACHE_DIR)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    existing = next((p for p in (home, *home.parents) if p.exists()), Path("/"))
    return (home if os.access(existing, os.W_OK) else Path(tempfile.gettempdir())) / "avatarium" / "kernels"


@functools.cache
def toolbox() -> tuple[Path, ...]:
    """The folder of the toolbox, and those in it."""
    return tuple(sorted({file.parent for file in Path(__file__).parent.rglob("*.py")}))


@functools.cache
def folder_stamp(folder: Path) -> str:
    """SHA-256 over the Python files of a folder."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
