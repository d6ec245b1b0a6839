"""What is on show: the kinds of exhibit, how machines answer to use, and what each shows to the eye."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import GOLDEN, LEVEL, RULES, next_u64, scramble

THEMES = ("sea", "stars", "tools", "gardens", "maps", "music")
KINDS = ("work", "dial", "lamp", "swing", "chime", "screen")
"""As they look. A screen of noise and one with a loop look alike; only what they show tells them apart."""
WORK, DIAL, LAMP, SWING, CHIME, NOISE, LOOP = range(7)
MACHINES = 4
PICTURE = 4
"""Numbers that an exhibit shows to the eye."""
FACES, STATES = 4, 6

NEXT = np.array([[0] * 6, [1, 2, 3, 0, 0, 0], [1, 2, 3, 0, 0, 0], [1, 2, 3, 4, 5, 0], [1, 2, 3, 0, 0, 0], [0] * 6, [0] * 6], np.uint8)
"""[kind, state]: the hidden state that follows when it is used; the same in every museum."""
FACE = np.array([[0] * 6, [0, 1, 2, 3, 0, 0], [0, 0, 1, 1, 0, 0], [0, 1, 2, 3, 2, 1], [0, 2, 1, 3, 0, 0], [0] * 6, [0] * 6], np.uint8)
"""[kind, state]: the face that it shows then. A dial goes round; a lamp answers to every other use; a swing comes back the way it went;
a chime leaps."""
PERIOD = np.array([1, 4, 4, 6, 4, 1, 1], np.uint8)
FACE_COUNT = np.array([1, 4, 2, 4, 4, 1, 1], np.uint8)

LOOP_PICTURES, LOOP_STEPS = 64, 5
"""A loop has so many pictures, each shown for so many steps: 32 s until it begins again."""


def _table(rows: int, seed: int) -> np.ndarray:
    """Pictures [rows, PICTURE] that are the same in every museum and on every machine."""
    with np.errstate(over="ignore"):
        bits = [int(scramble.py_func(np.uint64(seed + k) * GOLDEN)) for k in range(rows * PICTURE)]
    return np.array([b & 255 for b in bits], np.uint8).reshape(rows, PICTURE)


MACHINE_TABLE = _table(7 * FACES, 100)
LOOP_TABLE = _table(LOOP_PICTURES, 1000)


@kernel
def machine_face(kind, state):
    """The face that a machine of ``kind`` shows in a hidden ``state``."""
    return FACE[kind, state]


@kernel
def paint(state, i, e, clock, stream):
    """Let exhibit ``e`` of environment ``i`` show what it shows now; works show what they showed from the first."""
    kind, picture = state.exhibits[i, e].kind, state.pictures[i, e]
    if kind == NOISE:
        bits = next_u64(stream, i, RULES)
        for k in range(PICTURE):
            picture[k] = (bits >> np.uint64(8 * k)) & np.uint64(255)
    elif kind == LOOP:
        for k in range(PICTURE):
            picture[k] = LOOP_TABLE[(clock // LOOP_STEPS) % LOOP_PICTURES, k]
    elif kind != WORK:
        for k in range(PICTURE):
            picture[k] = MACHINE_TABLE[kind * FACES + FACE[kind, state.settings[i, e]], k]


@kernel
def paint_work(state, i, e, stream):
    """Draw what a work shows in this museum."""
    bits = next_u64(stream, i, LEVEL)
    for k in range(PICTURE):
        state.pictures[i, e, k] = (bits >> np.uint64(8 * k)) & np.uint64(255)


@kernel
def operate(state, i, e):
    """Use exhibit ``e``: a machine goes on to its next hidden state; returns whether its face changed."""
    kind, before = state.exhibits[i, e].kind, state.settings[i, e]
    after = NEXT[kind, before]
    state.settings[i, e] = after
    return FACE[kind, after] != FACE[kind, before]
