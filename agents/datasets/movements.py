"""Movements as Parquet: a folder of tables for each kind of file or world they come from, a row per subject and moment."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.datasets.tables import LOADS, PUBLIC, Parts, column
from avatarium.agents.recordings.recording import HEAD, Recording
from avatarium.worlds.core.errors import need

DIGITS = 3
"""Decimals of times and places: ms and mm."""


@dataclass(frozen=True)
class Motion:
    """Movements that come from one kind of file, or from one world."""

    label: str
    public: bool = False
    name: str = "motion"
    version: int = 1


class Movements:
    """The Parquet files of movements of one kind in ``folder``."""

    loads = LOADS

    def __init__(self, folder: Path, motion: Motion) -> None:
        self._parts = Parts(folder, schema(motion))

    def add(self, told: Recording, month: str | None = None) -> None:
        """Append the rows of a recording; ``month`` is what public tables say of when it was."""
        self._parts.append(rows(told, month, self._parts.schema))

    def close(self) -> None:
        """Write what is left."""
        self._parts.close()


def schema(motion: Motion) -> Any:
    """The columns; their metadata say what everything is, and in which unit."""
    pa = need("pyarrow", "data")
    word = pa.dictionary(pa.int32(), pa.string())
    told = {"episode": "session", "subject": "who moved", "device": "what they had in hand or on the head", "platform": "what it ran on"}
    when = [] if motion.public else [("began_ms", pa.int64(), "ms since 1970 at time 0; null where that is not known")]
    columns = [
        *((name, word, meaning) for name, meaning in (PUBLIC if motion.public else told).items()),
        ("place", word, "the world it happened in"),
        ("agent", word, "role and number, of an avatar of ours"),
        ("human", pa.bool_(), "whether a person moved"),
        *when,
        ("time", pa.float64(), "s since the session began"),
        ("x", pa.float32(), "m"),
        ("y", pa.float32(), "m, to the left of x"),
        ("heading", pa.float32(), "rad, to the left; null where it is not known"),
        ("head", pa.list_(pa.float32(), len(HEAD)), f"of the head: {', '.join(HEAD)}, m with z up, and a quaternion; null where not known"),
    ]
    fields = [pa.field(name, of, nullable=True, metadata={"meaning": meaning}) for name, of, meaning in columns]
    return pa.schema(fields, metadata={"avatarium": json.dumps({"motion": motion.label})})


def rows(told: Recording, month: str | None, wanted: Any) -> Any:
    """One recording as a pyarrow RecordBatch."""
    pa, count = need("pyarrow", "data"), len(told)
    found = {
        "episode": told.session,
        "subject": told.subject or None,
        "agent": told.agent or None,
        "device": told.device or None,
        "platform": told.platform or None,
        "month": month,
        "place": told.place or None,
        "human": np.full(count, told.person),
        "began_ms": pa.array([told.began_ms] * count, pa.int64()),
        "time": told.time.round(DIGITS),
        "x": told.x.round(DIGITS).astype(np.float32),
        "y": told.y.round(DIGITS).astype(np.float32),
        "heading": pa.nulls(count, pa.float32()) if told.heading is None else told.heading.astype(np.float32),
        "head": pa.nulls(count, wanted.field("head").type) if told.head is None else told.head.astype(np.float32),
    }
    return pa.record_batch([column(pa, found[field.name], field.type, count) for field in wanted], schema=wanted)
