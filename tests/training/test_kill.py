"""What happens to a run when its process is killed, or when the disk is full: little is lost, nothing is left behind, and it goes on."""

import errno
import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

INTERVAL_S = 0.6
WORDS = ["lanes:WORLD", "--minutes", "5", "--evaluate", "0", "--envs", "16", "--seed", "3"]
SETTINGS = ("fragment=20", "epochs=2", "minibatch=160", "lr=0.005", "hidden=16", f"checkpoint_minutes={INTERVAL_S / 60}")
WORDS += [word for name in SETTINGS for word in ("--train", name)]
LINGERING = {"ray::DashboardA", "ray::RuntimeEnv"}
"""Ray's own agents notice the end of their node at once, but try for a minute to report it to a server that has gone, too."""
DISK_BYTES = 1 << 20


def test_a_killed_run_loses_an_interval_at_most_and_goes_on(training: Callable[..., Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    one = training(run, *WORDS, "--out", "run", "--runners", "1")
    one.wait_until(lambda: 0 < max(one.checkpoints(), default=0) < len(one.points()) - 1)
    one.process.send_signal(signal.SIGKILL)
    one.process.wait()
    known, last = one.points(), max(one.checkpoints())
    assert [point["iteration"] for point in known] == list(range(1, len(known) + 1))
    lost_s = known[-1]["seconds"] - known[last - 1]["seconds"]
    longest_s = max(after["seconds"] - before["seconds"] for before, after in itertools.pairwise(known))
    assert lost_s <= INTERVAL_S + longest_s
    assert one.left_behind(seconds=30, but=LINGERING) == {}

    steps = int(known[-1]["decisions"]) + 2000
    again = training(run, "--resume", "run", "--runners", "0", "--steps", str(steps), "--evaluate", "0", "--quiet")
    assert again.process.communicate(timeout=240) == ("", "")
    assert again.process.returncode == 0
    assert again.left_behind(seconds=5) == {}
    found = again.points()
    assert found[:last] == known[:last]
    assert [point["iteration"] for point in found] == list(range(1, len(found) + 1))
    assert found[-1]["decisions"] >= steps > found[-2]["decisions"]
    assert found[last]["seconds"] - found[last - 1]["seconds"] < 60  # the clock of training stood still in between


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[int], None]]]:
    """A folder, and a function that lets the process of an id find no room there: a small file system, filled up.

    Who may not mount one gets a limit on the size of that process's files, which looks much the same to it.
    """
    folder, filler = tmp_path / "disk", tmp_path / "disk" / "filler"
    folder.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = mounted and subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(pid: int) -> None:
        if not mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, 4096))
            return
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError as full:
                assert full.errno == errno.ENOSPC

    yield folder, fill
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.usefixtures("ray_running")
def test_a_full_disk_is_one_sentence_and_spoils_no_checkpoint(
    disk: tuple[Path, Callable[[int], None]], training: Callable[..., Any], train: Callable[..., Any]
) -> None:
    folder, fill = disk
    run = folder / "run"
    one = training(run, *WORDS, "--out", "run", "--quiet")
    one.wait_until(lambda: max(one.checkpoints(), default=0) > 0)
    fill(one.process.pid)
    told, complaint = one.process.communicate(timeout=120)
    assert (one.process.returncode, told) == (2, "")
    assert complaint.startswith("avatarium: ") and complaint.count("\n") == 1
    assert "cannot be written (No space left on device)" in complaint or "cannot be written (File too large)" in complaint
    assert one.left_behind(seconds=30) == {}
    (folder / "filler").unlink(missing_ok=True)
    whole, steps = max(one.checkpoints()), int(one.points()[-1]["decisions"]) + 2000
    assert train("--resume", str(run), "--steps", str(steps), "--evaluate", "0", "--quiet") == (0, "", "")
    assert [point["iteration"] for point in one.points()] == list(range(1, len(one.points()) + 1))
    assert max(one.checkpoints()) > whole
