"""Rewards as named terms; their sum is the reward."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32


class Out(NamedTuple):
    """What a step writes for one role; N environments, A avatars of the role, D features, T reward terms, C choices of all heads."""

    observation: np.ndarray  # float32 [N, A, D]
    reward: np.ndarray  # float32 [N, A]
    terms: np.ndarray  # float32 [N, A, T]
    termination: np.ndarray  # bool [N, A]: left for good (its task ended)
    truncation: np.ndarray  # bool [N, A]: time is up
    present: np.ndarray  # bool [N, A]: is in the world and acts next
    allowed: np.ndarray  # bool [N, A, C]: choices that are open next, head after head; C = 0 where the role is not masked


@kernel
def clear(out, i):
    """Begin a step of environment ``i`` with nothing earned and nobody ended."""
    out.reward[i] = F(0)
    out.terms[i] = F(0)
    out.termination[i] = False
    out.truncation[i] = False


@inlined
def pay(out, i, a, term, amount):
    """Add ``amount`` to a named term, and so to the reward, of avatar ``a``."""
    out.terms[i, a, term] += amount
    out.reward[i, a] += amount
