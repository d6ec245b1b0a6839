"""Pictures through the eyes of avatars: what is seen is computed here, the same on every machine.

``Eyes`` draws the views of all avatars of a role into arrays of the caller; ``Pixels`` is the section of a world's config that makes
such a picture part of the observation. Columns of a picture are cast through the floor plan; things and bodies stand in it as boxes,
cylinders and figures that turn with the one who is looked at.
"""

from avatarium.worlds.core.eyes.eyes import Eyes
from avatarium.worlds.core.eyes.sensor import Pixels, features
from avatarium.worlds.core.eyes.sights import MARK, Sights, mark, paint_rooms

__all__ = ["MARK", "Eyes", "Pixels", "Sights", "features", "mark", "paint_rooms"]
