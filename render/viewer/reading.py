"""One avatar at one moment, from its own side."""

from dataclasses import dataclass, field

import numpy as np

from avatarium.render.draw.picture import Sight
from avatarium.worlds.core import rays


@dataclass(frozen=True)
class Reading:
    """One avatar at one moment, from its own side."""

    features: dict[str, np.ndarray]
    """What it senses: the slices of its observation, by name."""
    terms: dict[str, float]
    """Reward so far, by term."""
    course: np.ndarray
    """float32 [t + 1]: reward so far, over time."""
    action: str
    """What it has just done, in the words of its heads."""
    readouts: dict[str, np.ndarray] = field(default_factory=dict)
    """float32 [t + 1] by name: what its policy told of itself over time, such as ``value``; row t belongs to the step from frame t."""
    picture: np.ndarray | None = None
    """uint8 [h, w, 3]: the picture that it was given to see, where it was given one."""

    def sight(self, heading_rad: float) -> Sight | None:
        """Its fan of rays on the plan; None for an avatar that has no rays."""
        if "nearness" not in self.features:
            return None
        near = self.features["nearness"]
        angles = heading_rad + np.linspace(-0.5, 0.5, len(near)) * float(rays.FAN_RAD)
        kinds = np.stack([self.features[name] for name in ("is_wall", "is_avatar", "is_object")])
        met = tuple(("wall", "avatar", "object")[int(kinds[:, k].argmax())] if kinds[:, k].any() else "nothing" for k in range(len(near)))
        return Sight(angles, (1 - near) * float(rays.RANGE_M), met)
