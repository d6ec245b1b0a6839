"""Walkers that know the way and keep to a custom."""

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.wayfinding import guide


class Guided:
    """Walks the shortest way under a custom of ``guide``; it reads the state."""

    def __init__(self, name: str, custom: int) -> None:
        self.name, self._custom = name, custom

    def initial_state(self, rows: int) -> Memory:
        """Nothing to remember."""
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, 2]. Raises UserError where the state cannot be read."""
        if turn.batch is None:
            raise UserError(f"{self.name} reads the plan of the building, which cannot be seen from here")
        return guide.walk(turn.batch, turn.role, turn.envs, turn.avatars, self._custom), ()
