"""Episodes that are written down instead of played: what bodies do in every step is given, and so is the plan around them."""

from types import SimpleNamespace

import numpy as np

from avatarium.worlds.core import plan
from avatarium.worlds.core.bodies import BODY_FIELDS, STEP_S
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.speech import SAY

STEP = round(float(STEP_S), 6)


class Staged(SimpleNamespace):
    """What metrics ask of a transcript: ``frames`` of A bodies [T + 1, A], boxes (x0, y0, x1, y1), roles by name and count."""

    __hash__ = object.__hash__

    def __init__(self, frames, boxes=(), roles=(("guest", 2),)):
        spec = SimpleNamespace(name="staged", frame_fields=("avatars",), metrics=(), events=())
        made = {name: Role(name, count, (), (SAY,), ()) for name, count in roles}
        super().__init__(frames={"avatars": frames}, steps=len(frames) - 1, boxes=boxes, roles=made, spec=spec)

    def frame(self, field):
        return self.frames[field]

    def state(self, step):
        found = plan.allocate(1, len(self.boxes), 1)
        for box in self.boxes:
            plan.add_box(found, 0, plan.WALL, *map(np.float32, box))
        return SimpleNamespace(plan=found)


def still(steps, *places):
    """Frames of bodies that stand at ``places`` (x, y, way they look as x, y); rows may be changed afterwards."""
    frames = np.zeros((steps + 1, len(places)), BODY_FIELDS)
    for k, place in enumerate(places):
        for name, value in zip(("x", "y", "cos", "sin"), place, strict=True):
            frames[name][:, k] = value
    frames["present"] = 1
    return frames


def walk(frames, who, velocity):
    """Let one walk from where it stands with ``velocity``, float [2] or [T + 1, 2] (m/s); it looks where it goes."""
    velocity = np.broadcast_to(np.asarray(velocity, float), (len(frames), 2)).copy()
    velocity[0] = 0
    gone = np.cumsum(velocity * STEP, axis=0)
    for k, (place, speed, look) in enumerate((("x", "vx", "cos"), ("y", "vy", "sin"))):
        frames[place][:, who] += gone[:, k]
        frames[speed][:, who] = velocity[:, k]
        size = np.sqrt((velocity**2).sum(axis=1))
        frames[look][size > 0, who] = (velocity[:, k] / np.maximum(size, 1e-9))[size > 0]
    return frames
