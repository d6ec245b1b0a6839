"""Parquet: a folder of tables per role, one row per avatar and step, with the table of observations in their schemas.

Rows of one stay of an avatar lie together, in order; ``final_observation`` is set in its last row. Every step has a row, also of roles
whose decisions do not always count: the column ``due`` tells which did. The same transcripts give the same bytes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.datasets.kinds import Kind
from avatarium.agents.datasets.stays import Episode, Stay
from avatarium.worlds.core.errors import need

GROUP_BYTES, PART_ROWS = 64 << 20, 1 << 20
"""What is held in memory before it is written as a row group, and the rows of a file."""
LOADS = "pyarrow.parquet.read_table({path!r})"
CLOSED = {"actions": ("action",), "observations": ("observation", "final_observation", "allowed", "due")}
"""By modality, the columns that are null in the rows of a person who does not allow it."""
PRIVATE = ("episode", "seed", "consent")
"""Columns that public tables lack: they would tell which recording it was, or hold what persons have written."""
PUBLIC = {
    "episode": "a random word for the session: the same for all who were in it",
    "subject": "a random word for the person, another one in every session; null where a policy moved the agent",
    "device": "what the person had in hand",
    "platform": "what it ran on",
    "month": "about when it was",
}
"""Columns that public tables have instead."""


class Parts:
    """Parquet files of one schema in ``folder``: ``part-00000.parquet`` and so on."""

    def __init__(self, folder: Path, schema: Any) -> None:
        self._pa, self._parquet = need("pyarrow", "data"), need("pyarrow.parquet", "data")
        self._folder, self.schema = folder, schema
        self._batches: list[Any] = []
        self._bytes = self._parts = self._rows = 0
        self._file: Any = None
        folder.mkdir(parents=True)

    def append(self, batch: Any) -> None:
        """Add a RecordBatch; batches are never divided among row groups."""
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._batches:
            return
        table = self._pa.Table.from_batches(self._batches, self.schema).unify_dictionaries()
        if self._file is None:
            path = self._folder / f"part-{self._parts:05}.parquet"
            self._file = self._parquet.ParquetWriter(path, self.schema, compression="zstd")
            self._parts += 1
        self._file.write_table(table, row_group_size=len(table))
        self._rows += len(table)
        self._batches, self._bytes = [], 0
        if self._rows >= PART_ROWS:
            self._end()

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._rows = None, 0

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._end()


class Tables:
    """The Parquet files of one kind in ``folder``."""

    loads = LOADS

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._parts = Parts(folder, schema(kind))

    def add(self, episode: Episode, stays: Sequence[Stay]) -> None:
        """Append the rows of these stays of an episode."""
        for stay in stays:
            self._parts.append(rows(episode, stay, self._parts.schema))

    def close(self) -> None:
        """Write what is left."""
        self._parts.close()


def schema(kind: Kind) -> Any:
    """The columns of a kind; their metadata, and ``avatarium`` in that of the schema, say what everything is, and in which unit."""
    pa, role = need("pyarrow", "data"), kind.role
    word = pa.dictionary(pa.int32(), pa.string())
    sensed = pa.list_(pa.float32(), role.observation_size)
    acted = pa.list_(pa.float32() if role.continuous else pa.int32(), role.action_size)
    happened = pa.struct([("kind", pa.string()), ("who", pa.string()), ("whom", pa.string()), ("value", pa.float32())])
    columns = [
        ("world", word, "name"),
        ("version", pa.int32(), "of the world"),
        ("episode", word, "SHA-256 of the transcript: the same for all who were in it"),
        ("seed", pa.uint64(), "of the episode"),
        ("split", word, "which levels; empty where the world has no splits"),
        ("config", word, "all settings of the world, as JSON"),
        ("agent", word, "role and number"),
        ("role", word, "of the agent"),
        ("stay", pa.int32(), "how many times the agent had been there before in this episode"),
        ("step", pa.int32(), "of the episode; of 0.1 s where the world has a clock"),
        ("human", pa.bool_(), "whether a person moved the agent"),
        ("policy", word, "who moved it"),
        ("consent", word, "the words in which the person agreed to the recording"),
        ("observation", sensed, "what the agent saw before it acted; see features"),
        ("action", acted, "see actions"),
        ("reward", pa.float32(), "for this step"),
        ("terms", pa.struct([(name, pa.float32()) for name in role.terms]), "what the reward is the sum of"),
        ("termination", pa.bool_(), "whether the stay ended by what happened"),
        ("truncation", pa.bool_(), "whether it ended by the clock"),
        ("final_observation", sensed, "what the agent saw after its last step; null in all others"),
        ("events", pa.list_(happened), "what it did and what was done to it in this step; see events"),
    ]
    if kind.bodied:
        places = (("x", "m"), ("y", "m"), ("heading", "rad"))
        columns += [(name, pa.float32(), f"of the agent before it acted, {unit}") for name, unit in places]
    if kind.public:
        columns = [*((name, word, meaning) for name, meaning in PUBLIC.items()), *(c for c in columns if c[0] not in PRIVATE)]
    if role.masked:
        columns.append(("allowed", pa.list_(pa.bool_(), role.mask_size), "choices that were open, head after head"))
    if role.due:
        columns.append(("due", pa.bool_(), "whether what was decided counted; else the last decision stood"))
    fields = [pa.field(name, of, nullable=True, metadata={"meaning": meaning}) for name, of, meaning in columns]
    return pa.schema(fields, metadata={"avatarium": json.dumps(kind.about())})


def rows(episode: Episode, stay: Stay, wanted: Any) -> Any:
    """One stay as a pyarrow RecordBatch."""
    pa, steps = need("pyarrow", "data"), len(stay)
    ends = [None] * (steps - 1) + [stay.observations[-1].tolist()]
    found = {
        "world": episode.told.spec.name,
        "version": np.full(steps, episode.told.spec.version, np.int32),
        "seed": np.full(steps, episode.seed, np.uint64),
        "split": episode.split,
        "config": episode.config,
        "agent": stay.agent,
        "role": stay.role.name,
        "stay": np.full(steps, stay.count, np.int32),
        "step": np.arange(stay.first, stay.first + steps, dtype=np.int32),
        "human": np.full(steps, stay.human),
        "policy": stay.policy,
        "consent": episode.consent or None if stay.human else None,
        "observation": stay.observations[:-1],
        "action": stay.actions,
        "reward": stay.rewards,
        "terms": stay.terms,
        "termination": stay.terminations,
        "truncation": stay.truncations,
        "final_observation": pa.array(ends, wanted.field("final_observation").type),
        "events": pa.array(_events(episode, stay), wanted.field("events").type),
        "allowed": stay.allowed[:-1],
        "due": stay.due[:-1] if stay.due is not None else None,
        **(dict.fromkeys(PUBLIC) | {"episode": episode.told.digest}),
        **episode.published,
    }
    if not stay.human:
        found |= dict.fromkeys(("subject", "device", "platform"))
    for modality in stay.private & CLOSED.keys():
        found |= dict.fromkeys(CLOSED[modality])
    if stay.pose is not None:
        found |= dict(zip(("x", "y", "heading"), stay.pose[:-1].T, strict=True))
    return pa.record_batch([column(pa, found[field.name], field.type, steps) for field in wanted], schema=wanted)


def column(pa: Any, value: Any, of: Any, steps: int) -> Any:
    """A column of ``steps`` rows from an array, or from a word that is the same in all of them."""
    if isinstance(value, np.ndarray) and value.ndim == 2 and pa.types.is_struct(of):
        parts = [pa.array(np.ascontiguousarray(value[:, k]), of.field(k).type) for k in range(value.shape[1])]
        return pa.StructArray.from_arrays(parts, fields=list(of)) if parts else pa.array([{}] * steps, of)
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(value).reshape(-1), of.value_type), type=of)
    if pa.types.is_dictionary(of):
        codes = pa.array(np.zeros(steps, np.int32), mask=np.full(steps, value is None))
        return pa.DictionaryArray.from_arrays(codes, pa.array([value or ""], pa.string()))
    if value is None:
        return pa.nulls(steps, of)
    return value if isinstance(value, pa.Array) else pa.array(value, of)


def _events(episode: Episode, stay: Stay) -> list[list[dict[str, Any]]]:
    """What happened, a list for each step."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(len(stay))]
    kinds = episode.kinds
    for step, kind, who, whom, value in stay.events.tolist():
        found[step - stay.first].append({"kind": kinds[kind], "who": episode.called(who), "whom": episode.called(whom), "value": value})
    return found
