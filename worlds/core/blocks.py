"""The container of transcripts: blocks one after the other, each with its own checksum, so that a cut file is read up to the cut."""

import functools
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from avatarium.worlds.core.errors import UserError

MAGIC = b"AVT1"
HEAD, LEVEL, STEPS, TOLD, TAIL = b"HEAD", b"LEVL", b"STEP", b"TOLD", b"TAIL"
"""Tags of blocks; a reader skips those that it does not know, so that what is optional needs no new schema."""
_PREFIX = struct.Struct("<4sII")
LARGEST = 1 << 26
"""Bytes that a block may hold when unpacked: a crafted file cannot fill the memory."""


def write(file: BinaryIO, tag: bytes, content: bytes) -> None:
    """Append one block: tag, length, CRC-32, then the content packed by deflate (zlib, so that a browser can read it)."""
    packed = packing()(content)
    file.write(_PREFIX.pack(tag, len(packed), zlib.crc32(packed)) + packed)
    file.flush()


@functools.cache
def packing() -> Callable[[bytes], bytes]:
    """What packs: isal where it is installed, in a third of the time that zlib takes; everybody reads what either has packed."""
    try:
        from isal import isal_zlib
    except ImportError:
        return by_zlib
    return functools.partial(isal_zlib.compress, level=1)


def by_zlib(content: bytes) -> bytes:
    """Packed by the standard library; folded bytes come in runs, which it is told to look for."""
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return packer.compress(content) + packer.flush()


def read(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """All whole blocks of a file as (tag, content); ends at the first one that is cut or damaged. Raises UserError for other files."""
    try:
        data = path.read_bytes()
    except OSError as failure:
        raise UserError(f"cannot read {path}: {failure.strerror}") from failure
    if not data.startswith(MAGIC):
        raise UserError(f"{path} is not a transcript: it does not begin with {MAGIC.decode()}")
    at = len(MAGIC)
    while at + _PREFIX.size <= len(data):
        tag, length, check = _PREFIX.unpack_from(data, at)
        packed = data[at + _PREFIX.size : at + _PREFIX.size + length]
        if len(packed) < length or zlib.crc32(packed) != check:
            return
        content = _unpacked(packed)
        if content is None:
            return
        yield tag, content
        at += _PREFIX.size + length


def _unpacked(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, LARGEST)
    except zlib.error:
        return None
    return content if unpacker.eof else None


def size(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    """Bytes that an array of this type and shape takes."""
    return dtype.itemsize * math.prod(shape)


def fold(rows: np.ndarray) -> bytes:
    """Bytes uint8 [T, K] so that they pack well: each step as its difference (exclusive or) from the one before, like bytes together."""
    changes = rows.copy()
    changes[1:] ^= rows[:-1]
    return changes.T.tobytes()


def unfold(content: bytes, rows: np.ndarray) -> None:
    """Fill ``rows`` uint8 [T, K] with the bytes that ``fold`` was given. Raises ValueError when ``content`` is of another size."""
    rows[:] = np.frombuffer(content, np.uint8).reshape(rows.shape[::-1]).T
    for before, row in pairwise(rows):  # thrice as fast as ``accumulate``, which walks down columns
        row ^= before


def shaped(rows: np.ndarray, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes uint8 [T, K], contiguous, as an array [T, *shape] of ``dtype`` that lies in the same memory, padding included."""
    return rows.reshape(-1).view(dtype).reshape(len(rows), *shape)
