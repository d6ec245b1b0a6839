"""Data sets that were made: each carries a file that says of what, and can be made again without some of its episodes."""

import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from avatarium.agents.consent import chain
from avatarium.agents.consent.ledger import synced
from avatarium.worlds.core.errors import UserError, need

ABOUT = "_consent.json"
"""The file within a data set; readers of Parquet pass over names that begin so."""
STAGED = ".reissued-"
"""How a new version is called until it takes the place of the old one, before the name of that."""
DOOMED = ".withdrawn-"
"""How the old one is called until it is deleted."""


def data_hash(keys: Iterable[str]) -> str:
    """What data are known by: SHA-256 of the sorted keys of their episodes, which are the digests of the transcripts.

    >>> data_hash(["b", "a"]) == data_hash(("a", "b"))
    True
    """
    return chain.digest(sorted(keys))


def describe(folder: Path, keys: Iterable[str], purpose: str, heads: Iterable[str]) -> None:
    """Write into the ``folder`` of a data set what it is made of: its hash, its episodes, the heads of the ledgers that allowed it."""
    keys = sorted(keys)
    about = {"schema": 1, "data": data_hash(keys), "purpose": purpose, "episodes": keys, "ledgers": sorted(heads)}
    with (folder / ABOUT).open("w", encoding="utf-8") as file:
        file.write(json.dumps(about, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())


def about(folder: Path) -> dict[str, Any]:
    """What a data set says of itself. Raises UserError where there is none."""
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if isinstance(found["episodes"], list) and isinstance(found["data"], str) and isinstance(found["purpose"], str):
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise UserError(f"{folder} is no data set that knows what it is made of: its {ABOUT} is missing or damaged")


def settle(folder: Path) -> None:
    """End what a crash has left half done: a new version that is whole takes its place, an old one goes."""
    staged, doomed = folder.parent / f"{STAGED}{folder.name}", folder.parent / f"{DOOMED}{folder.name}"
    if not folder.exists() and (staged / ABOUT).is_file():
        staged.rename(folder)
    for left in (staged, doomed):
        shutil.rmtree(left, ignore_errors=True)


def reissue(folder: Path, without: Collection[str], heads: Iterable[str]) -> str:
    """Make a data set anew without the episodes of these keys, in the place of the old one, which is deleted; returns the new hash.

    Where nothing would be left there is no data set any more, and the hash is empty. A crash leaves either version, or what ``settle``
    ends; what is withdrawn has no name that anybody would open as soon as this has begun to take it away.
    """
    settle(folder)
    told = about(folder)
    kept = [key for key in told["episodes"] if key not in without]
    staged, doomed = folder.parent / f"{STAGED}{folder.name}", folder.parent / f"{DOOMED}{folder.name}"
    if kept:
        staged.mkdir()
        (_minari if (folder / "data").is_dir() else _tables)(folder, staged, set(without))
        for path in staged.rglob("*"):
            synced(path)
        describe(staged, kept, told["purpose"], heads)  # last: with it the new version counts as whole
        synced(staged)
    folder.rename(doomed)
    if kept:
        staged.rename(folder)
    synced(folder.parent)
    shutil.rmtree(doomed)
    return data_hash(kept) if kept else ""


def _tables(old: Path, new: Path, without: set[str]) -> None:
    """Parquet files without the rows of some episodes, row group by row group."""
    pa, parquet, compute = need("pyarrow", "data"), need("pyarrow.parquet", "data"), need("pyarrow.compute", "data")
    gone = pa.array(sorted(without), pa.string())
    for path in sorted(old.glob("*.parquet")):
        file = parquet.ParquetFile(path)
        with parquet.ParquetWriter(new / path.name, file.schema_arrow, compression="zstd") as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                episodes = table["episode" if "episode" in table.column_names else "session"].cast(pa.string())
                writer.write_table(table.filter(compute.invert(compute.is_in(episodes, value_set=gone))))
        file.close()
    for path in (path for path in old.iterdir() if path.is_file() and path.suffix != ".parquet" and path.name != ABOUT):
        shutil.copy2(path, new / path.name)


def _minari(old: Path, new: Path, without: set[str]) -> None:
    """A Minari data set without some episodes; the others are numbered anew."""
    h5py, name = need("h5py", "data"), "main_data.hdf5"
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns(name, ABOUT))
    steps = count = 0
    with h5py.File(old / "data" / name, "r") as before, h5py.File(new / "data" / name, "w", track_order=True) as after:
        for number in range(len(before.keys())):
            if before[f"episode_{number}"].attrs["transcript"] in without:
                continue
            before.copy(f"episode_{number}", after, name=f"episode_{count}")
            after[f"episode_{count}"].attrs["id"] = count
            steps += int(after[f"episode_{count}"].attrs["total_steps"])
            count += 1
    path = new / "data" / "metadata.json"
    size = (new / "data" / name).stat().st_size / 1e6
    told: Mapping[str, Any] = json.loads(path.read_text()) | {"total_episodes": count, "total_steps": steps, "dataset_size": round(size, 1)}
    path.write_text(json.dumps(told))
