"""Reads a file as recordings; what kind of file it is, its contents tell."""

from collections.abc import Callable, Sequence
from pathlib import Path

from avatarium.agents.recordings import bvh, csvs, metagen, transcripts
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core import blocks
from avatarium.worlds.core.errors import UserError

AVT, BVH, CSV, METAGEN = "avt", "bvh", "csv", "metagen"
ENDINGS = (".avt", ".bvh", ".csv", "_streams.dat")
"""How files are called that are looked for in folders."""
READERS: dict[str, Callable[[Path], Recording | list[Recording]]] = {
    AVT: transcripts.read,
    BVH: bvh.read,
    CSV: csvs.read,
    METAGEN: metagen.read,
}


def kind(path: Path) -> str:
    """Which kind of file it is: a key of ``READERS``. Raises UserError where it is none of them."""
    try:
        with path.open("rb") as file:
            start = file.read(256)
            if start.startswith(blocks.MAGIC):
                return AVT
            if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"HIERARCHY"):
                return BVH
            if start.removeprefix(b"\xef\xbb\xbf").replace(b" ", b"").startswith(",".join(csvs.COLUMNS).encode()):
                return CSV
            file.seek(0)
            metagen.header(file, path)
            return METAGEN
    except OSError as failure:
        raise UserError(f"cannot read {path}: {failure.strerror}") from failure
    except UserError:
        raise UserError(f"{path} is no recording: transcripts, BVH, CSV and pose streams of MetaGen can be read") from None


def is_one(path: Path) -> bool:
    """Whether a file is of a kind that can be read."""
    try:
        return bool(kind(path))
    except UserError:
        return False


def read(path: Path) -> list[Recording]:
    """Everybody's movements in a file. Raises UserError for files that are none, or are damaged."""
    found = READERS[kind(path)](path)
    return [found] if isinstance(found, Recording) else found


def files(paths: Sequence[Path]) -> list[Path]:
    """The files at ``paths``, those in folders in order; a file that is named counts, whatever it is called.

    Raises UserError for a folder in which there is none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        some = sorted(one for one in path.rglob("*") if one.name.endswith(ENDINGS) and one.name != metagen.METADATA)
        if not some:
            raise UserError(f"there are no recordings ({', '.join(ENDINGS)}) in {path}")
        found |= dict.fromkeys(some)
    return list(found)
