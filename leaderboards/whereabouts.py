"""Where avatars were in an episode: positions over time and the square metres visited, read from transcripts of worlds with bodies."""

from collections.abc import Sequence

import numpy as np

from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

ROW = 4096
"""Square metres along x between one row and the next, in their numbering."""


def positions(transcript: Transcript, role: str, avatars: Sequence[int]) -> np.ndarray:
    """float32 [T + 1, K, 2]: x, y (m) of the avatars in every frame."""
    numbers, frames = avatar_numbers(transcript.roles.values())[role], transcript.frame("avatars")
    mine = frames[:, [numbers[avatar] for avatar in avatars]]
    return np.stack([mine["x"], mine["y"]], axis=-1)


def squares(transcript: Transcript, role: str, avatars: Sequence[int]) -> np.ndarray:
    """int64 [T + 1, K]: the number of the square metre that each avatar was in."""
    x, y = np.moveaxis(positions(transcript, role, avatars).astype(np.int64), -1, 0)
    return np.asarray(y * ROW + x)
