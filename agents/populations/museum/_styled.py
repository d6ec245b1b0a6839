"""Visitors in one of the four styles of ``worlds.museum.visiting``, each with a plan of its own in mind."""

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.worlds.core import geodesic
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.museum.state import MIND
from avatarium.worlds.museum.visiting import STYLES, begin, visit


class Styled:
    """Visits in a style; it reads the state, and keeps what it is up to in its own memory."""

    def __init__(self, name: str) -> None:
        self.name, self._style = name, STYLES.index(name)

    def initial_state(self, rows: int) -> Memory:
        """Minds that have not begun, MIND [B], and the way that each has found, uint16 [B, SIZE, SIZE]."""
        return np.zeros(rows, MIND), np.zeros((rows, SIZE, SIZE), np.uint16)

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, 3]. Raises UserError where the state cannot be read."""
        if turn.batch is None:
            raise UserError(f"a visitor in the style of the {self.name} reads the plan of the museum, which cannot be seen from here")
        (minds, ways), chosen = (array.copy() for array in state), np.zeros((len(turn.envs), 3), np.int32)
        scratch, clock = geodesic.allocate_scratch(1)[0], turn.batch.clock
        visit_rows(turn.batch.state, turn.envs, turn.avatars, turn.keys, clock, self._style, minds, ways, scratch, chosen)
        return chosen, (minds, ways)


@kernel
def visit_rows(state, envs, avatars, keys, clock, style, minds, ways, scratch, chosen):
    """Fill ``chosen`` [B, 3] with walk, turn and hand of avatars ``avatars`` [B] in environments ``envs`` [B]."""
    for k in range(envs.shape[0]):
        i = envs[k]
        if minds[k].rng == 0:
            begin(minds[k], keys[k] | np.uint64(1), style)
        chosen[k, 0], chosen[k, 1] = visit(state, i, avatars[k], minds[k], ways[k], scratch, clock[i])
