"""What there is to see in commons, as data for the renderer."""

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.state import State
from avatarium.worlds.core import interior
from avatarium.worlds.core.scene import Scene


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now."""
    avatars = state.avatars[i]
    names = [f"picker_{a}" for a in range(len(avatars))]
    return interior.scene(state, i, names, np.arange(len(avatars)) % interior.COLOURS)
