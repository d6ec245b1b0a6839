"""A viewer of an episode that is being lived: between two steps it shows the way from one to the other."""

from avatarium.render.viewer.source import STEP_S
from avatarium.render.viewer.viewer import Viewer


class Living(Viewer):
    """Shows what goes on a step late, so that figures glide where the world only knows steps of a tenth of a second."""

    _newest, _since_s = 0, 0.0

    def advance(self, seconds: float) -> None:
        """Let wall-clock time pass: the moment shown goes on towards the newest step, and waits there for the next one."""
        if self.live:
            if self.source.last != self._newest:
                self._newest, self._since_s = self.source.last, 0.0
            elif self.playing:
                self._since_s += seconds
            self.now = max(0.0, self._newest - 1 + min(self._since_s / STEP_S, 1.0))
        super().advance(seconds)
