"""The window as a player has it: it notes short taps and gamepads, of which the frames between two steps would not tell."""

import time
from typing import Any

from avatarium.render.play.hands import Grip
from avatarium.render.play.pad import Pads
from avatarium.render.viewer.screen import Screen

FRESH_S = 0.5
"""Presses that are older were made while nothing moved, and do not count."""


class Desk(Screen):
    """A window with a keyboard and gamepads. ``left`` tells whether the user has closed it."""

    def __init__(self, title: str, width: int, height: int, scale: float | None = None) -> None:
        super().__init__(title, width, height, scale)
        self.pads = Pads(self._pygame)
        self.left = False
        self._presses: list[tuple[float, str]] = []

    def events(self) -> list[Any]:
        """What the user has done since the last call, as pygame events; the gamepad's start button counts as the space bar."""
        happened, now = super().events(), time.monotonic()
        for event in happened:
            self.pads.watch(event)
            self.left |= event.type == self._pygame.QUIT
            if event.type == self._pygame.KEYDOWN:
                shift = "shift " if event.mod & self._pygame.KMOD_SHIFT and self.key(event).isdigit() else ""
                self._presses.append((now, shift + self.key(event)))
        buttons = self.pads.pressed()
        self._presses += [(now, name) for name in buttons]
        if "pad start" in buttons:
            happened.append(self._pygame.event.Event(self._pygame.KEYDOWN, key=self._pygame.K_SPACE, mod=0, unicode=" "))
        return happened

    def grip(self) -> Grip:
        """What the player's hands do, for the step that is due; presses are told once."""
        fresh = tuple(name for when, name in self._presses if time.monotonic() - when < FRESH_S)
        self._presses.clear()
        return Grip(self.held() | self.pads.buttons(), fresh, self.pads.sticks())

    def close(self) -> None:
        """Close the window and let go of the gamepads."""
        self._pygame.joystick.quit()
        super().close()
