"""The window itself: a surface that shows frames, and what the user does at it."""

import math
import os
import platform
from typing import Any

import numpy as np

from avatarium.worlds.core.errors import UserError, need

SMALLEST = (320, 240)
_INSTEAD = "or do without one (watch --screenshot, record)"


def display() -> str:
    """The display that windows open on, empty where there is none; without one SDL would draw where nobody sees it."""
    if platform.system() in ("Darwin", "Windows"):
        return "desktop"
    names = [name for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    return ", ".join(f"{name}={os.environ[name]}" for name in names)


def natural_scale(height: int) -> float:
    """Pixels to a point on a display of so many lines: 1 up to 1440, 1.5 from 1620, 2 from 2160."""
    return min(max(math.floor(height / 1080 * 2) / 2, 1.0), 4.0)


class Screen:
    """A window that shows frames. Raises UserError where there is no display.

    ``scale`` is how many pixels make a point of text and panels. Without it the display's height tells, and the window becomes larger
    in the same measure.
    """

    def __init__(self, title: str, width: int, height: int, scale: float | None = None) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self._pygame = need("pygame", "render")
        if not display():
            raise UserError(f"no window can be opened without a display: set DISPLAY, {_INSTEAD}")
        try:
            self._pygame.display.init()
            self.scale = natural_scale(self._pygame.display.get_desktop_sizes()[0][1]) if scale is None else scale
            grown = 1.0 if scale is not None else self.scale
            self._pygame.display.set_mode((round(width * grown), round(height * grown)), self._pygame.RESIZABLE)
        except self._pygame.error as failure:
            raise UserError(f"no window can be opened here ({failure}): set DISPLAY, {_INSTEAD}") from failure
        self._pygame.display.set_caption(title)
        self._down: set[str] = set()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height (px) that frames should have now."""
        width, height = self._pygame.display.get_surface().get_size()
        return max(width, SMALLEST[0]), max(height, SMALLEST[1])

    def show(self, frame: np.ndarray) -> None:
        """Put uint8 [height, width, 3] on the screen."""
        height, width = frame.shape[:2]
        image = self._pygame.image.frombuffer(np.ascontiguousarray(frame).data, (width, height), "RGB")
        self._pygame.display.get_surface().blit(image, (0, 0))
        self._pygame.display.flip()

    def shown(self) -> np.ndarray:
        """What the window shows now, uint8 [height, width, 3]."""
        picture: np.ndarray = self._pygame.surfarray.array3d(self._pygame.display.get_surface()).transpose(1, 0, 2)
        return picture

    def events(self) -> list[Any]:
        """What the user has done since the last call, as pygame events."""
        happened = list(self._pygame.event.get())
        for event in happened:
            if event.type == self._pygame.KEYDOWN:
                self._down.add(self.key(event))
            elif event.type == self._pygame.KEYUP:
                self._down.discard(self.key(event))
            elif event.type == self._pygame.WINDOWFOCUSLOST:  # the window is not told of keys that are let go elsewhere
                self._down.clear()
        return happened

    def held(self) -> frozenset[str]:
        """Names of the keys that are down, as ``pygame.key.name`` gives them."""
        return frozenset(self._down)

    def key(self, event: Any) -> str:
        """The name of an event's key, as ``pygame.key.name`` gives it."""
        return str(self._pygame.key.name(event.key))

    def kind(self, event: Any) -> str:
        """What sort of event it is, in small letters, such as ``keydown``."""
        return str(self._pygame.event.event_name(event.type)).lower()

    def retitle(self, title: str) -> None:
        """Write another title above the window."""
        self._pygame.display.set_caption(title)

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()
