"""How things are followed from frame to frame: rows that stay for a while, avatars that move, sentences whose numbers change."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from avatarium.worlds.core.scene import Scene

UNIT_M = 0.005
"""Lengths are whole numbers of this."""
TURN = 1024
"""Headings are whole numbers of so many in a turn."""
SPEED_M_S = 0.02
"""Speeds are whole numbers of this."""

_NUMBER = re.compile(r"(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?")
HOLE = "\x00"
"""Stands before the number of decimals (a digit) where a number was taken out of a sentence."""


def lengths(metres: np.ndarray) -> np.ndarray:
    """Metres as whole numbers of ``UNIT_M``, int32."""
    return np.round(np.asarray(metres, np.float64) / UNIT_M).astype(np.int32)


class Words:
    """Texts, each with a number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of ``text``."""
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]


class Spans:
    """Rows of ``width`` whole numbers that are there from one frame to another, in any order, some of them more than once."""

    def __init__(self, width: int) -> None:
        self._width, self._latest, self._frame = width, b"", 0
        self._open: dict[tuple[int, ...], list[int]] = {}
        self._closed: list[tuple[int, int, tuple[int, ...]]] = []

    def note(self, rows: np.ndarray) -> None:
        """Take in the rows [S, width] of the next frame."""
        packed = rows.tobytes()
        if packed != self._latest or not self._frame:
            self._change(map(tuple, rows.tolist()))
            self._latest = packed
        self._frame += 1

    def _change(self, rows: Iterable[tuple[int, ...]]) -> None:
        left = {row: list(since) for row, since in self._open.items()}
        fresh: dict[tuple[int, ...], list[int]] = {}
        for row in rows:
            known = left.get(row)
            fresh.setdefault(row, []).append(known.pop() if known else self._frame)
        self._closed += [(first, self._frame, row) for row, since in left.items() for first in since]
        self._open = fresh

    def table(self) -> np.ndarray:
        """int32 [S, 2 + width]: the frame from which a row is there, the frame from which it no longer is, and the row; by first frame."""
        still = [(first, self._frame, row) for row, since in self._open.items() for first in since]
        table = [(first, end, *row) for first, end, row in sorted(self._closed + still)]
        return np.array(table, np.int32).reshape(-1, 2 + self._width)


class Figures:
    """Avatars by name, frame by frame."""

    def __init__(self, origin: tuple[float, float]) -> None:
        self._origin, self.names = np.array(origin), Words()
        self._frames: list[tuple[list[int], np.ndarray]] = []

    def note(self, scene: Scene) -> None:
        """Take in the avatars of the next frame."""
        f = scene.figures
        rows = np.zeros((len(f), 7), np.int32)
        rows[:, :2] = lengths(np.stack([f["x"], f["y"]], 1) - self._origin)
        rows[:, 2] = np.round(f["heading"] / (2 * np.pi) * TURN).astype(np.int64) % TURN
        rows[:, 3] = np.minimum(np.round(f["speed"] / SPEED_M_S), 255)
        rows[:, 4], rows[:, 5], rows[:, 6] = f["colour"], f["gesture"], f["word"]
        self._frames.append(([self.names.number(name) for name in scene.names], rows))

    def columns(self) -> dict[str, np.ndarray]:
        """Columns [F, A]: whether each avatar is there, where, how fast; who is away stays as it last was."""
        here = np.zeros((len(self._frames), len(self.names.texts)), np.uint8)
        rows = np.zeros((*here.shape, 7), np.int32)
        for t, (who, found) in enumerate(self._frames):
            rows[t] = rows[t - 1] if t else 0
            here[t, who], rows[t, who] = 1, found
        small: dict[str, np.ndarray] = {}
        for k, name in enumerate(("speed", "colour", "gesture", "word"), 3):
            small[name] = rows[..., k].astype(np.uint8)
        return small | {"here": here, "place": rows[..., :2].copy(), "heading": rows[..., 2].astype(np.uint16)}


class Sentences:
    """Sentences by key, frame by frame. Sentences that differ only in their numbers share a pattern."""

    def __init__(self) -> None:
        self.patterns, self.keys = Words(), Words()
        self._frames: list[dict[int, tuple[int, list[int]]]] = []

    def note(self, told: dict[str, str]) -> None:
        """Take in the sentences of the next frame."""
        self._frames.append({self.keys.number(key): self._split(text) for key, text in told.items()})

    def _split(self, text: str) -> tuple[int, list[int]]:
        numbers: list[int] = []

        def taken(found: re.Match[str]) -> str:
            decimals = len(found[0].partition(".")[2])
            numbers.append(int(found[0].replace(".", "")))
            return f"{HOLE}{decimals}"

        return self.patterns.number(_NUMBER.sub(taken, text.replace(HOLE, ""))), numbers

    def columns(self) -> dict[str, np.ndarray]:
        """``pattern`` uint16 [F, K]: 1 + the pattern, 0 for none; ``numbers`` int32 [F, K, J], in units of their last decimal."""
        widest = max((len(n) for told in self._frames for _, n in told.values()), default=0)
        pattern = np.zeros((len(self._frames), len(self.keys.texts)), np.uint16)
        numbers = np.zeros((*pattern.shape, widest), np.int32)
        for t, told in enumerate(self._frames):
            numbers[t] = numbers[t - 1] if t else 0
            for key, (which, found) in told.items():
                pattern[t, key] = 1 + which
                numbers[t, key, : len(found)] = found
        return {"pattern": pattern, "numbers": numbers}


def sentence(pattern: str, numbers: Sequence[int]) -> str:
    """The sentence of a pattern and its numbers.

    >>> sentence("to room \\x000, \\x001 m left", [3, 125])
    'to room 3, 12.5 m left'
    """
    first, *rest = pattern.split(HOLE)
    pieces = [first]
    for piece, number in zip(rest, numbers, strict=False):
        decimals = int(piece[0])
        digits = str(number).zfill(decimals + 1)
        pieces.append((f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits) + piece[1:])
    return "".join(pieces)
