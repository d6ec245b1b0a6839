"""Tracks from text: CSV with a header ``user_id,timestamp,x,y``, and the files of ETH and UCY, ``frame person x y``."""

import csv
import datetime
import math
from collections import defaultdict
from pathlib import Path

import numpy as np

from avatarium.training.trajectory.recording import Recording, even
from avatarium.worlds.core.errors import UserError

HEADER = ("user_id", "timestamp", "x", "y")
ANNOTATED_S = 0.4
"""Between two annotated frames of ETH and UCY, however they are numbered."""
SCENES = {
    "biwi_eth": "ETH",
    "biwi_hotel": "HOTEL",
    "students001": "UNIV",
    "students003": "UNIV",
    "crowds_zara01": "ZARA1",
    "crowds_zara02": "ZARA2",
    "crowds_zara03": "ZARA3",
    "uni_examples": "UNI-EXAMPLES",
}
"""Scenes of the files of ETH and UCY."""
TRAINING_ONLY = ("ZARA3", "UNI-EXAMPLES")
"""Scenes that nobody is tested on."""
Rows = list[tuple[str, float, float, float]]


def read_csv(path: Path) -> Recording:
    """A recording from CSV: timestamps in seconds or ISO 8601, x and y in m, rows in any order.

    Its step is what most often lies between two rows of a person; longer gaps are absences. Raises UserError with the line number.
    """
    lines = list(csv.reader(_text(path).splitlines(), skipinitialspace=True))
    head = [name.strip().lower() for name in lines[0]] if lines else []
    if any(name not in head for name in HEADER):
        raise UserError(f"{path}, line 1: the header has to name {','.join(HEADER)}")
    order = [head.index(name) for name in HEADER]
    rows: Rows = []
    for number, line in enumerate(lines[1:], 2):
        if any(field.strip() for field in line):
            if len(line) < len(head):
                raise UserError(f"{path}, line {number}: {len(line)} fields where the header names {len(head)}")
            who, when, x, y = (line[k].strip() for k in order)
            rows.append((who, _time(path, number, when), _number(path, number, x), _number(path, number, y)))
    times, tracks, people = _tracks(path, rows)
    steps = np.concatenate([np.diff(t) for t in times])
    step_s = _commonest(steps) if len(steps) else 0.0
    if not step_s > 0:
        raise UserError(f"{path} has nobody in more than one row: there is no path to follow")
    return Recording.of(path.stem, path.stem, step_s, people, even(step_s, times, tracks))


def read_frames(path: Path) -> Recording:
    """A recording from rows ``frame person x y`` set apart by tabs or spaces; what most often lies between frames is one step, 0.4 s.

    Raises UserError with the line number.
    """
    rows: Rows = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        fields = line.split()
        if fields:
            if len(fields) != 4:
                raise UserError(f"{path}, line {number}: {len(fields)} numbers where there have to be four, frame, person, x and y")
            frame, who, x, y = (_number(path, number, field) for field in fields)
            rows.append((f"{who:g}", frame, x, y))
    times, tracks, people = _tracks(path, rows)
    frames = np.unique(np.concatenate(times))
    if len(frames) < 2:
        raise UserError(f"{path} has one frame: there is no path to follow")
    places = even(_commonest(np.diff(frames)), times, tracks)
    return Recording.of(path.stem, SCENES.get(path.stem, path.stem), ANNOTATED_S, people, places)


def _tracks(path: Path, rows: Rows) -> tuple[list[np.ndarray], list[np.ndarray], tuple[str, ...]]:
    """(times, places [., 2], names) of everybody, in the order in which they are first named."""
    found: dict[str, dict[float, tuple[float, float]]] = defaultdict(dict)
    for who, when, x, y in rows:
        found[who][when] = (x, y)
    if not found:
        raise UserError(f"{path} is empty: there is no path to follow")
    times = [np.array(sorted(track)) for track in found.values()]
    tracks = [np.array([track[when] for when in sorted(track)]) for track in found.values()]
    return times, tracks, tuple(found)


def _commonest(steps: np.ndarray) -> float:
    """The value most often met, to a microsecond; of equally frequent ones the least."""
    values, counts = np.unique(np.round(steps, 6), return_counts=True)
    return float(values[counts.argmax()])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise UserError(f"cannot read {path}: {failure.strerror}") from failure
    except UnicodeDecodeError as failure:
        raise UserError(f"{path} is not text: give CSV, rows of frame, person, x and y, or a transcript (.avt)") from failure


def _number(path: Path, line: int, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UserError(f"{path}, line {line}: {text!r} is no number")
    return found


def _time(path: Path, line: int, text: str) -> float:
    """Seconds of a timestamp; ISO 8601 without a zone counts as UTC."""
    try:
        return _number(path, line, text)
    except UserError:
        pass
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{path}, line {line}: {text!r} is neither seconds nor a date and time as in 2024-05-01T12:00:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()
