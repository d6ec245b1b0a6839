"""Gamepads, without one: what devices of both kinds tell, and that they may come and go."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from avatarium import worlds
from avatarium.render.play import pad
from avatarium.render.play.bindings import scheme
from avatarium.render.play.hands import Grip, Hands
from avatarium.render.play.pad import Pads

ADDED, REMOVED, DOWN = 1, 2, 3


class Fake:
    """A gamepad of so many axes, buttons and hats."""

    def __init__(self, number: int = 0, hats: int = 1, buttons: int = 11) -> None:
        self.number, self.axes, self.down, self.hat, self._sizes = number, [0.0] * 6, set[int](), (0, 0), (buttons, hats)

    def get_instance_id(self) -> int:
        return 100 + self.number

    def get_numaxes(self) -> int:
        return len(self.axes)

    def get_axis(self, number: int) -> float:
        return self.axes[number]

    def get_numbuttons(self) -> int:
        return self._sizes[0]

    def get_button(self, number: int) -> int:
        return int(number in self.down)

    def get_numhats(self) -> int:
        return self._sizes[1]

    def get_hat(self, number: int) -> tuple[int, int]:
        return self.hat


def test_sticks_and_buttons_of_a_pad_whose_cross_is_a_hat() -> None:
    device = Fake()
    device.axes[:] = [0.5, -1.0, -1.0, -0.8, 0.1, 0.9]
    device.down, device.hat = {0, 5}, (-1, 1)
    assert pad.sticks(device) == (0.5, 1.0, -0.8, 0.0), "up is positive, and what hardly moved has not moved"
    assert pad.buttons(device) == {"pad a", "pad rb", "pad rt", "pad left", "pad up"}


def test_sticks_and_buttons_of_a_pad_whose_cross_is_buttons() -> None:
    device = Fake(hats=0, buttons=16)
    device.axes[:] = [0.0, 0.0, 0.7, 0.6, 0.9, -1.0]
    device.down = {3, 9, 14}
    assert pad.sticks(device) == (0.0, 0.0, 0.7, -0.6)
    assert pad.buttons(device) == {"pad y", "pad lb", "pad lt", "pad right"}


def test_a_small_device_lacks_what_it_lacks() -> None:
    device = Fake(hats=0, buttons=2)
    device.axes = [1.0]
    device.down = {1}
    assert pad.sticks(device) == (1.0, 0.0, 0.0, 0.0)
    assert pad.buttons(device) == {"pad b"}


@pytest.fixture
def plugged() -> Callable[[list[Fake], int], Pads]:
    """Pads over devices, of which so many are there from the beginning."""

    def make(devices: list[Fake], count: int) -> Pads:
        joystick = SimpleNamespace(init=lambda: None, get_count=lambda: count, Joystick=lambda number: devices[number])
        return Pads(SimpleNamespace(joystick=joystick, JOYDEVICEADDED=ADDED, JOYDEVICEREMOVED=REMOVED, JOYBUTTONDOWN=DOWN))

    return make


def test_devices_come_and_go(plugged: Callable[[list[Fake], int], Pads]) -> None:
    one, two = Fake(0), Fake(1)
    one.axes[0], two.axes[0], two.down = 0.4, -0.9, {0}
    pads = plugged([one, two], 1)
    assert pads.any and pads.sticks()[0] == 0.4
    pads.watch(SimpleNamespace(type=ADDED, device_index=1))
    assert pads.sticks()[0] == -0.9, "whoever moves more"
    assert pads.buttons() == {"pad a"}
    pads.watch(SimpleNamespace(type=REMOVED, instance_id=101))
    pads.watch(SimpleNamespace(type=REMOVED, instance_id=100))
    assert not pads.any and pads.sticks() == pad.CENTRE and pads.buttons() == frozenset()


def test_a_button_that_is_up_again_was_pressed(plugged: Callable[[list[Fake], int], Pads]) -> None:
    device = Fake()
    pads = plugged([device], 1)
    pads.watch(SimpleNamespace(type=DOWN, instance_id=100, button=2))
    pads.watch(SimpleNamespace(type=DOWN, instance_id=7, button=0))
    assert pads.pressed() == ("pad x",)
    device.down = {1}
    assert [pads.pressed(), pads.pressed()] == [("pad b",), ()], "held is not pressed again"


def test_a_stick_walks_and_turns_and_a_bumper_chooses_the_word() -> None:
    hands = Hands(scheme(worlds.make_batch("gathering").roles["guest"]))
    assert hands.action(Grip(sticks=(0.1, 0.8, -0.9, 0.0))).tolist() == [1, 1, 0, 0]
    assert hands.action(Grip(sticks=(-0.7, 0.6, 0.3, 0.0))).tolist() == [3, 0, 0, 0], "the way of the larger part"
    assert hands.action(Grip(frozenset({"pad b"}), ("pad rb", "pad rb"))).tolist() == [0, 0, 2, 0]
    assert hands.action(Grip(frozenset({"pad rt"}))).tolist() == [0, 0, 0, 2]
