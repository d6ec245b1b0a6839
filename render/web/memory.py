"""What agents sensed, did and earned, as columns of whole numbers: found by playing a transcript's actions again."""

import math
from typing import Any

import numpy as np

from avatarium.render.viewer.source import STEP_S
from avatarium.worlds.core import rays
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.transcript import DepartureError, Transcript, relive

NEAR = 100
"""Nearness of what a ray met, and other shares, are whole numbers of so many in 1."""
REWARD = 0.001
"""Sums of reward, and what policies tell of themselves, are whole numbers of this."""
UNTOLD = -(2**31)
"""Stands where a policy told nothing."""
SECTORS = 240
"""A compass points to one of so many sectors, counted from straight ahead to the left; this number itself is none."""
SINGLES = 4
"""Sensed numbers that stand alone, at most."""


def remember(told: Transcript) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Head and columns [L, ...] of all roles for the first L frames: those in which the world still does what the transcript says.

    Raises UserError when it begins otherwise.
    """
    frames: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in told.roles}
    paid = {name: np.zeros((role.count, len(role.terms))) for name, role in told.roles.items()}
    try:
        for t, (batch, _) in enumerate(relive(told)):
            for name, role in told.roles.items():
                if t:
                    paid[name] += batch.reward_terms[name][0]
                done = told.data[f"actions.{name}"][t - 1] if t else np.zeros((role.count, role.action_size))
                terms = np.round(paid[name] / REWARD).astype(np.int32)
                frames[name].append({"terms": terms, "actions": _action(role, done), **_senses(role, batch.observations[name][0])})
    except DepartureError:
        if not all(frames.values()):
            raise
    columns = {f"{name}.{what}": np.stack([frame[what] for frame in found]) for name, found in frames.items() for what in found[0]}
    heads = {name: _describe(role) for name, role in told.roles.items()}
    for name, readouts in told.readouts.items():
        heads[name]["readouts"] = [what for what, values in readouts.items() if values.ndim == 2]
        columns |= {f"{name}.{what}": _told(readouts[what]) for what in heads[name]["readouts"]}
    return {"step_s": STEP_S, "roles": heads}, columns


def _describe(role: Role) -> dict[str, Any]:
    """What a page has to know of a role to say what its columns mean."""
    return {
        "count": role.count,
        "terms": list(role.terms),
        "heads": [] if role.continuous else [[head.name, list(head.choices)] for head in role.heads],
        "controls": list(role.continuous),
        "span": list(role.span),
        "singles": [name.replace("_", " ") for name in _singles(role)],
        "fan": [float(rays.FAN_RAD), float(rays.RANGE_M)],
        "readouts": [],
    }


def _singles(role: Role) -> list[str]:
    return [feature.name for feature in role.features if feature.size == 1][:SINGLES]


def _action(role: Role, done: np.ndarray) -> np.ndarray:
    """uint8 [A, H]: choices of heads, or controls from 0 to 200 over their span."""
    codes = np.round((np.clip(role.narrowed(done), -1, 1) + 1) * 100) if role.continuous else done
    return codes.astype(np.uint8)


def _senses(role: Role, seen: np.ndarray) -> dict[str, np.ndarray]:
    """What the card of an avatar shows of observations [A, D], as uint8."""
    where, found = role.slices(), {}
    if "nearness" in where:
        found["near"] = shares(seen[..., where["nearness"]])
        kinds = np.stack([seen[..., where[name]] for name in ("is_wall", "is_avatar", "is_object")], axis=-1)
        found["met"] = np.where(kinds.any(-1), 1 + kinds.argmax(-1), 0).astype(np.uint8)
    if "compass" in where:
        ahead, left = seen[..., where["compass"]][..., 0], seen[..., where["compass"]][..., 1]
        sector = np.round(np.arctan2(left, ahead) / (2 * math.pi) * SECTORS) % SECTORS
        found["compass"] = np.where(np.hypot(ahead, left) < 1e-3, SECTORS, sector).astype(np.uint8)
    if _singles(role):
        found["singles"] = shares(np.stack([seen[..., where[name]][..., 0] for name in _singles(role)], axis=-1))
    return found


def shares(values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] (others are brought there) as whole numbers of ``NEAR``, uint8."""
    whole: np.ndarray = np.round(np.clip(values, 0, 1) * NEAR).astype(np.uint8)
    return whole


def _told(values: np.ndarray) -> np.ndarray:
    """int32 [T, A] of a read-out."""
    whole = np.clip(np.nan_to_num(values) / REWARD, -(2**31) + 1, 2**31 - 1)
    rows: np.ndarray = np.where(np.isnan(values), UNTOLD, np.round(whole)).astype(np.int32)
    return rows
