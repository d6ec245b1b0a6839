"""sin, cos and atan2 in plain float32 arithmetic: libm differs between machines, these do not."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32
PI = F(np.pi)
TURN = F(2 * np.pi)


@inlined
def wrap(angle):
    """``angle`` (rad, at most one turn out) brought into [-pi, pi)."""
    if angle >= PI:
        return angle - TURN
    if angle < -PI:
        return angle + TURN
    return angle


@kernel
def sine(angle):
    """sin of an angle in [-pi, pi]; absolute error below 2e-6 (odd minimax polynomial on [-pi/2, pi/2])."""
    if angle > F(0.5) * PI:
        angle = PI - angle
    elif angle < F(-0.5) * PI:
        angle = -PI - angle
    s = angle * angle
    return angle * (F(0.99999997) + s * (F(-0.16666648) + s * (F(0.00833290) + s * (F(-0.00019801) + s * F(2.59e-6)))))


@kernel
def cosine(angle):
    """cos of an angle in [-pi, pi]."""
    return sine(wrap(angle + F(0.5) * PI))


@kernel
def atan2(y, x):
    """Angle of (x, y) in rad; absolute error below 2e-4, enough to find which rays a body covers."""
    ax, ay = abs(x), abs(y)
    if ax == F(0) and ay == F(0):
        return F(0)
    t = min(ax, ay) / max(ax, ay)
    s = t * t
    r = t * (F(0.99997726) + s * (F(-0.33262347) + s * (F(0.19354346) + s * (F(-0.11643287) + s * (F(0.05265332) - s * F(0.01172120))))))
    if ay > ax:
        r = F(0.5) * PI - r
    if x < F(0):
        r = PI - r
    return -r if y < F(0) else r
