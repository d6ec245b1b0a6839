"""Worlds on a grid of tiles of 1 m: five moves, rooms joined by doors, the ways through them, and how it is all drawn."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import FURNITURE, WALL
from avatarium.worlds.core.rng import LEVEL, below
from avatarium.worlds.core.scene import FIGURE, Label, Scene
from avatarium.worlds.core.spec import Head

MOVE = Head("move", ("stay", "east", "north", "west", "south"))
STAY, EAST, NORTH, WEST, SOUTH = range(5)
STEPS_X, STEPS_Y = np.array([0, 1, 0, -1, 0]), np.array([0, 0, 1, 0, -1])
REACH, VIEW = 2, 5
"""Tiles that avatars see to each side, and along each side of what they see."""
AROUND = f"the {VIEW} x {VIEW} tiles around, row by row from the south-west"
FAR = np.iinfo(np.int32).max // 2
"""Steps to what cannot be reached."""


@kernel
def shift(move):
    """(dx, dy) in tiles of a choice of the head ``MOVE``; unknown choices stay."""
    dx = 1 if move == EAST else (-1 if move == WEST else 0)
    dy = 1 if move == NORTH else (-1 if move == SOUTH else 0)
    return dx, dy


@kernel
def seen(x, y, k):
    """(x, y) of the tile that element ``k`` of a view from the tile (x, y) shows."""
    return x + k % VIEW - REACH, y + k // VIEW - REACH


@kernel
def mark(out, x, y, tile):
    """Set the element of a view ``out`` [VIEW * VIEW] from the tile (x, y) that shows ``tile`` [2], when one does."""
    column, row = tile[0] - x + REACH, tile[1] - y + REACH
    if 0 <= column < VIEW and 0 <= row < VIEW:
        out[row * VIEW + column] = np.float32(1)


def extent(rooms: int, size: int) -> tuple[int, int]:
    """Height and width in tiles of a building of ``rooms`` rooms of ``size`` x ``size`` tiles, walls included."""
    columns = math.isqrt(rooms - 1) + 1
    return -(-rooms // columns) * (size + 1) + 1, columns * (size + 1) + 1


@kernel
def lay_rooms(solid, corners, doors, stream, i, size):
    """Draw the building ``solid`` [H, W] (1 = wall) of R rooms in rows that run to and fro, each joined to the next by a door.

    Fills ``corners`` [R, 2] with the lowest tile (x, y) of each room and ``doors`` [R - 1, 2] with the tile of the door behind it.
    The whole is mirrored by chance, and doors lie anywhere along their wall.
    """
    columns, rows = (solid.shape[1] - 1) // (size + 1), (solid.shape[0] - 1) // (size + 1)
    flip_x, flip_y = below(stream, i, LEVEL, 2), below(stream, i, LEVEL, 2)
    solid[:] = 1
    for r in range(corners.shape[0]):
        row, column = r // columns, r % columns
        if (row + flip_x) % 2 == 1:
            column = columns - 1 - column
        if flip_y == 1:
            row = rows - 1 - row
        x, y = 1 + column * (size + 1), 1 + row * (size + 1)
        corners[r, 0], corners[r, 1] = x, y
        solid[y : y + size, x : x + size] = 0
        if r > 0:
            x, y = max(x, corners[r - 1, 0]), max(y, corners[r - 1, 1])
            along = below(stream, i, LEVEL, size)
            dx, dy = (x - 1, y + along) if corners[r, 1] == corners[r - 1, 1] else (x + along, y - 1)
            doors[r - 1, 0], doors[r - 1, 1] = dx, dy
            solid[dy, dx] = 0


def distances(free: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Steps from each tile to the nearest target: int32 [B, H, W] from bool [B, H, W] twice; the outermost tiles must not be free."""
    steps = np.where(targets, 0, FAR).astype(np.int32)
    while True:
        around = [np.roll(steps, turn, axis) + 1 for axis in (1, 2) for turn in (1, -1)]
        nearer = np.where(free | targets, np.minimum.reduce([steps, *around]), FAR)
        if np.array_equal(nearer, steps):
            return steps
        steps = nearer


def downhill(steps: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The move [B] from the tile (x, y) [B] that leads down the field ``steps`` [B, H, W] of ``distances``."""
    around = steps[np.arange(len(x))[:, None], y[:, None] + STEPS_Y, x[:, None] + STEPS_X]
    return np.asarray(around.argmin(axis=1))


def figures(x: np.ndarray, y: np.ndarray, colours: np.ndarray | Sequence[int], headings: np.ndarray | float = 0.0) -> np.ndarray:
    """FIGURE [A] of avatars that stand on the tiles ``x``, ``y`` [A]."""
    drawn = np.zeros(len(x), FIGURE)
    drawn["x"], drawn["y"], drawn["colour"], drawn["heading"] = np.asarray(x) + 0.5, np.asarray(y) + 0.5, colours, headings
    return drawn


def draw(
    size: tuple[int, int],
    drawn: np.ndarray,
    names: Sequence[str],
    *,
    solid: np.ndarray | None = None,
    blocks: Sequence[tuple[float, float]] = (),
    tiles: Sequence[tuple[float, float, int]] = (),
    goals: Sequence[tuple[float, float, int]] = (),
    labels: Sequence[tuple[float, float, str]] = (),
    notes: Mapping[str, str] | None = None,
) -> Scene:
    """A scene of ``size`` (width, height) tiles with FIGURE [A] ``drawn`` on them and walls where ``solid`` [H, W] is set.

    ``blocks`` (x, y) are barriers of a tile, ``tiles`` and ``goals`` (x, y, palette index) and ``labels`` (x, y, text), all in tiles.
    """
    low = np.array([(x, y, x + 1, y + 1, 0.0, 0.7) for x, y in blocks], np.float32).reshape(-1, 6)
    boxes = np.concatenate([low, walls(np.zeros((0, 0), np.bool_) if solid is None else solid)])
    floors = np.array([(x + 0.05, y + 0.05, x + 0.95, y + 0.95) for x, y, _ in tiles], np.float32).reshape(-1, 4)
    return Scene(
        bounds=(0.0, 0.0, float(size[0]), float(size[1])),
        boxes=boxes,
        box_kinds=np.where(np.arange(len(boxes)) < len(blocks), FURNITURE, WALL).astype(np.uint8),
        floors=floors,
        floor_tints=np.array([tint for _, _, tint in tiles], np.uint8),
        figures=drawn,
        names=tuple(names),
        goals=np.array([(x + 0.5, y + 0.5, tint) for x, y, tint in goals], np.float32).reshape(-1, 3),
        labels=tuple(Label(x + 0.5, y + 0.5, 0.0, text) for x, y, text in labels),
        notes=dict(notes or {}),
    )


def walls(solid: np.ndarray) -> np.ndarray:
    """Boxes float32 [B, 6] (m) for the tiles set in ``solid`` [H, W], one for each run of them along x."""
    boxes = []
    for y, row in enumerate(solid):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row != 0, [0]]).astype(int))).tolist()
        boxes += [(x0, y, x1, y + 1, 0.0, 1.0) for x0, x1 in zip(edges[::2], edges[1::2], strict=True)]
    return np.array(boxes, np.float32).reshape(-1, 6)
