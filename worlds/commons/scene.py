"""What there is to see in commons, as data for the renderer."""

from dataclasses import replace

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.growth import RIPE
from avatarium.worlds.commons.state import State
from avatarium.worlds.core import interior
from avatarium.worlds.core.plan import CELL_M, PLANT
from avatarium.worlds.core.scene import Scene

BUSH_M, BUSH_HEIGHT_M, HEDGE_HEIGHT_M = 0.5, 0.62, 1.0
FRUIT = ((-0.13, 0.05), (0.1, 0.12), (0.03, -0.13))
"""Where the fruit of a tree hangs, from its middle (m)."""
FRUIT_RADIUS_M = 0.1
RED, BED = 3, 2
"""Palette indices of fruit that is everybody's, and of a patch that bears; a patch that is lost has the next tint but two."""
LOST = 1


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now: patches that are lost change their colour; private fruit has the colours of its owners."""
    avatars, rooms = state.avatars[i], state.rooms[i, : int(state.num_rooms[i])]
    trees = state.trees[i, :, : int(state.num_trees[i])].T
    ripe = state.ripe[i, : len(trees)] == RIPE
    names = [f"picker_{a}" for a in range(len(avatars))]
    left = [int(ripe[room["first"] : room["first"] + room["count"]].sum()) for room in rooms]
    labels = [interior.plate(room, f"{some} of {room['count']}" if some else "picked bare") for room, some in zip(rooms, left, strict=True)]
    found = interior.scene(
        state,
        i,
        names,
        colours(config),
        labels=labels,
        notes={name: story(me) for name, me in zip(names, avatars, strict=True)},
    )
    walls = found.box_kinds != PLANT
    plants = np.concatenate([bushes(trees), *(leaves(box) for box in found.boxes[~walls])])
    return replace(
        found,
        boxes=np.concatenate([found.boxes[walls], plants]).astype(np.float32),
        box_kinds=np.concatenate([found.box_kinds[walls], np.full(len(plants), PLANT, np.uint8)]),
        floor_tints=np.where(np.array(left) > 0, BED, LOST).astype(np.uint8),
        spots=fruit(trees[ripe], state.owner[i, : len(trees)][ripe] if config.ownership == "private" else np.full(ripe.sum(), RED)),
    )


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return interior.colours(config.pickers)


def bushes(trees: np.ndarray) -> np.ndarray:
    """Boxes [T, 6] (m) of trees at ``trees`` [T, 2]."""
    half = 0.5 * BUSH_M
    flat = np.tile([0.0, BUSH_HEIGHT_M], (len(trees), 1))
    return np.column_stack([trees - half, trees + half, flat])


def leaves(hedge: np.ndarray) -> np.ndarray:
    """A hedge, a box [6] (m), as a row of plants, one per cell: boxes [K, 6]."""
    cell = float(CELL_M)
    xs, ys = np.arange(hedge[0], hedge[2] - 0.5 * cell, cell), np.arange(hedge[1], hedge[3] - 0.5 * cell, cell)
    return np.array([(x, y, x + cell, y + cell, 0.0, HEDGE_HEIGHT_M) for x in xs for y in ys])


def fruit(trees: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Spots [3 K, 5] for ripe trees at ``trees`` [K, 2] with palette indices ``colours`` [K]."""
    places = (trees[:, None] + np.array(FRUIT)).reshape(-1, 2)
    z, radius = BUSH_HEIGHT_M, FRUIT_RADIUS_M
    return np.column_stack([places, np.full(len(places), z), np.full(len(places), radius), np.repeat(colours, len(FRUIT))]).astype(
        np.float32
    )


def story(me: np.void) -> str:
    """One line on how a picker fares."""
    now = f"in time-out for {me['held'] * 0.1:.1f} s" if me["held"] else "free"
    return f"{me['eaten']} eaten, {me['greed']:.0%} of the last where little was left, {now}"
