"""Files by their hash: whole or not there, told when they are missing or damaged, swept up after those who were killed."""

import errno
import hashlib
import os
import subprocess
import sys
import time

import pytest

from avatarium.leaderboards.database import processes
from avatarium.leaderboards.database.artefacts import SCRATCH, ArtefactError, Artefacts, beside
from avatarium.leaderboards.database.trouble import DiskFullError
from avatarium.worlds.core.errors import UserError

CONTENT = b"somebody walked" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def artefacts(request, tmp_path):
    return Artefacts(tmp_path / "files" if request.param == "folder" else f"memory://{tmp_path.name}")


@pytest.fixture
def folder(tmp_path):
    return Artefacts(tmp_path / "files")


def everything(artefacts):
    return sorted(p.name for p in artefacts.folder.rglob("*") if p.is_file())


def test_a_file_is_found_by_its_hash(artefacts, tmp_path):
    assert artefacts.put(CONTENT, ".avt") == DIGEST
    assert artefacts.put(CONTENT, ".avt") == DIGEST
    assert artefacts.read(DIGEST) == CONTENT
    assert artefacts.fetch(DIGEST, tmp_path).read_bytes() == CONTENT
    assert artefacts.check([DIGEST]) == []


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "*", ""])
def test_a_missing_file_is_told(artefacts, digest):
    artefacts.put(CONTENT, ".avt")
    with pytest.raises(ArtefactError, match="is missing from"):
        artefacts.read(digest)


def test_a_damaged_file_is_told_and_mended_by_writing_it_again(folder):
    folder.put(CONTENT, ".avt")
    path = folder.fetch(DIGEST, folder.folder)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(ArtefactError, match=f"{DIGEST[:16]} in .* is damaged: take it from a copy"):
        folder.read(DIGEST)
    assert len(folder.check([DIGEST, "0" * 64])) == 2
    folder.put(CONTENT, ".avt")
    assert folder.read(DIGEST) == CONTENT


@pytest.mark.parametrize("step", ["write", "mv", "fsync"])
def test_a_full_disk_leaves_nothing_half_done(folder, monkeypatch, step):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        if step == "write":
            patched.setattr("fsspec.implementations.local.LocalFileOpener.write", full, raising=False)
        elif step == "mv":
            patched.setattr(folder._files, "mv", full)
        else:
            patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError, match="is full: make room and give the same command again"):
            folder.put(CONTENT, ".avt")
    assert everything(folder) == []
    folder.put(CONTENT, ".avt")
    assert folder.read(DIGEST) == CONTENT


def test_a_disk_that_is_really_full(tmp_path):
    """Within a limit on the size of files, which is as much as a small disk."""
    code = (
        "import resource, sys; from avatarium.leaderboards.database.artefacts import Artefacts;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); files = Artefacts(sys.argv[1]);"
        "files.put(b'x' * 4000); files.put(b'y' * 50000)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "files"], capture_output=True, text=True, check=False)
    assert "DiskFullError: the disk that holds" in done.stderr
    files = Artefacts(tmp_path / "files")
    assert everything(files) == [hashlib.sha256(b"x" * 4000).hexdigest()]


def test_scratch_goes_when_it_was_used(artefacts):
    with artefacts.scratch() as folder:
        (folder / "episode.avt").write_bytes(CONTENT)
    assert not folder.exists()


def test_what_the_killed_leave_behind_is_swept(folder):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ours, other = f"{SCRATCH}{processes.machine()}-pid-{os.getpid()}", f"{SCRATCH}elsewhere-pid-7"
    for name in (f"{SCRATCH}{processes.machine()}-pid-{gone.pid}", ours, other):
        (folder.folder / name).mkdir(parents=True)
        (folder.folder / name / "half").write_bytes(b"x")
    folder.put(CONTENT, ".avt")
    assert folder.sweep() == 1
    assert {p.name for p in folder.folder.iterdir()} == {ours, other, DIGEST[:2]}
    long_ago = time.time() - 3 * 86400
    os.utime(folder.folder / other, (long_ago, long_ago))
    assert folder.sweep() == 1
    assert folder.read(DIGEST) == CONTENT


def test_files_lie_beside_the_board_unless_it_is_a_server(tmp_path):
    assert beside(tmp_path / "board.sqlite").folder == tmp_path / "artefacts"
    assert beside(f"sqlite:///{tmp_path}/board.sqlite").folder == tmp_path / "artefacts"
    assert beside("postgresql://host/board", tmp_path).folder == tmp_path
    with pytest.raises(UserError, match="--artefacts"):
        beside("postgresql://host/board")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be used"):
        Artefacts(tmp_path / "file" / "below").put(CONTENT)
