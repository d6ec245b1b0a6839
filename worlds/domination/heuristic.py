"""A scripted player that sees what learners see: takes the nearest point that is not its team's, and tags whom it can."""

from typing import Any

import numpy as np

from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RIGHT, STAY, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.people import COLUMNS as SEEN
from avatarium.worlds.core.people import NEAREST
from avatarium.worlds.domination.command import distributions
from avatarium.worlds.domination.observe import COLUMNS, features
from avatarium.worlds.domination.state import POINTS

ALERT_M = 3.6
READY = 0.7
"""How near an enemy is whom it turns to, in m; and from how much readiness on."""


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, heads] (or float32 [B, controls]) for observations float32 [B, D], at every level of command."""
    ends = np.cumsum([f.size for f in features(config)]).tolist()
    part = {f.name: observation[:, end - f.size : end] for f, end in zip(features(config), ends, strict=True)}
    if config.command == "commander":
        return _command(part, config)
    points = part["points"].reshape(len(observation), POINTS, COLUMNS)
    target = (points[..., 5] + 10 * points[..., 6]).argmin(axis=1)  # the shortest way, first to those that are not mine
    if config.command == "order":
        target = np.where(part["due"][:, 0] > 0, target, part["ordered"].argmax(axis=1))
        return np.stack([target, np.zeros_like(target)], axis=1).astype(np.int32)
    chosen = points[np.arange(len(points)), target]
    walk, turn, use = _fight(part, chosen)
    if config.control == "continuous":
        return as_controls(walk, turn, use)
    return np.stack([walk, turn, use, np.zeros_like(use)], axis=1).astype(np.int32)


def _command(part: dict[str, np.ndarray], config: Any) -> np.ndarray:
    """Everybody to the points that are not mine, spread evenly; when all are, evenly over all. Between decisions, what stands."""
    mine = part["points"].reshape(-1, POINTS, 4)[..., 0] > 0.5
    wanted = np.where(mine.all(axis=1, keepdims=True), 1.0, ~mine)
    share = config.team * wanted / wanted.sum(axis=1, keepdims=True)
    sent = part["soldiers"].reshape(len(mine), config.team, -1)[..., -POINTS:].sum(axis=1)
    share = np.where(part["due"] > 0, share, sent)
    apart = np.abs(distributions(config.team)[None] - share[:, None]).sum(axis=2)
    return np.asarray(apart.argmin(axis=1)[:, None].astype(np.int32))


def _fight(part: dict[str, np.ndarray], point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Walk, turn and hand [B]: along the way to a ``point`` [B, COLUMNS], facing and tagging the nearest enemy who is near."""
    seen = part["people"].reshape(len(point), NEAREST, SEEN)
    ahead, left, enemy = 10 * seen[..., 1], 10 * seen[..., 2], (seen[..., 0] > 0.5) & (seen[..., 7] > 0.5)
    away = np.where(enemy, np.hypot(ahead, left), np.inf)
    rows, nearest = np.arange(len(point)), away.argmin(axis=1)
    away, ahead, left = away[rows, nearest], ahead[rows, nearest], left[rows, nearest]
    ready = part["ready"][:, 0]
    use = (ready > 0.99) & (part["in_reach"][:, 0] > 0.5)
    there = (point[:, 5] == 0) & (24 * point[:, 2] < 0.5)
    facing = (away < ALERT_M) & ((ready > READY) | there)
    way = np.arctan2(point[:, 4], point[:, 3])
    look = np.where(facing, np.arctan2(left, ahead), way)
    turn = np.where(look > 0.16, TURN_LEFT, np.where(look < -0.16, TURN_RIGHT, 0))
    aside = np.where(way > 0, LEFT, RIGHT)
    walk = np.where(np.abs(way) < 0.9, FORWARD, np.where(np.abs(way) > 2.5, BACK, aside))
    return np.where(there, STAY, walk), turn, use.astype(np.int64)


def as_controls(walk: np.ndarray, turn: np.ndarray, use: np.ndarray) -> np.ndarray:
    """The same as continuous controls forward, left, turn, use, say: float32 [B, 5]; it never speaks."""
    forward, left = np.array([0, 1, -1, 0, 0])[walk], np.array([0, 0, 0, 1, -1])[walk]
    return np.stack([forward, left, np.array([0, 1, -1])[turn], 2 * use - 1, -np.ones(len(use))], axis=1).astype(np.float32)
