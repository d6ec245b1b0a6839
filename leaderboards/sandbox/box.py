"""A box around the locked process, where bubblewrap can make one: no files but Python's own, no processes but its own, no network."""

import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from avatarium import leaderboards

PACKAGES = ("numpy", "onnx", "onnxruntime", "ml_dtypes", "google.protobuf", "flatbuffers", "packaging", "typing_extensions")
"""What the worker imports, or what those import."""
LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64")
"""Where Linux keeps the shared libraries that Python is linked to."""
PROCESSOR = ("/proc/cpuinfo", "/sys/devices/system/cpu")
"""Where onnxruntime looks up which instructions it may use; without them it would compute slower here than outside, and otherwise."""
OPTIONS = ("--unshare-all", "--die-with-parent", "--cap-drop", "ALL")
AS_ROOT = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
"""What root needs for becoming nobody."""

_useless = threading.Event()


def command() -> list[str]:
    """What to put before a command so that it runs in a box; nothing where there is no bubblewrap or it was found not to work.

    Neither /etc nor a home is in there, nor of /proc anything but what the processor can do. Whoever starts it gives it an environment of
    its own: bubblewrap's would stay readable in /proc.
    """
    program = shutil.which("bwrap") if sys.platform == "linux" and not _useless.is_set() else None
    if program is None:
        return []
    seen = [part for folder in folders() for part in _bound(folder)]
    processor = [part for path in PROCESSOR for part in ("--ro-bind-try", path, path)]
    return [program, *OPTIONS, *(AS_ROOT if os.geteuid() == 0 else ()), *seen, *processor, "--remount-ro", "/", "--chdir", "/", "--"]


def give_up() -> None:
    """From now on there is no box in this process: it does not work here, as in most containers."""
    _useless.set()


def folders() -> list[Path]:
    """What the worker has to read: Python, the packages that it imports, this package, the system's libraries; none within another."""
    wanted = {Path(p) for p in (sys.prefix, sys.base_prefix, *LIBRARIES, *leaderboards.__path__)} | set(_homes())
    there = sorted(p for p in wanted if p.exists())
    return [p for p in there if not any(p != q and p.is_relative_to(q) for q in there)]


def _homes() -> Iterator[Path]:
    """The folders on the path that hold the worker's packages."""
    for name in PACKAGES:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:  # the package that it would be in is missing
            continue
        for place in (spec.submodule_search_locations or [str(spec.origin)]) if spec else []:
            yield Path(place).parents[name.count(".")]


def _bound(folder: Path) -> list[str]:
    if folder.is_symlink():
        return ["--symlink", str(folder.readlink()), str(folder)]
    return ["--ro-bind", str(folder), str(folder)]
