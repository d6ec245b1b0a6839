"""How much quality the machine can afford: less where frames take too long, more again where there is time to spare."""

import statistics
from collections import deque

from avatarium.render.draw.picture import Quality

LEVELS = (
    Quality(4, 2048, True),
    Quality(1, 2048, True),
    Quality(1, 1024, True),
    Quality(1, 1024, True, 0.75),
    Quality(1, 1024, False, 0.6),
    Quality(1, 0, False, 0.5),
)
"""From best to fastest."""

SLOW_S, QUICK_S = 1 / 18, 1 / 60
"""A level whose frames take longer than the first is left; one whose frames take less than the second may be too modest."""

_WINDOW = 9
_AGAIN = 600
"""Frames after which a level that was too slow may be tried again: perhaps something else kept the machine busy."""


class Pace:
    """Chooses the level from the times that frames took. A level that was too slow is left alone for a long while."""

    def __init__(self) -> None:
        self.level = 0
        self._best, self._frames = 0, 0
        self._times: deque[float] = deque(maxlen=_WINDOW)

    @property
    def quality(self) -> Quality:
        """What the next frame should cost."""
        return LEVELS[self.level]

    def note(self, seconds: float) -> None:
        """Take in how long a frame took to draw; after every few frames the level may change."""
        self._times.append(seconds)
        self._frames += 1
        if self._frames >= _AGAIN:
            self._best, self._frames = max(self._best - 1, 0), 0
        if len(self._times) < _WINDOW:
            return
        usual = statistics.median(self._times)
        if usual > SLOW_S and self.level < len(LEVELS) - 1:
            self.level += 1
            self._best, self._frames = self.level, 0
            self._times.clear()
        elif usual < QUICK_S / 2 and self.level > self._best:
            self.level -= 1
            self._times.clear()
