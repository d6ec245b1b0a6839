"""Our own data sets (see ``agents.datasets``) as movements."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError, need

STEP_S = 0.1
PARTS = "part-*.parquet"


def folders(path: Path) -> list[Path]:
    """The folders of data sets at or in ``path``, in order."""
    return sorted({part.parent for part in path.rglob(PARTS)}) if path.is_dir() else []


def read(folder: Path) -> Iterator[tuple[str, Recording]]:
    """What it is of (WORLD/ROLE, or motion/KIND) and each stay in a data set, a row group in memory at a time.

    The subject is the pseudonym of a person where there is one, else whoever moved. Raises UserError for other Parquet files.
    """
    parquet = need("pyarrow.parquet", "data")
    for path in sorted(folder.glob(PARTS)):
        file = parquet.ParquetFile(path)
        try:
            about = json.loads((file.schema_arrow.metadata or {})[b"avatarium"])
        except (KeyError, ValueError):
            raise UserError(f"{path} is no data set of ours: its schema says nothing of where it comes from") from None
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            yield from _movements(table) if "motion" in about else _stays(table, about)


def _runs(table: Any, names: tuple[str, ...]) -> Iterator[Any]:
    """The rows that follow one another and are the same in some columns, as tables."""
    columns = [table[name].combine_chunks() for name in names]
    codes = [np.asarray(c.indices.fill_null(-1) if hasattr(c, "indices") else c.fill_null(0)) for c in columns]
    changes = np.any([np.diff(code) != 0 for code in codes], axis=0) if len(table) > 1 else np.zeros(0, bool)
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(table)]
    yield from (table.slice(begin, end - begin) for begin, end in pairwise(bounds) if end > begin)


def _stays(table: Any, about: dict[str, Any]) -> Iterator[tuple[str, Recording]]:
    label = f"{about['world']}/{about['role']}"
    for rows in _runs(table, ("episode", "agent", "stay")):
        names = rows.column_names
        subject = _word(rows, "subject") if "subject" in names else ""
        pose = [_numbers(rows, name) if name in names else np.zeros(len(rows)) for name in ("x", "y", "heading")]
        recording = Recording(
            subject=subject or _word(rows, "policy"),
            session=_word(rows, "episode"),
            time=_numbers(rows, "step") * STEP_S,
            x=pose[0],
            y=pose[1],
            heading=pose[2] if "heading" in names else None,
            channels={name: _lists(rows, name) for name in ("action", "observation")},
            place=about["world"],
            agent=_word(rows, "agent"),
            person=bool(rows["human"][0].as_py()),
        )
        yield label, recording


def _movements(table: Any) -> Iterator[tuple[str, Recording]]:
    label = f"motion/{json.loads(table.schema.metadata[b'avatarium'])['motion']}"
    for rows in _runs(table, ("episode", "agent", "subject")):
        known = [rows[name].null_count == 0 for name in ("heading", "head")]
        recording = Recording(
            subject=_word(rows, "subject"),
            session=_word(rows, "episode"),
            time=_numbers(rows, "time"),
            x=_numbers(rows, "x"),
            y=_numbers(rows, "y"),
            heading=_numbers(rows, "heading") if known[0] else None,
            head=_lists(rows, "head").astype(np.float64) if known[1] else None,
            device=_word(rows, "device"),
            platform=_word(rows, "platform"),
            place=_word(rows, "place"),
            agent=_word(rows, "agent"),
            person=bool(rows["human"][0].as_py()),
        )
        yield label, recording


def _word(rows: Any, name: str) -> str:
    return rows[name][0].as_py() or ""


def _numbers(rows: Any, name: str) -> np.ndarray:
    return np.asarray(rows[name].combine_chunks()).astype(np.float64)


def _lists(rows: Any, name: str) -> np.ndarray:
    """A column of lists of one length as float32 [T, length]; zeros where there are none."""
    column = rows[name].combine_chunks()
    if column.null_count:
        return np.zeros((len(rows), column.type.list_size), np.float32)
    return np.asarray(column.flatten()).reshape(len(rows), -1).astype(np.float32)
