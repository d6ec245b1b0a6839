"""What a person sees while training goes on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from avatarium.training.run.history import Point

LINE_SECONDS = 30.0
"""How often a line is printed where there is no terminal to draw a bar in."""


class Display(Protocol):
    """Shows how training goes."""

    def show(self, done: float, point: Point) -> None:
        """Share of the training that lies behind, and the latest point of the curve."""

    def say(self, sentence: str) -> None:
        """Something that happened."""


class Bar:
    """A progress bar that is redrawn in place."""

    def __init__(self, progress: Progress, name: str, shown: tuple[str, ...]) -> None:
        self._progress, self._shown = progress, shown
        self._task = progress.add_task(name, total=1.0, facts="starting")

    def show(self, done: float, point: Point) -> None:
        """Redraw."""
        self._progress.update(self._task, completed=done, facts=facts(done, point, self._shown))

    def say(self, sentence: str) -> None:
        """Print above the bar."""
        self._progress.console.print(Text(sentence), soft_wrap=True)


class Lines:
    """A line now and then, for logs."""

    def __init__(self, console: Console, name: str, shown: tuple[str, ...]) -> None:
        self._console, self._name, self._shown = console, name, shown
        self._next = 0.0

    def show(self, done: float, point: Point) -> None:
        """Print, when the last line is some time ago or training is over."""
        if time.monotonic() >= self._next or done >= 1.0:
            self._next = time.monotonic() + LINE_SECONDS
            self._console.print(Text(f"{self._name} {done:4.0%}  {facts(done, point, self._shown)}"), soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print."""
        self._console.print(Text(f"{self._name}       {sentence}"), soft_wrap=True)


class Silence:
    """Nothing at all."""

    def show(self, done: float, point: Point) -> None:
        """Keep quiet."""

    def say(self, sentence: str) -> None:
        """Keep quiet."""


@contextmanager
def display(console: Console, name: str, shown: tuple[str, ...], quiet: bool) -> Iterator[Display]:
    """What suits the console: a bar in a terminal, else lines; nothing when ``quiet``."""
    if quiet:
        yield Silence()
    elif console.is_terminal:
        columns = (
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[facts]}"),
        )
        with Progress(*columns, console=console) as progress:
            yield Bar(progress, name, shown)
    else:
        yield Lines(console, name, shown)


def facts(done: float, point: Point, shown: tuple[str, ...]) -> str:
    """The point in words: return, the gauges in ``shown``, speed, time left."""
    parts = [f"return {point['return']:.2f}"] if "return" in point else []
    parts += [f"{name} {point[name]:.2f}" for name in shown if name in point]
    parts.append(f"{point['decisions_per_second'] / 1000:.0f} k steps/s")
    if point.get("runners", 0) < point.get("runners_wanted", 0):
        parts.append(f"{point['runners']:.0f} of {point['runners_wanted']:.0f} runners")
    if 0 < done < 1:
        left = point["seconds"] * (1 - done) / done
        parts.append(
            f"{left // 3600:.0f}:{left // 60 % 60:02.0f}:{left % 60:02.0f} left"
            if left >= 3600
            else f"{left // 60:.0f}:{left % 60:02.0f} left"
        )
    return "  ".join(parts)
