"""The learning curve as data: one line of JSON per update."""

import json
from pathlib import Path
from typing import Any, TextIO

from torch.utils.tensorboard import SummaryWriter

Point = dict[str, float]
"""What one update brought: iteration, seconds, env_steps, decisions, decisions_per_second, return, gauges and learner statistics."""

FILE, BOARD = "history.jsonl", "tensorboard"
NOT_DRAWN = ("iteration", "decisions", "seconds")


class History:
    """Writes points to ``history.jsonl`` and to TensorBoard as they come; both are continued when a run is resumed."""

    def __init__(self, run: Path, iteration: int) -> None:
        """Continue after ``iteration``: what a run that was cut short had written beyond it is dropped."""
        self.points = [point for point in read(run) if point["iteration"] <= iteration]
        run.mkdir(parents=True, exist_ok=True)
        (run / FILE).write_text("".join(json.dumps(point) + "\n" for point in self.points))
        self._file: TextIO = (run / FILE).open("a")
        decisions = int(self.points[-1]["decisions"]) if self.points else 0
        self._board: Any = SummaryWriter(str(run / BOARD), purge_step=decisions + 1)

    def append(self, point: Point) -> None:
        """Take down a point."""
        self.points.append(point)
        self._file.write(json.dumps(point) + "\n")
        self._file.flush()
        for name, value in point.items():
            if name not in NOT_DRAWN:
                self._board.add_scalar(name, value, int(point["decisions"]))

    def close(self) -> None:
        """Write what is left."""
        self._file.close()
        self._board.close()


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
