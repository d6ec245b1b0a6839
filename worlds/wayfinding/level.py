"""Which building an episode of wayfinding takes place in."""

import numpy as np

from avatarium.worlds.core import building
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import LEVEL, between

F = np.float32
HELD_OUT = 2
KINDS = ("office", "kitchen", "library", "workshop", "clinic", "studio", "archive", "lounge")


@kernel
def generate(state, episodes, config, i):
    """Draw the building of environment ``i`` from its level stream: plan, rooms, doors, furniture."""
    stream, held_out = episodes.stream, config.split == HELD_OUT
    low, high = min(config.rooms_low, config.rooms_high), max(config.rooms_low, config.rooms_high)
    wanted = between(stream, i, LEVEL, low, high) + (4 if held_out else 0)
    building.erect(state, stream, i, wanted, config.loops, held_out)
    building.name_rooms(state, stream, i, len(KINDS))
    building.furnish(state, stream, i, F(config.furniture))
    building.name_doors(state, i)
