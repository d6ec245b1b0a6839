"""Tracks from transcripts of our own worlds: where everybody was and looked, the walls, and what they were heading for."""

from pathlib import Path

import numpy as np

from avatarium.training.trajectory.recording import NO_BOXES, Recording
from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

BODY = ("x", "y", "cos", "sin", "present")
"""Fields that avatars need to have."""


def read_transcript(path: Path) -> Recording:
    """A recording from a transcript, at the world's own steps of 0.1 s.

    Goals are those that avatars have (``goal_x``, ``goal_y``). Where they have none, but conversations are recorded, the goal is the
    centre of one's conversation; nobody outside of one has a goal, because none is in the state. Raises UserError for worlds without
    bodies.
    """
    told = Transcript.open(path)
    known = told.frame("avatars").dtype.names or () if "frames.avatars" in told.header["columns"] else ()
    if missing := [name for name in BODY if name not in known]:
        raise UserError(f"{path} tells of {told.header['world']}, whose avatars have no {missing[0]}: give a world in which people walk")
    avatars = told.frame("avatars")
    absent = avatars["present"] == 0
    pairs = [_pair(avatars, *names, absent) for names in (("x", "y"), ("cos", "sin"))]
    return Recording(
        name=path.stem,
        scene=told.spec.name,
        step_s=round(float(STEP_S), 6),
        people=_names(told, avatars.shape[1]),
        places=pairs[0],
        facing=pairs[1],
        goals=_goals(told, avatars, absent),
        boxes=_boxes(told),
    )


def _pair(values: np.ndarray, x: str, y: str, absent: np.ndarray) -> np.ndarray:
    """float32 [..., 2] of two fields; not-a-number where ``absent``."""
    found = np.stack([values[x], values[y]], axis=-1).astype(np.float32)
    found[absent] = np.nan
    return found


def _goals(told: Transcript, avatars: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """float32 [T, A, 2]."""
    names = avatars.dtype.names or ()
    if "goal_x" in names:
        return _pair(avatars, "goal_x", "goal_y", absent)
    if "formation" in names and "frames.formations" in told.header["columns"]:
        talks, mine = told.frame("formations"), avatars["formation"]
        centres = np.take_along_axis(talks, np.maximum(mine, 0).astype(np.int64), axis=1)
        return _pair(centres, "x", "y", absent | (mine < 0))
    return np.full((*avatars.shape, 2), np.nan, np.float32)


def _boxes(told: Transcript) -> np.ndarray:
    """float32 [B, 4]: of the plan at the beginning."""
    plan = getattr(told.state(0), "plan", None)
    return NO_BOXES if plan is None else plan.boxes[0, :, : int(plan.num_boxes[0])].T.copy()


def _names(told: Transcript, count: int) -> tuple[str, ...]:
    """Roles with numbers, and a crowd after them."""
    found = [f"{role}_{k}" for role, numbers in avatar_numbers(told.roles.values()).items() for k in range(len(numbers))]
    return (*found, *(f"crowd_{k}" for k in range(count - len(found))))
