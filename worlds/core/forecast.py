"""Where the people in sight will be: what everybody did of late, and what follows from it.

By constant velocity everybody goes on as they are. A learned model, a perceptron with one layer of rectified units, adds to that what is
usual after such steps; it sees the steps in the walker's own frame, so that neither place nor direction matters.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import people
from avatarium.worlds.core.bodies import STEP_S, TOP_SPEED
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice
from avatarium.worlds.core.spec import Feature

F = np.float32
NONE, CONSTANT_VELOCITY, LEARNED = range(3)
MODELS = ("none", "constant-velocity", "learned")
STRIDE = 4
"""Steps of the world between two places that count: 0.4 s, as in recordings of pedestrians (ETH/UCY)."""
PAST = 8
"""Places that count, the present one among them."""
DEPTH = (PAST - 1) * STRIDE + 1
HORIZONS = 3
AHEAD = 2 * STRIDE
"""Steps of the world between two places that are foretold: 0.8 s."""
COLUMNS = 2 * HORIZONS
SIZE = people.NEAREST * COLUMNS
INPUTS, HIDDEN = 2 * PAST, 16
"""Of the learned model: its velocity and the steps between the places that count; rectified units."""
FIRST, LAST, SEEN, FELT, TOLD = 0, INPUTS + 1, INPUTS + HIDDEN + 2, INPUTS + HIDDEN + 3, INPUTS + HIDDEN + 4
ROWS = TOLD + 1
STEP_M = TOP_SPEED * STEP_S * F(STRIDE)
"""The farthest one walks between two places that count: the unit of the learned model."""
FARTHEST = F(1.4)
"""10 m away, and 2.4 s of walking at top speed farther on, in the unit of the sensor."""


@dataclass(frozen=True)
class Forecast(Sensor):
    """How it is foretold where people will be, and how well that is told."""

    model: str = choice(*MODELS, meaning="where people in sight will be: not told, as if they went on as they are, or by a learned model")


class Tracks(NamedTuple):
    """Everybody's places; A bodies, none where nothing is foretold."""

    places: np.ndarray  # float32 [N, DEPTH + HORIZONS, A, 2]: x, y (m) of late, a ring over the clock; then those that are foretold
    model: np.ndarray  # float32 [N, ROWS, HIDDEN]: both layers, as ``weights`` gives them, and three rows to work in; else no rows


def feature(config: Forecast) -> tuple[Feature, ...]:
    """The observation table of the sensor; it has nothing to say without a model."""
    columns = "place after 0.8, 1.6 and 2.4 s, ahead and to the left of where one stands now (10 m = 1)"
    meaning = f"of the same avatars as people, in the same order, each: {columns}"
    told = Feature("forecast", SIZE, -float(FARTHEST), float(FARTHEST), meaning, "forecast", hearsay=True)
    return (told,) if config.model != "none" else ()


def allocate(num_envs: int, avatars: int, config: Forecast, learned: Path) -> Tracks:
    """Tracks of so many bodies in each environment; ``learned``: the file of the learned model (see ``weights``)."""
    model = np.zeros((num_envs, ROWS if config.model == "learned" else 0, HIDDEN), F)
    if config.model == "learned":
        model[:, :SEEN] = weights(learned)
    return Tracks(np.zeros((num_envs, DEPTH + HORIZONS, avatars if config.model != "none" else 0, 2), F), model)


def weights(path: Path) -> np.ndarray:
    """float32 [INPUTS + 1 + HIDDEN + 1, HIDDEN] of an .npz: inputs and bias of ``first``, then units and bias of ``last`` [., COLUMNS]."""
    with np.load(path) as found:
        first, last = found["first"], found["last"]
    return np.concatenate([first, np.pad(last, ((0, 0), (0, HIDDEN - COLUMNS)))]).astype(F)


@kernel
def begin(tracks, bodies, i):
    """Let everybody have stood where they stand, for as long as is known."""
    for b in range(tracks.places.shape[2]):
        for k in range(tracks.places.shape[1]):
            tracks.places[i, k, b, 0], tracks.places[i, k, b, 1] = bodies[b].x, bodies[b].y


@kernel
def follow(tracks, bodies, i, clock):
    """Note where everybody is at ``clock``, and foretell where they will be."""
    for b in range(tracks.places.shape[2]):
        me = bodies[b]
        tracks.places[i, clock % DEPTH, b, 0], tracks.places[i, clock % DEPTH, b, 1] = me.x, me.y
        if tracks.model.shape[1] > 0:
            recall(tracks, me, i, b, clock)
            think(tracks.model[i])
        for h in range(HORIZONS):
            time = STEP_S * F(AHEAD * (h + 1))
            x, y = me.vx * time, me.vy * time
            if tracks.model.shape[1] > 0:
                ahead, left = tracks.model[i, TOLD, 2 * h] * STEP_M, tracks.model[i, TOLD, 2 * h + 1] * STEP_M
                x, y = x + ahead * me.cos - left * me.sin, y + ahead * me.sin + left * me.cos
            tracks.places[i, DEPTH + h, b, 0], tracks.places[i, DEPTH + h, b, 1] = me.x + x, me.y + y


@inlined
def recall(tracks, me, i, b, clock):
    """Write down what the learned model sees of body ``b``: its velocity and its latest steps, newest first, in its own frame."""
    seen = tracks.model[i, SEEN]
    scale = F(1) / TOP_SPEED
    seen[0], seen[1] = (me.vx * me.cos + me.vy * me.sin) * scale, (me.vy * me.cos - me.vx * me.sin) * scale
    scale = F(1) / STEP_M
    new = clock % DEPTH
    for k in range(PAST - 1):
        old = new - STRIDE if new >= STRIDE else new - STRIDE + DEPTH
        x = tracks.places[i, new, b, 0] - tracks.places[i, old, b, 0]
        y = tracks.places[i, new, b, 1] - tracks.places[i, old, b, 1]
        seen[2 * k + 2], seen[2 * k + 3] = (x * me.cos + y * me.sin) * scale, (y * me.cos - x * me.sin) * scale
        new = old


@inlined
def think(model):
    """Turn what the model sees into what it adds to constant velocity."""
    for j in range(HIDDEN):
        total = model[LAST - 1, j]
        for n in range(INPUTS):
            total += model[SEEN, n] * model[FIRST + n, j]
        model[FELT, j] = max(total, F(0))
    for j in range(COLUMNS):
        total = model[SEEN - 1, j]
        for n in range(HIDDEN):
            total += model[FELT, n] * model[LAST + n, j]
        model[TOLD, j] = total


@kernel
def tell(tracks, i, me, nearby, found, out):
    """Fill ``out`` [SIZE] with where the ``found`` avatars of which ``people.find`` has written into ``nearby`` will be, then zeros."""
    out[:] = F(0)
    for k in range(found):
        b = people.seen(nearby, k)
        for h in range(HORIZONS):
            x = (tracks.places[i, DEPTH + h, b, 0] - me.x) / people.RANGE_M
            y = (tracks.places[i, DEPTH + h, b, 1] - me.y) / people.RANGE_M
            at = COLUMNS * k + 2 * h
            out[at] = min(max(x * me.cos + y * me.sin, -FARTHEST), FARTHEST)
            out[at + 1] = min(max(y * me.cos - x * me.sin, -FARTHEST), FARTHEST)
