"""Columns of whole numbers and a JSON head as one deflated parcel, which a browser opens with ``DecompressionStream``."""

import json
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

SCHEMA = 1
KINDS = {"u1": np.uint8, "u2": np.uint16, "i4": np.int32}
_SIZE = struct.Struct("<I")


def pack(head: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> bytes:
    """A parcel of ``head`` and ``columns`` [T, ...] of uint8, uint16 or int32; what changes little from row to row takes little room."""
    listed = [[name, _kind(column), list(column.shape)] for name, column in columns.items()]
    told = json.dumps({"schema": SCHEMA, **head, "columns": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    return zlib.compress(b"".join((_SIZE.pack(len(told)), told, *map(_fold, columns.values()))), 9)


def unpack(parcel: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Head and columns of a parcel. Raises ValueError or zlib.error when it is not one."""
    content = zlib.decompress(parcel)
    (size,) = _SIZE.unpack_from(content)
    head = json.loads(content[_SIZE.size : _SIZE.size + size])
    columns, at = {}, _SIZE.size + size
    for name, kind, shape in head.pop("columns"):
        dtype = np.dtype(KINDS[kind])
        end = at + dtype.itemsize * math.prod(shape)
        columns[name] = _unfold(content[at:end], dtype, shape)
        at = end
    return head, columns


def _kind(column: np.ndarray) -> str:
    return next(kind for kind, dtype in KINDS.items() if column.dtype == dtype)


def _fold(column: np.ndarray) -> bytes:
    """Differences from row to row, one series after the other; low bytes of all of them first, high bytes last."""
    unsigned = column.reshape(len(column), math.prod(column.shape[1:])).view(f"u{column.dtype.itemsize}")
    changes = unsigned.copy()
    changes[1:] -= unsigned[:-1]
    series = np.ascontiguousarray(changes.T).astype(f"<u{column.dtype.itemsize}")
    return series.reshape(-1).view(np.uint8).reshape(-1, column.dtype.itemsize).T.tobytes()


def _unfold(content: bytes, dtype: np.dtype, shape: list[int]) -> np.ndarray:
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    planes = np.frombuffer(content, np.uint8).reshape(dtype.itemsize, -1)
    changes = np.ascontiguousarray(planes.T).reshape(-1).view(f"<u{dtype.itemsize}").reshape(-1, shape[0])
    rows: np.ndarray = np.cumsum(changes, axis=1, dtype=f"u{dtype.itemsize}").T
    return np.ascontiguousarray(rows).view(dtype).reshape(shape)
