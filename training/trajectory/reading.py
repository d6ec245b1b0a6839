"""Recordings from files: transcripts, CSV, and the text of ETH and UCY, told apart by their names and first lines."""

from collections.abc import Callable, Sequence
from pathlib import Path

from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.texts import read_csv, read_frames
from avatarium.training.trajectory.transcripts import read_transcript
from avatarium.worlds.core.errors import UserError

SUFFIXES = (".avt", ".csv", ".txt")


def read(path: Path) -> Recording:
    """The recording in a file. Raises UserError, with the line where there is one, when it cannot be read."""
    if path.suffix == ".avt":
        return read_transcript(path)
    return read_csv(path) if path.suffix == ".csv" else read_frames(path)


def read_all(paths: Sequence[Path], step_s: float | None = None, progress: Callable[[int], None] = lambda files: None) -> list[Recording]:
    """Recordings in files, and in all files of folders that end in one of ``SUFFIXES``, at one step of time.

    The step is ``step_s``, else the one that the files have, or 0.4 s for transcripts. Raises UserError where that is not one step.
    """
    found = []
    for path in files(paths):
        recording = read(path)
        found.append(recording.resampled(step_s if step_s is not None else 0.4 if path.suffix == ".avt" else recording.step_s))
        progress(1)
    steps = sorted({round(recording.step_s, 6) for recording in found})
    if len(steps) > 1:
        raise UserError(f"these files have steps of {steps[0]:g} s up to {steps[-1]:g} s: give one for all of them by --step")
    return found


def files(paths: Sequence[Path]) -> list[Path]:
    """All files at ``paths``, sorted within folders. Raises UserError where there are none."""
    found: list[Path] = []
    for path in paths:
        some = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.stem != "SHA256SUMS") if path.is_dir() else [path]
        if not some:
            raise UserError(f"there is nothing to read in {path}: give files that end in {', '.join(SUFFIXES)}, or folders of them")
        found += some
    return list(dict.fromkeys(found))
