"""Visiting styles told from tracks: ants, fish, grasshoppers and butterflies of Véron and Levasseur (1983), by how they move and stop."""

import numpy as np

from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.transcript import Transcript

FEATURES = (
    "stop distance",
    "longest stop",
    "stop spread",
    "stopped share",
    "wall share",
    "coverage",
    "turns per metre",
    "stops per minute",
)
STOP_M_S = 0.25
WALL_M = 1.0
NEAR_M = 5.0
SHORTEST_STEPS = 5
RIDGE = 0.1
"""Share of the identity in the common covariance: 36 visitors are few for so many features."""


def features(transcript: Transcript, avatars: list[int]) -> np.ndarray:
    """float64 [V, len(FEATURES)]: how each of the avatars (numbers in the state) of an episode in the museum went about it."""
    state, frames = transcript.state(0), transcript.frame("avatars")
    exhibits = state.exhibits[0, : int(state.num_exhibits[0])]
    exhibits = exhibits[exhibits["where"] == 0]
    rooms = state.rooms[0]
    return np.array([_row(frames[:, a], exhibits, rooms) for a in avatars])


def _row(track: np.ndarray, exhibits: np.ndarray, rooms: np.ndarray) -> np.ndarray:
    x, y = track["x"].astype(float), track["y"].astype(float)
    walked = np.hypot(np.diff(x), np.diff(y))
    going = walked > STOP_M_S * 0.1
    away = np.hypot(exhibits["x"][None] - x[:, None], exhibits["y"][None] - y[:, None])
    stops = [span for span in _spans(~going) if span[1] - span[0] >= SHORTEST_STEPS and away[span[0]].min() < NEAR_M]
    lengths = np.array([end - begin for begin, end in stops], float) * 0.1 if stops else np.zeros(1)
    facing = [_faced(track, exhibits, (begin + end) // 2) for begin, end in stops]
    at = [k for k, _ in facing if k >= 0]
    distances = np.array([d for k, d in facing if k >= 0]) if at else np.full(1, NEAR_M)
    return np.array(
        [
            np.median(distances),
            np.log1p(np.quantile(lengths, 0.9)),
            lengths.std() / (lengths.mean() + 1.0),
            1.0 - going.mean(),
            _wall_share(x[1:][going], y[1:][going], track["room"][1:][going], rooms),
            len(set(at)) / max(len(exhibits), 1),
            _turning(x, y),
            len(stops) / (len(x) / 600.0),
        ]
    )


def _spans(flags: np.ndarray) -> list[tuple[int, int]]:
    """Beginnings and ends of the runs of set flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _faced(track: np.ndarray, exhibits: np.ndarray, t: int) -> tuple[int, float]:
    """The exhibit that lies straightest ahead within 5 m and 45 degrees at frame ``t``, and its distance (m); -1 for none."""
    dx, dy = exhibits["x"] - track["x"][t], exhibits["y"] - track["y"][t]
    away = np.hypot(dx, dy)
    cosine = (dx * track["cos"][t] + dy * track["sin"][t]) / np.maximum(away, 1e-6)
    cosine = np.where(away < NEAR_M, cosine, -1.0)
    k = int(cosine.argmax())
    return (k, float(away[k])) if cosine[k] > 0.7 else (-1, NEAR_M)


def _wall_share(x: np.ndarray, y: np.ndarray, room: np.ndarray, rooms: np.ndarray) -> float:
    """Share of the walking that is nearer than 1 m to a wall of the room."""
    if not len(x):
        return 0.0
    mine, cell = rooms[room], float(CELL_M)
    sides = (x - mine["x0"] * cell, (mine["x1"] + 1) * cell - x, y - mine["y0"] * cell, (mine["y1"] + 1) * cell - y)
    return float((np.minimum.reduce(sides) < WALL_M).mean())


def _turning(x: np.ndarray, y: np.ndarray) -> float:
    """Changes of direction (rad) per metre, over pieces of half a metre."""
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    marks = np.searchsorted(walked, np.arange(0.0, walked[-1], 0.5))
    heading = np.unwrap(np.arctan2(np.diff(y[marks]), np.diff(x[marks])))
    return float(np.abs(np.diff(heading)).sum() / max(walked[-1], 1.0))


def classify(train: np.ndarray, styles: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """int [B]: styles of rows ``tested`` [B, F] by linear discriminant analysis (Fisher 1936) on ``train`` [V, F] of known styles [V]."""
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-9
    known, asked = (train - middle) / spread, (tested - middle) / spread
    kinds = np.unique(styles)
    means = np.stack([known[styles == kind].mean(axis=0) for kind in kinds])
    within = known - means[np.searchsorted(kinds, styles)]
    covariance = within.T @ within / len(known) + RIDGE * np.eye(known.shape[1])
    weights = np.linalg.solve(covariance, means.T)
    scores = asked @ weights - 0.5 * np.einsum("kf,fk->k", means, weights)
    found: np.ndarray = kinds[scores.argmax(axis=1)]
    return found


def leave_one_out(rows: np.ndarray, styles: np.ndarray) -> np.ndarray:
    """bool [V]: whether each visitor's style is told right by what was learnt of all others."""
    each = np.arange(len(rows))
    return np.array([classify(rows[each != v], styles[each != v], rows[v : v + 1])[0] == styles[v] for v in each])
