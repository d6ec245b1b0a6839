"""The command line: what it lists, how it says what is wrong, and its exit codes."""

import argparse
import errno
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds import cli
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import Recorder


class Trip:
    """A command that does what its argument says."""

    help = "trip over something"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("over", choices=("mistake", "interrupt", "pipe", "full", "broken", "nothing"))

    def run(self, args: argparse.Namespace) -> int:
        if args.over == "mistake":
            raise UserError("tie your laces")
        if args.over == "interrupt":
            raise KeyboardInterrupt
        if args.over == "pipe":
            raise BrokenPipeError
        if args.over == "full":
            raise OSError(errno.ENOSPC, "No space left on device", "a.avt")
        if args.over == "broken":
            raise OSError(errno.EIO, "Input/output error")
        return 5


@pytest.fixture
def tripping(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if another package had the commands ``trip``, and ``broken``, which cannot be imported."""
    found = [metadata.EntryPoint("trip", f"{__name__}:Trip", cli.GROUP), metadata.EntryPoint("broken", "no.such.module:Command", cli.GROUP)]
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or sys.modules[Trip.__module__])
    monkeypatch.setattr(cli, "entry_points", lambda group: found)


def avatarium(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run([Path(sys.executable).with_name("avatarium"), *words], capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_a_line() -> None:
    done = avatarium("--help")
    assert done.returncode == 0
    names = {entry.name for entry in metadata.entry_points(group=cli.GROUP)}
    assert {"worlds", "verify", "bench", "play", "watch", "record", "train", "evaluate", "submit", "leaderboard", "doctor"} <= names
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert set(lines) == names
    assert not [line for line in lines.values() if "cannot be loaded" in line]


def test_no_words_list_the_commands_as_well() -> None:
    assert avatarium().stdout == avatarium("--help").stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == metadata.version("avatarium")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trian"], "there is no command 'trian': did you mean 'train'?"),
        (["worlds", "wayfindin"], "there is no world 'wayfindin': did you mean 'wayfinding'?"),
        (["worlds", "wayfinding", "--set", "walkrs=3"], "there is no setting 'walkrs': did you mean 'walkers'?"),
        (["worlds", "wayfinding", "--set", "walkers=300"], "setting 'walkers' is 300, but it has to lie between 1 and 16"),
        (["worlds", "wayfinding", "--set", "walkers"], "'walkers' is not of the form setting=value"),
        (["worlds", "nowhere:WORLD"], "there is no module 'nowhere'"),
        (["worlds", "--colour"], "unrecognized arguments: --colour (see avatarium worlds --help)"),
        (["verify"], "the following arguments are required: FILE (see avatarium verify --help)"),
        (["bench", "world"], "invalid choice: 'world'"),
        (["bench", "worlds", "--seconds", "0"], "a window has to last a while"),
        (["verify", "no.avt"], "no.avt"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_code_2(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert told.err.startswith("avatarium: ")
    assert told.out == ""


@pytest.mark.usefixtures("tripping")
@pytest.mark.parametrize(
    ("over", "code", "told"),
    [
        ("mistake", 2, "tie your laces"),
        ("interrupt", 130, "interrupted"),
        ("full", 2, "avatarium: a.avt cannot be written (No space left on device): make room, then try again\n"),
        ("nothing", 5, ""),
    ],
)
def test_exit_codes(over: str, code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trip", over]) == code
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("tripping")
def test_what_nobody_can_mend_is_not_hidden() -> None:
    with pytest.raises(OSError, match="Input/output error"):
        cli.main(["trip", "broken"])


@pytest.mark.usefixtures("tripping")
def test_a_command_that_cannot_be_loaded_does_not_hide_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert "trip    trip over something" in listed
    assert "broken  (cannot be loaded: No module named 'no')" in listed


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{Path(sys.executable).with_name('avatarium')} worlds wayfinding | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout == "# wayfinding, version 1\n"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_finds_no_room_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        command = [Path(sys.executable).with_name("avatarium"), "worlds"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "avatarium: a file cannot be written (No space left on device): make room, then try again\n",
    )


def test_worlds_are_listed_with_a_summary_and_diagnostics_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["worlds"]) == 0
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["wayfinding", worlds.spec("wayfinding").summary] in rows[: rows.index([])]
    assert [row[0] for row in rows[rows.index([]) + 2 :]] == worlds.names("diagnostic")
    assert cli.main(["worlds", "--tag", "no such tag"]) == 0
    assert capsys.readouterr().out == ""


def test_the_card_of_a_world_tells_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["worlds", "wayfinding", "--set", "walkers=3"]) == 0
    card = capsys.readouterr().out
    spec = worlds.spec("wayfinding")
    role = spec.roles(spec.config())[0]
    told = (
        [f.meaning for f in role.features]
        + [c for h in role.heads for c in h.choices]
        + list(role.terms)
        + [e.meaning for e in spec.events]
    )
    assert not [words for words in told if words not in card]
    assert "Role walker, 3 by these settings" in card
    assert "`rewards.progress`" in card


def test_continuous_controls_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["worlds", "wayfinding", "--set", "control=continuous"]) == 0
    assert "Acts by 3 numbers from -1 to 1: forward, left, turn." in capsys.readouterr().out


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[], Path]:
    """Records a short episode and returns its file."""

    def record() -> Path:
        batch = worlds.make_batch("wayfinding", autoreset=False, walkers=2, episode_steps=50)
        batch.reset([3])
        recorder, rng = Recorder(tmp_path, batch, seeds=[3]), np.random.default_rng(0)
        while not batch.ended.all():
            batch.step(random_actions(batch, rng))
            recorder.step()
        recorder.close()
        return recorder.paths[0]

    return record


def test_verify_says_whether_a_transcript_is_true(recorded: Callable[[], Path], capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded()
    assert cli.main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"ok  {path}: all 50 steps")


def test_verify_refuses_what_is_no_transcript(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "not.avt"
    path.write_bytes(b"not a transcript")
    assert cli.main(["verify", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_bench_measures_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "figures.json"
    words = ["bench", "worlds", "wayfinding", "--num-envs", "4", "--seconds", "0.01", "--set", "walkers=2", "--json", str(file)]
    assert cli.main(words) == 0
    figures = json.loads(file.read_text())
    assert [(row["way"], row["num_envs"], row["agents"]) for row in figures["rows"]] == [
        ("arrays", 4, 2),
        ("arrays", 1, 2),
        ("PettingZoo", 1, 2),
    ]
    assert all(row["agent_steps_per_s"] > 0 for row in figures["rows"])
    assert figures["machine"]["cores"] >= 1
    assert capsys.readouterr().out.count("wayfinding") == 3
