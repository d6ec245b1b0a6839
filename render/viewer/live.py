"""Watching a training run: the newest episode in a window, the next one as soon as there is one, and the curve so far."""

import time

import numpy as np

from avatarium.render.draw.frames import Studio
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.theme import Theme
from avatarium.render.viewer import curves
from avatarium.render.viewer.keys import KEYS
from avatarium.render.viewer.layout import Layout, Rect
from avatarium.render.viewer.run import Run
from avatarium.render.viewer.screen import Screen
from avatarium.render.viewer.source import Replay
from avatarium.render.viewer.viewer import Viewer
from avatarium.render.viewer.window import Loop
from avatarium.worlds.core.transcript import Transcript

LOOK_S = 1.0
"""Seconds between looks at the run's folder."""

_NOT_SCORES = ("iteration", "env_steps", "decisions", "seconds", "decisions_per_second", "lr_scale", "return")


class Progress:
    """The panel that tells how a training comes along."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.iteration: int | None = None
        """Of the episode that is shown; 0 for the last one of a run that has ended, None while there is none."""

    def draw(self, sheet: Sheet, room: Rect) -> None:
        """Iteration and decisions, the return so far, and the first score that the run keeps."""
        points = self._run.points()
        shown = f"episode of iteration {self.iteration}" if self.iteration else "last episode"
        shown = self._run.folder.name if self.iteration is None else shown
        state = "training has ended" if self._run.ended else f"training is at {self._run.iteration}"
        series = [name for name in ("return", score_of(points)) if name and any(name in point for point in points)]
        while series and 54 + 58 * len(series) > room.height:
            series.pop()
        height = 50.0 + 58 * len(series)
        if height > room.height:
            return
        sheet.panel(room.x, room.y, room.width, height)
        inner = room.width - 32
        sheet.text(sheet.fit(shown, inner, 13, True), room.x + 16, room.y + 9, 13, bold=True)
        sheet.text(sheet.fit(state, inner, 12), room.x + 16, room.y + 27, 12, sheet.theme.muted)
        for k, name in enumerate(series):
            rows = np.array([point[name] for point in points if name in point], np.float32)
            _curve(sheet, Rect(room.x + 16, room.y + 46 + 58 * k, inner, 50), name, rows)


def score_of(points: list[dict[str, float]]) -> str:
    """The first score that a run's curve has beside the return; nothing where it has none."""
    return next((name for name in (points[-1] if points else {}) if name not in _NOT_SCORES and "/" not in name), "")


def _curve(sheet: Sheet, room: Rect, name: str, rows: np.ndarray) -> None:
    sheet.box(room.x, room.y + 1, room.width, 1, sheet.theme.rail)
    value = f"{rows[-1]:.2f}"
    sheet.text(value, room.x + room.width, room.y + 5, 12, sheet.theme.accent, True, 1.0)
    sheet.text(sheet.fit(name.replace("_", " "), room.width - sheet.length(value, 12, True) - 8, 12), room.x, room.y + 5, 12)
    curves.line(sheet, Rect(room.x, room.y + 25, room.width, 24), rows, sheet.theme.accent, grounded=False)


def wait(run: Run, screen: Screen, studio: Studio, theme: Theme) -> tuple[int, Transcript] | None:
    """Show that an episode is awaited until there is one, or the last one of a run that has ended; None when the window is closed."""
    progress, looked = Progress(run), 0.0
    while True:
        for event in screen.events():
            if screen.kind(event) == "quit" or (screen.kind(event) == "keydown" and screen.key(event) in ("escape", "q")):
                return None
        if time.monotonic() - looked > LOOK_S:
            looked = time.monotonic()
            found = _first(run)
            if found is not None:
                return found
            screen.show(waiting(run, progress, studio, screen, theme))
        time.sleep(1 / 30)


def _first(run: Run) -> tuple[int, Transcript] | None:
    if not run.ended:
        run.ask()
        return run.newest()
    last = run.last()
    return (0, last) if last is not None else run.newest()


def waiting(run: Run, progress: Progress, studio: Studio, screen: Screen, theme: Theme) -> np.ndarray:
    """The picture shown while there is no episode yet, uint8 [height, width, 3]."""
    width, height = screen.size
    behind = np.full((height, width, 3), theme.surfaces.backdrop[0], np.uint8)
    sheet = studio.sheet
    if sheet is None:
        return behind
    sheet.clear(width, height, screen.scale, theme)
    layout = Layout(sheet.width, sheet.height)
    words = f"waiting for the next episode of iteration {run.iteration + 1} …"
    if run.ended:
        words = "training has ended, and kept no episode to show"
    for k, row in enumerate(sheet.wrap(words, layout.width - 40, 15, True)):
        sheet.text(row, layout.width / 2, layout.height / 2 - 40 + 22 * k, 15, None, True, 0.5)
    wide = min(layout.width - 40, 300.0)
    progress.draw(sheet, Rect((layout.width - wide) / 2, layout.height / 2, wide, layout.height / 2 - 20))
    return sheet.over(behind)


class Following(Loop):
    """Goes on to newer episodes of a run: at the end of the one that is shown, or at once by key."""

    def __init__(self, viewer: Viewer, screen: Screen, backend: str, run: Run, iteration: int) -> None:
        super().__init__(viewer, screen, backend)
        self._run, self._looked = run, 0.0
        self._next: tuple[int, Transcript] | None = None
        self._ended = False
        self.progress = Progress(run)
        self.progress.iteration = iteration
        viewer.side = self.progress
        viewer.keys = (("J", "the newest episode, at once"),)

    def _pass(self, seconds: float) -> None:
        super()._pass(seconds)
        if time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            self._look()
        if self._next is not None and not self.viewer.playing and self.viewer.now >= self.viewer.last:
            self._take()

    def _look(self) -> None:
        """See what the run has written."""
        shown = self._next[0] if self._next else self.progress.iteration or 0
        if self._run.ended and not self._ended:
            self._ended = True
            last = self._run.last()
            if last is not None and self.progress.iteration:
                self._next = (0, last)
            self.viewer.say("training has ended", 6.0)
        if not self._run.ended:
            self._ended = False
            self._run.ask()
            found = self._run.newest(shown)
            if found is not None:
                self._next = found
                self.viewer.say(f"there is a newer episode, of iteration {found[0]}: J shows it at once", 4.0)

    def _take(self) -> None:
        """Show the newest episode."""
        if self._next is None:
            self.viewer.say("there is no newer episode yet")
            return
        self.progress.iteration, transcript = self._next
        self._next = None
        self.viewer.show(Replay(transcript))

    def _key(self, name: str, shift: bool) -> None:
        if KEYS.get(name) == "newest":
            self._take()
        else:
            super()._key(name, shift)
