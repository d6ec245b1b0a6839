"""Gamepads: what pygame's joysticks tell, as sticks and named buttons; they may be plugged in and pulled out at any time."""

from typing import Any, NamedTuple, Protocol

Sticks = tuple[float, float, float, float]
"""Left stick to the right and up, right stick to the right and up, each from -1 to 1."""
CENTRE: Sticks = (0.0, 0.0, 0.0, 0.0)
SLACK, PULLED = 0.2, 0.3
"""Deflections below which a stick counts as let go, and from which on a trigger counts as pulled."""


class Layout(NamedTuple):
    """Where a kind of gamepad has what: numbers of axes, and names of buttons by number."""

    right: tuple[int, int]
    triggers: tuple[int, int]
    buttons: dict[int, str]


WITH_HAT = Layout((3, 4), (2, 5), {0: "a", 1: "b", 2: "x", 3: "y", 4: "lb", 5: "rb", 7: "start"})
"""As Xbox and PlayStation 5 controllers: the cross is a hat."""
WITHOUT_HAT = Layout(
    (2, 3), (4, 5), {0: "a", 1: "b", 2: "x", 3: "y", 6: "start", 9: "lb", 10: "rb", 11: "up", 12: "down", 13: "left", 14: "right"}
)
"""As PlayStation 4 and Switch controllers: the cross is four buttons."""


class Joystick(Protocol):
    """What is asked of a device; ``pygame.joystick.Joystick`` is one."""

    def get_numaxes(self) -> int:
        """How many axes it has."""

    def get_axis(self, number: int) -> float:
        """Where an axis is, from -1 to 1, right and down being positive."""

    def get_numbuttons(self) -> int:
        """How many buttons it has."""

    def get_button(self, number: int) -> int:
        """Whether a button is down."""

    def get_numhats(self) -> int:
        """How many crosses it has that are no buttons."""

    def get_hat(self, number: int) -> tuple[int, int]:
        """Where a cross is: to the right and up, each -1, 0 or 1."""


def layout(stick: Joystick) -> Layout:
    """Where this device has what, as far as that can be told from its hats and buttons."""
    return WITHOUT_HAT if stick.get_numhats() == 0 and stick.get_numbuttons() >= 15 else WITH_HAT


def sticks(stick: Joystick) -> Sticks:
    """Where the two sticks are; small deflections count as none."""
    right = layout(stick).right
    found = [_axis(stick, 0), -_axis(stick, 1), _axis(stick, right[0]), -_axis(stick, right[1])]
    x, y, turn, tilt = (0.0 if abs(value) < SLACK else max(-1.0, min(1.0, value)) for value in found)
    return x, y, turn, tilt


def buttons(stick: Joystick) -> frozenset[str]:
    """Names of the buttons that are down, such as ``pad a``, ``pad rt`` and ``pad left``."""
    where = layout(stick)
    down = {name for number, name in where.buttons.items() if number < stick.get_numbuttons() and stick.get_button(number)}
    down |= {name for name, number in zip(("lt", "rt"), where.triggers, strict=True) if _axis(stick, number) > PULLED}
    if stick.get_numhats():
        x, y = stick.get_hat(0)
        down |= {name for name, held in (("left", x < 0), ("right", x > 0), ("down", y < 0), ("up", y > 0)) if held}
    return frozenset(f"pad {name}" for name in down)


def _axis(stick: Joystick, number: int) -> float:
    return stick.get_axis(number) if number < stick.get_numaxes() else 0.0


class Pads:
    """All gamepads that are plugged in, taken together. Give ``watch`` every pygame event, ask it between frames."""

    def __init__(self, pygame: Any) -> None:
        self._pygame = pygame
        self._plugged: dict[int, Joystick] = {}
        self._down: frozenset[str] = frozenset()
        self._tapped: set[str] = set()
        pygame.joystick.init()
        for number in range(pygame.joystick.get_count()):
            self._plug(number)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._plugged)

    def watch(self, event: Any) -> None:
        """Take note of devices that come and go, and of buttons that may be up again before anybody asks."""
        if event.type == self._pygame.JOYDEVICEADDED:
            self._plug(event.device_index)
        elif event.type == self._pygame.JOYDEVICEREMOVED:
            self._plugged.pop(event.instance_id, None)
        elif event.type == self._pygame.JOYBUTTONDOWN and event.instance_id in self._plugged:
            names = layout(self._plugged[event.instance_id]).buttons
            self._tapped |= {f"pad {names[event.button]}"} if event.button in names else set()

    def _plug(self, number: int) -> None:
        device = self._pygame.joystick.Joystick(number)
        self._plugged[device.get_instance_id()] = device

    def sticks(self) -> Sticks:
        """Of every stick the deflection that is largest among the devices."""
        found = [sticks(device) for device in self._plugged.values()]
        x, y, turn, tilt = (max(axis, key=abs) for axis in zip(CENTRE, *found, strict=True))
        return x, y, turn, tilt

    def buttons(self) -> frozenset[str]:
        """Names of the buttons that are down on any of them."""
        return frozenset().union(*(buttons(device) for device in self._plugged.values()))

    def pressed(self) -> tuple[str, ...]:
        """Names of the buttons that went down since the last call."""
        before, self._down = self._down, self.buttons()
        found = tuple(sorted((self._down - before) | self._tapped))
        self._tapped.clear()
        return found
