"""What is measured of a movement, window by window: the features by which a subject may be told."""

import numpy as np

from avatarium.agents.recordings.recording import Recording, resampled, wrapped

HZ = 10.0
STILL_M_S, STILL_RAD_S = 0.1, 0.1
"""Slower than that counts as standing, and as going straight on."""
SHORTEST = 0.2
"""A session shorter than this share of a window has no window."""
QUANTILES = (0.1, 0.5, 0.9)


def windows(told: Recording, seconds: float) -> np.ndarray:
    """Features float64 [W, F] of the windows of ``seconds`` that a session consists of, one after the other; W may be 0.

    A session shorter than a window is one window; what is left at the end of a longer one is left out.
    """
    even, length = resampled(told, HZ), max(round(seconds * HZ), 2)
    if len(even) < max(SHORTEST * length, 5):
        return np.zeros((0, 0))
    moves, rest = _moves(even), np.column_stack([np.zeros((len(even), 0)), *even.channels.values()]).astype(np.float64)
    spans = [slice(begin, begin + length) for begin in range(0, len(even) - length + 1, length)] or [slice(0, length)]
    return np.array(
        [
            np.concatenate(
                [_spread(moves[span]), np.quantile(moves[span], QUANTILES, axis=0).ravel(), _way(even, span), _spread(rest[span])]
            )
            for span in spans
        ]
    )


def _moves(even: Recording) -> np.ndarray:
    """How it moves over time, float64 [T, S]: speeds, turning, the head."""
    vx, vy = np.gradient(even.x) * HZ, np.gradient(even.y) * HZ
    speed = np.hypot(vx, vy)
    bend = np.where(speed > STILL_M_S, (vx * np.gradient(vy) - vy * np.gradient(vx)) * HZ / np.maximum(speed, STILL_M_S) ** 2, 0.0)
    found = [speed, np.abs(np.gradient(speed)) * HZ, np.hypot(np.gradient(vx), np.gradient(vy)) * HZ, np.abs(bend), bend, speed < STILL_M_S]
    if even.heading is not None:
        spin = np.gradient(np.unwrap(even.heading)) * HZ
        ahead, left = vx * np.cos(even.heading) + vy * np.sin(even.heading), vy * np.cos(even.heading) - vx * np.sin(even.heading)
        found += [ahead, left, np.abs(left), np.abs(spin), spin, np.abs(spin) < STILL_RAD_S, np.abs(np.gradient(spin)) * HZ]
    if even.head is not None:
        found += _head(even.head, even.heading)
    return np.column_stack(found)


def _head(head: np.ndarray, heading: np.ndarray | None) -> list[np.ndarray]:
    """Height, how it bobs, how the head is nodded, tilted, and turned against the body."""
    x, y, z, w = head[:, 3:].T
    up, side = 2 * (x * z - w * y), 2 * (y * z + w * x)  # the heights of the head's own axes ahead and to the left
    turn = np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))
    against = wrapped(turn - heading) if heading is not None else np.gradient(np.unwrap(turn)) * HZ
    return [head[:, 2], np.abs(np.gradient(head[:, 2])) * HZ, up, side, against]


def _spread(part: np.ndarray) -> np.ndarray:
    """Mean, deviation and mean change of each signal of a window [T, S]: [3 S]."""
    return np.concatenate([part.mean(axis=0), part.std(axis=0), np.abs(np.diff(part, axis=0)).mean(axis=0)])


def _way(even: Recording, span: slice) -> np.ndarray:
    """How straight the way was (distance over way), and how long (m): nothing of where it lay."""
    x, y = even.x[span], even.y[span]
    way = float(np.hypot(np.diff(x), np.diff(y)).sum())
    return np.array([float(np.hypot(x[-1] - x[0], y[-1] - y[0])) / way if way > 1e-6 else 0.0, way])
