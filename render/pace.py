"""How much quality the machine can afford: less where frames take too long, more again where there is time to spare."""

import statistics
from collections import deque

from avatarium.render.picture import Quality

LEVELS = (Quality(4, 2048, True), Quality(1, 2048, True), Quality(1, 1024, True), Quality(1, 1024, False), Quality(1, 0, False))
"""From best to fastest."""

SLOW_S, QUICK_S = 1 / 18, 1 / 60
"""A level whose frames take longer than the first is left; one whose frames take less than the second may be too modest."""

_WINDOW = 9


class Pace:
    """Chooses the level from the times that frames took. A level that was too slow once is not tried again."""

    def __init__(self) -> None:
        self.level = 0
        self._best = 0
        self._times: deque[float] = deque(maxlen=_WINDOW)

    @property
    def quality(self) -> Quality:
        """What the next frame should cost."""
        return LEVELS[self.level]

    def note(self, seconds: float) -> None:
        """Take in how long a frame took to draw; after every few frames the level may change."""
        self._times.append(seconds)
        if len(self._times) < _WINDOW:
            return
        usual = statistics.median(self._times)
        if usual > SLOW_S and self.level < len(LEVELS) - 1:
            self.level += 1
            self._best = self.level
            self._times.clear()
        elif usual < QUICK_S / 2 and self.level > self._best:
            self.level -= 1
            self._times.clear()
