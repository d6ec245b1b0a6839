"""The learning curve as data: one line of JSON per update."""

import contextlib
import json
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from avatarium.worlds.core.errors import UserError

Point = dict[str, float]
"""What one update brought: iteration, seconds, env_steps, decisions, decisions_per_second, return, gauges and learner statistics."""

FILE, BOARD = "history.jsonl", "tensorboard"
NOT_DRAWN = ("iteration", "decisions", "seconds")


class History:
    """Writes points to ``history.jsonl`` and to TensorBoard as they come; both are continued when a run is resumed."""

    def __init__(self, run: Path, iteration: int) -> None:
        """Continue after ``iteration``: what a run that was cut short had written beyond it is dropped."""
        self._run = run
        self.points = [point for point in read(run) if point["iteration"] <= iteration]
        with self._complaints():
            run.mkdir(parents=True, exist_ok=True)
            self.rewrite()
            self._file: TextIO = (run / FILE).open("a")
            self._board = Board(run / BOARD, int(self.points[-1]["decisions"]) + 1 if self.points else 1)

    def append(self, point: Point) -> None:
        """Take down a point. Raises UserError when it cannot be written, for example because the disk is full."""
        self.points.append(point)
        with self._complaints():
            self._file.write(json.dumps(point) + "\n")
            self._file.flush()
            self._board.add(int(point["decisions"]), {name: value for name, value in point.items() if name not in NOT_DRAWN})

    def rewrite(self) -> None:
        """Write all points anew: the last may have been cut off when there was no room."""
        with self._complaints():
            draft = self._run / f".{FILE}"  # so that whoever is killed while writing loses nothing
            draft.write_text("".join(json.dumps(point) + "\n" for point in self.points))
            draft.replace(self._run / FILE)

    @contextlib.contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise UserError(
                f"the learning curve of {self._run} cannot be written ({fault.strerror or fault}): make room, "
                f"then go on from the last checkpoint with avatarium train --resume {self._run}"
            ) from None

    def close(self) -> None:
        """Close the files; what could not be written was complained about when it came."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._board.close()


class Board:
    """An event file of TensorBoard. TensorBoard's own writer has a thread, which dies with a traceback when the disk is full."""

    def __init__(self, folder: Path, first: int) -> None:
        """Points from ``first`` decisions on that earlier files in ``folder`` hold are not shown any more."""
        folder.mkdir(parents=True, exist_ok=True)
        self._records: Any = RecordWriter((folder / f"events.out.tfevents.{time.time_ns()}.{platform.node()}").open("wb"))
        self._write(Event(file_version="brain.Event:2"))
        self._write(Event(step=first, session_log=SessionLog(status=SessionLog.START)))

    def add(self, step: int, values: dict[str, float]) -> None:
        """Take down the values at ``step`` by name."""
        self._write(Event(step=step, summary=Summary(value=[Summary.Value(tag=name, simple_value=v) for name, v in values.items()])))

    def _write(self, event: Any) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()

    def close(self) -> None:
        """Close the file."""
        self._records.close()


def read(run: Path) -> list[Point]:
    """The points of a run; a last line that was cut off is left out."""
    if not (run / FILE).is_file():
        return []
    points = []
    for line in (run / FILE).read_text().splitlines():
        try:
            points.append(json.loads(line))
        except ValueError:
            break
    return points
