"""What a player's hands make of an avatar, step by step: keys that are held, short taps, sticks, choices that stand until they count."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from avatarium.render.play.bindings import Cycle, Scheme, Stroke

FIRM = 0.5
"""How far a stick has to be moved for a choice of a head."""
STICKS = {"forward": (1, 1.0), "up": (1, 1.0), "left": (0, -1.0), "right": (0, 1.0), "turn": (2, -1.0)}
"""Continuous controls that a stick gives: which number of ``Grip.sticks``, and its sign."""

MOST_SHOWN = 14
"""Keys that a line has room for."""


class Grip(NamedTuple):
    """What is done at keyboard and gamepad in one step."""

    held: frozenset[str] = frozenset()
    """Names of the keys and buttons that are down."""
    pressed: tuple[str, ...] = ()
    """Names of those that were pressed since the last step, in order, also if they are up again; ``shift 3`` for 3 with shift."""
    sticks: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Left stick to the right and up, right stick to the right and up, each from -1 to 1."""


class Hands:
    """Turns what is done at the devices into actions of a role; remembers what stands. ``hint`` says why something was not done."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme, self._role = scheme, scheme.role
        self._recent: list[str] = []
        self._stands: dict[int, int] = {}
        self._cursor: dict[int, int] = {}
        self.hint = ""

    def action(self, grip: Grip, allowed: np.ndarray | None = None, due: bool = True) -> np.ndarray:
        """What to do in this step: [heads] int32, or [controls] float32 in their span.

        ``allowed`` bool [C] are the choices that are open, for roles with masks; ``due`` says whether what is decided now counts: if
        not, it stands until it does.
        """
        self.hint = ""
        names = self._named(grip)
        given = self._given(names, grip.pressed)
        if self._role.continuous:
            return self._controls(given, grip)
        for part, strokes in given.items():
            self._stands[part] = strokes[-1].choice
        wanted = dict(self._stands)
        for part in wanted:
            if due and self._scheme.rests(part):
                del self._stands[part]
        chosen = np.array([wanted.get(k, 0) for k in range(len(self._role.heads))], np.int32)
        return chosen if allowed is None else self._open(chosen, wanted, allowed, due)

    def cursors(self) -> str:
        """Where the walks through long heads stand, in words; empty where there are none."""
        cycles = {cycle.part: cycle for cycle in self._scheme.cycles}
        return ", ".join(
            f"{self._scheme.part(part)}: {self._scheme.word(cycles[part].strokes[at])}" for part, at in sorted(self._cursor.items())
        )

    def opened(self, allowed: np.ndarray) -> str:
        """The keys of the choices that are open, bool [C]; empty where many are."""
        parts = zip(range(len(self._role.heads)), self._role.mask_slices(), strict=True)
        open_ = {(k, n) for k, where in parts for n in np.flatnonzero(allowed[where]).tolist()}
        keys = [stroke.key for stroke in self._scheme.strokes if (stroke.part, stroke.choice) in open_ and len(stroke.key) == 1]
        return f"open: {' '.join(keys).upper()}" if 0 < len(keys) <= MOST_SHOWN else ""

    def _named(self, grip: Grip) -> list[str]:
        """All keys that count in this step, the one pressed last at the end."""
        shift = not grip.held.isdisjoint(("left shift", "right shift"))
        down = [f"shift {key}" if shift and key.isdigit() else key for key in sorted(grip.held)]
        steered = [] if self._role.continuous else _steered(grip.sticks)
        self._recent = [key for key in self._recent if key in (*steered, *down)]
        self._recent += [key for key in (*steered, *down) if key not in self._recent]
        self._recent = [key for key in self._recent if key not in grip.pressed] + list(dict.fromkeys(grip.pressed))
        return self._recent

    def _given(self, names: list[str], pressed: tuple[str, ...]) -> dict[int, list[Stroke]]:
        """The strokes that count, by head or control, the newest last."""
        given: dict[int, list[Stroke]] = {}
        for name in names:
            for stroke in self._scheme.strokes:
                if stroke.key == name:
                    given.setdefault(stroke.part, []).append(stroke)
        for cycle in self._scheme.cycles:
            moved = self._walk(cycle, pressed)
            if cycle.part in self._cursor and (cycle.give in names or (moved and not self._scheme.rests(cycle.part))):
                given.setdefault(cycle.part, []).append(cycle.strokes[self._cursor[cycle.part]])
        return given

    def _walk(self, cycle: Cycle, pressed: tuple[str, ...]) -> bool:
        """Move the cursor by the keys that were pressed; returns whether it moved."""
        steps = pressed.count(cycle.after) - pressed.count(cycle.before)
        if steps:
            at = self._cursor.get(cycle.part, -1 if steps > 0 else 0)
            self._cursor[cycle.part] = (at + steps) % len(cycle.strokes)
        return steps != 0

    def _open(self, chosen: np.ndarray, wanted: Collection[int], allowed: np.ndarray, due: bool) -> np.ndarray:
        """Replace choices that are not open by the first one that is, and say so."""
        closed = []
        for k, where in enumerate(self._role.mask_slices()):
            mask = allowed[where]
            if mask.any() and not mask[chosen[k]]:
                closed += [self._scheme.word(Stroke("", k, int(chosen[k])))] if k in wanted else []
                chosen[k] = int(mask.argmax())
        if closed:
            self.hint = f"{', '.join(closed)}: not open now" if due else f"{', '.join(closed)}: counts with the next decision"
        return chosen

    def _controls(self, given: dict[int, list[Stroke]], grip: Grip) -> np.ndarray:
        """Values of the continuous controls: a word's place on its scale, else what keys and sticks add up to; at rest the middle."""
        found = np.zeros(len(self._role.continuous), np.float32)
        for k, name in enumerate(self._role.continuous):
            strokes = given.get(k, [])
            if any(stroke.choice for stroke in strokes):
                found[k] = strokes[-1].value
            else:
                found[k] = np.clip(sum({s.value for s in strokes}), -1, 1)
            if name in STICKS and not strokes:
                index, sign = STICKS[name]
                found[k] = sign * grip.sticks[index]
        return self._role.stretched(found)  # type: ignore[no-any-return]


def _steered(sticks: tuple[float, float, float, float]) -> list[str]:
    """The keys that sticks stand for where only choices can be made."""
    x, y, turn, _ = sticks
    keys = []
    if max(abs(x), abs(y)) >= FIRM:
        keys.append(("w" if y > 0 else "s") if abs(y) >= abs(x) else ("d" if x > 0 else "a"))
    if abs(turn) >= FIRM:
        keys.append("e" if turn > 0 else "q")
    return keys
