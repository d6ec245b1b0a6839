"""Does something in a process of its own that is killed at its first, second, third ... change of a file, and looks at what is left.

    python killed.py ACT FOLDER

FOLDER holds recordings with their ledger, and data sets made of them; it is copied for each point. Prints how many points there were.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from people import SUBJECTS, TOKENS

from avatarium.agents.consent import agreeing, made, select, sweeping, verifying
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.datasets.exporting import Wanted, export
from avatarium.worlds.core.transcript import Transcript

CHANGES = ("write", "fsync", "ftruncate", "open", "mkdir", "rename", "unlink", "rmdir")
"""Functions of ``os`` after or before which everything may stop."""
VICTIM = "victim"
"""The session that is withdrawn."""


def withdraw(folder: Path, tell: Callable[[Any], None]) -> None:
    """Withdraw a session and clean up after it."""
    ledger = Ledger(folder / "played" / NAME)
    tell(agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], sessions=[VICTIM]).hash)
    sweeping.sweep(ledger)
    tell("done")


def make(folder: Path, tell: Callable[[Any], None]) -> None:
    """Make another data set of everything, and tell that it is there."""
    (made,) = export([folder / "played"], folder / "new", Wanted()).made
    tell(made.path.name)


ACTS = {"withdraw": withdraw, "make": make}


def armed(point: int) -> None:
    """Have this process killed at a change of a file: before it where ``point`` is even; in the middle or after it where it is odd."""
    left = [point // 2]

    def deadly(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **options: Any) -> Any:
            if left[0] > 0 or os.getpid() == PARENT:
                left[0] -= 1
                return change(*arguments, **options)
            if point % 2:
                change(*(arguments if name != "write" else (arguments[0], arguments[1][: len(arguments[1]) // 2])), **options)
            return os.kill(os.getpid(), signal.SIGKILL)

        return act

    for name in CHANGES:
        setattr(os, name, deadly(name, getattr(os, name)))


PARENT = os.getpid()


def killed(act: str, folder: Path, point: int) -> tuple[bool, list[str]]:
    """Whether the act was killed at the point, and what it had told before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        speak, dup = os.write, os.dup(writing)
        armed(point)
        ACTS[act](folder, lambda word: speak(dup, f"{json.dumps(word)}\n".encode()) and None)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"{act} failed at point {point}"
    return os.WIFSIGNALED(status), told


def rows(folder: Path) -> set[str]:
    """The episodes in all data sets that anybody would find."""
    from pyarrow import parquet

    files = [path for path in folder.rglob("*.parquet") if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return {episode for path in files for episode in parquet.read_table(path, columns=["episode"])["episode"].to_pylist()}


def readable(folder: Path, purpose: str) -> set[str]:
    """The digests of the recordings that may be used."""
    told = [Transcript.open(path) for path in sorted((folder / "played").glob("*.avt"))]
    return {one.digest for one in select(told, purpose, skip_private=True).permitted}


def after(act: str, folder: Path, told: list[str], before: dict[str, Any]) -> None:
    """What has to hold after a crash: at once, and when anybody has begun again."""
    ledger = Ledger(folder / "played" / NAME)
    assert verifying.faults(ledger) == []
    hashes = [entry.hash for entry in ledger.entries]
    assert hashes[: len(before["hashes"])] == before["hashes"], "what was entered before is there"
    if act == "withdraw":
        assert not told or told[0] in hashes, "what was acknowledged is there"
        withdrawn = len(hashes) > len(before["hashes"])
        if withdrawn:
            victim = before["victim"]
            left = list((folder / "played").glob("victim*.avt"))
            told_before = [Transcript.open(path) for path in left]
            assert not select(told_before, "train", skip_private=True).permitted, "at once nobody may read it"
            assert victim not in readable(folder, "train")
            assert not list((folder / "played").glob("victim*.avt")), "reading again has gone on with the cleaning"
            assert rows(folder) == before["rows"] - {victim} and victim not in made_of(folder)
            assert not list(folder.rglob(".*")), "nothing is left behind"
        else:
            assert readable(folder, "train") == before["readable"] and rows(folder) == before["rows"]
        sweeping.sweep(Ledger(folder / "played" / NAME))
        assert verifying.faults(Ledger(folder / "played" / NAME)) == []
    else:
        assert not told or (folder / "new").exists()
        shutil.rmtree(folder / "new", ignore_errors=not told) if not (folder / "new" / "avatarium").exists() else None
        agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], sessions=[VICTIM])
        sweeping.sweep(ledger)
        assert before["victim"] not in rows(folder), "no data set that shows is unknown to the ledger"


def made_of(folder: Path) -> set[str]:
    """What the data sets say that they are made of."""
    return {key for path in folder.rglob(made.ABOUT) for key in made.about(path.parent)["episodes"]}


def main(act: str, folder: Path) -> None:
    """Try every point, then print how many there were."""
    hashes = [entry.hash for entry in Ledger(folder / "played" / NAME).entries]
    (victim,) = (folder / "played").glob("victim*.avt")
    before = {"hashes": hashes, "victim": Transcript.open(victim).digest, "rows": rows(folder), "readable": readable(folder, "train")}
    once = shutil.copytree(folder, folder.parent / "once")
    ACTS[act](once, lambda word: None)  # so that what is loaded and compiled is there for all who come after
    point, going = 0, True
    while going:
        copy = folder.parent / f"point-{point}"
        shutil.copytree(folder, copy)
        going, told = killed(act, copy, point)
        after(act, copy, told, before)
        shutil.rmtree(copy)
        point += 1
    print(point)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
