"""What is no whole transcript of this version is named and left out, and a data set that shows is whole."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import agents, worlds
from avatarium.agents.datasets.exporting import PARTIAL, Wanted, export
from avatarium.agents.play import play
from avatarium.worlds import UserError
from avatarium.worlds.cli import main
from avatarium.worlds.core import blocks

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
minari = pytest.importorskip("minari", reason="minari is not installed")
pytest.importorskip("h5py", reason="h5py is not installed")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with a transcript of 100 steps."""
    folder = tmp_path / "told"
    play("steering", {"pilot": agents.load("random", "steering", "pilot")}, [3], folder)
    return folder


def rewritten(path: Path, name: str, **changes: Any) -> Path:
    """A copy of a transcript with another header; None takes something out of it."""
    copy = path.parent / name
    with copy.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in blocks.read(path):
            if tag == blocks.HEAD:
                head = {key: value for key, value in (json.loads(content) | changes).items() if value is not None}
                content = json.dumps(head).encode()
            blocks.write(file, tag, content)
    return copy


def cut(path: Path, steps: int, name: str) -> Path:
    """The beginning of a transcript, up to a chunk that ends at ``steps``."""
    copy, left = path.parent / name, steps
    with copy.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in blocks.read(path):
            if tag == blocks.STEPS:
                left -= int(np.frombuffer(content[:4], "<u4")[0])
            if left < 0 or tag == blocks.TAIL:
                break
            blocks.write(file, tag, content)
        file.write(b"STEP\x99")
    return copy


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("future", {"schema": 99}, "has schema 99, this version reads 1"),
        ("other", {"version": 99}, "recorded with version 99 of steering; this is version 1"),
        ("elsewhere", {"world": "nowhere"}, "there is no world 'nowhere'"),
        ("unlike", {"seed": 4}, "the world begins differently from what the transcript says"),
        ("wordy", {"seed": "4"}, "there is no seed in its header"),
        ("seedless", {"seed": None}, "there is no seed in its header"),
        ("roleless", {"columns": {}}, "is damaged"),
        ("policyless", {"policies": None}, "there is no policies in its header"),
        ("set", {"config": {"thrust": 2.0}}, "at step 0 the world gives other"),
        ("unset", {"config": {"thrift": 2.0}}, "there is no setting 'thrift'"),
        ("more", {"config": {"craft": 3}}, "holds other columns than steering records"),
    ],
)
def test_what_cannot_be_played_again_is_named_and_left_out(
    name: str, changes: dict[str, Any], sentence: str, good: Path, tmp_path: Path
) -> None:
    bad = rewritten(good / "steering-3.avt", f"{name}.avt", **changes)
    report = export([good], tmp_path / "out")
    assert len(report.skipped) == 1 and sentence in report.skipped[0] and str(bad) in report.skipped[0]
    assert [(made.episodes, made.steps) for made in report.made] == [(1, 100)]
    with pytest.raises(UserError, match="none of 1 files could be taken"):
        export([bad], tmp_path / "alone")
    assert not (tmp_path / "alone").exists()


def test_other_files_are_named_and_left_out(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (good / "letter.avt").write_text("Dear reader")
    (good / "empty.avt").write_bytes(b"")
    (good / "stub.avt").write_bytes(blocks.MAGIC)
    words = ["dataset", str(good), str(good / "nothing.avt"), "--out", str(tmp_path / "out")]
    assert main(words) == 1
    out, told = capsys.readouterr()
    assert out.startswith(f"{tmp_path}/out/avatarium/steering/pilot  1 episodes, 1 stays, 100 steps  pyarrow.parquet.read_table(")
    assert told.count("avatarium: ") == 4 and "letter.avt is not a transcript" in told and "nothing.avt" in told
    assert main(["dataset", str(good / "letter.avt"), "--out", str(tmp_path / "none")]) == 2
    assert "none of 1 files could be taken" in capsys.readouterr().err
    assert main(["dataset", str(tmp_path / "out"), "--out", str(tmp_path / "none")]) == 2
    assert "there are no transcripts (.avt) in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_the_command_says_how_to_load_what_it_made(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["dataset", str(good), "--out", str(tmp_path / "out"), "--format", "minari"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    call, where = first.split("  ")[-1], second.rpartition("MINARI_DATASETS_PATH=")[2]
    monkeypatch.setenv("MINARI_DATASETS_PATH", where)
    assert eval(call, {"minari": minari}).total_steps == 100
    assert main(["dataset", str(good), "--out", str(tmp_path / "out")]) == 0
    call = capsys.readouterr().out.strip().split("  ")[-1]
    assert len(eval(call, {"pyarrow": __import__("pyarrow.parquet")})) == 100


def test_cut_files_are_taken_as_far_as_they_go_where_that_is_wanted(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cut(good / "steering-3.avt", 64, "cut.avt")
    with pytest.raises(UserError, match=r"was cut after step 64: --cut takes it as far as it goes"):
        export([path], tmp_path / "out")
    (made,) = export([path], tmp_path / "out", Wanted(cut=True)).made
    table = parquet.read_table(made.path)
    whole = parquet.read_table(export([good / "steering-3.avt"], tmp_path / "whole").made[0].path)
    assert len(table) == 64
    assert table["observation"].to_pylist() == whole["observation"].to_pylist()[:64]
    last = table.to_pylist()[-1]
    assert not last["termination"] and not last["truncation"]
    assert last["final_observation"] == whole["observation"].to_pylist()[64]
    export([path], tmp_path / "out", Wanted(cut=True, format="minari"))
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "out"))
    (one,) = minari.load_dataset("avatarium/steering/pilot-v1")
    assert one.truncations.tolist() == [False] * 63 + [True] and not one.terminations.any()


def test_a_digest_that_is_not_that_of_the_contents_is_seen(good: Path, tmp_path: Path) -> None:
    path = good / "steering-3.avt"
    kept = list(blocks.read(path))
    with path.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in kept:
            blocks.write(file, tag, json.dumps({"steps": 100, "digest": "0" * 64}).encode() if tag == blocks.TAIL else content)
    with pytest.raises(UserError, match="the digest at its end is not that of its contents"):
        export([path], tmp_path / "out")


STOPPED = """
import sys, time
from pathlib import Path
from avatarium.agents.datasets import tables
from avatarium.agents.datasets.exporting import Wanted, export
tables.GROUP_BYTES = 1
def progress(done, total):
    print(done, flush=True)
    time.sleep(60 * (done == total))
export([Path(sys.argv[1])], Path(sys.argv[2]), Wanted(format=sys.argv[3]), progress)
"""


@pytest.mark.parametrize("format", ["parquet", "minari"])
def test_an_export_that_is_killed_leaves_nothing_that_looks_whole(format: str, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    working = subprocess.Popen([sys.executable, "-c", STOPPED, str(good), str(out), format], stdout=subprocess.PIPE, text=True)
    assert working.stdout is not None
    assert [working.stdout.readline() for _ in range(2)] == ["0\n", "1\n"]
    os.kill(working.pid, signal.SIGKILL)
    working.wait(60)
    (left,) = out.iterdir()
    assert left.name.startswith(PARTIAL) and any(path.is_file() for path in left.rglob("*"))
    (made,) = export([good], out, Wanted(format=format)).made
    assert made.steps == 100 and made.path.exists()


def test_what_is_missing_is_to_be_installed(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for format, module in (("parquet", "pyarrow"), ("minari", "h5py"), ("minari", "minari")):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, module, None)
            with pytest.raises(UserError, match=rf"needs {module}, which is not installed: pip install 'avatarium\[data\]'"):
                export([good], tmp_path / "out", Wanted(format=format))
    assert not (tmp_path / "out").exists()


def test_a_world_that_ends_before_its_transcript_is_seen(tmp_path: Path) -> None:
    (path,) = play("coordination", {"mover": agents.load("random", "coordination", "mover")}, [3], tmp_path)
    head = json.loads(dict(blocks.read(path))[blocks.HEAD])
    shorter = head["config"] | {"episode_steps": 10}
    assert worlds.spec("coordination").config(**shorter)
    rewritten(path, "shorter.avt", config=shorter)
    with pytest.raises(
        UserError, match=r"shorter\.avt: (the world ends after 10 of the|at step \d+ the world gives other|the world begins)"
    ):
        export([tmp_path / "shorter.avt"], tmp_path / "out")
