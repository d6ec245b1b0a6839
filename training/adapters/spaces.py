"""Gymnasium's spaces as features, heads and controls, and values of the one as values of the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Feature, Head

MASK = "action_mask"


@dataclass(frozen=True)
class Senses:
    """How observations of one space become rows of float32: ``write(row [D], observation)``."""

    features: tuple[Feature, ...]
    masked: bool
    """Whether observations are dicts in which a mask of actions lies beside what is seen."""
    write: Callable[[np.ndarray, Any], None]


@dataclass(frozen=True)
class Deeds:
    """How rows of heads (int) or of controls (float32 in [-1, 1]) become actions of one space.

    ``decode`` takes [N, A, heads or controls] and returns something of which ``[i][a]`` is the action of avatar a in environment i.
    """

    heads: tuple[Head, ...]
    controls: tuple[str, ...]
    decode: Callable[[np.ndarray], Any]


def senses(space: spaces.Space[Any], agent: str) -> Senses:
    """The features of an observation space. Raises UserError when its values are not a fixed number of numbers.

    >>> [(f.name, f.size) for f in senses(spaces.Dict({"goal": spaces.Discrete(4), "rays": spaces.Box(0, 1, (3, 2))}), "ant").features]
    [('goal', 4), ('rays', 6)]
    """
    if isinstance(space, spaces.Dict) and MASK in space.spaces:
        bare = {name: part for name, part in space.spaces.items() if name != MASK}
        seen = senses(next(iter(bare.values())) if len(bare) == 1 else spaces.Dict(bare), agent)
        only = next(iter(bare)) if len(bare) == 1 else None
        return Senses(seen.features, True, lambda row, given: seen.write(row, given if only is None else given[only]))
    if not space.is_np_flattenable:
        raise UserError(f"observations of {agent} are of {space}, which has no fixed size: wrap the environment so that they are a Box")
    parts = list(space.spaces.items()) if isinstance(space, spaces.Dict) else [("observation", space)]
    features = tuple(_feature(str(name), part) for name, part in parts)
    if isinstance(space, spaces.Box):
        return Senses(features, False, _copy if len(space.shape) == 1 else _ravel)
    return Senses(features, False, lambda row, given: _copy(row, flatten(space, given)))


def _copy(row: np.ndarray, given: Any) -> None:
    row[:] = given


def _ravel(row: np.ndarray, given: Any) -> None:
    row[:] = np.ravel(given)


def _feature(name: str, space: spaces.Space[Any]) -> Feature:
    low, high = -np.inf, np.inf
    if isinstance(space, spaces.Box) and space.low.size:
        low, high = float(space.low.min()), float(space.high.max())
    elif isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        low, high = 0.0, 1.0
    return Feature(name, int(flatdim(space)), low, high, f"{name} of the environment", "foreign")


def deeds(space: spaces.Space[Any], agent: str) -> Deeds:
    """The heads or controls of an action space. Raises UserError when it is neither a choice nor a bounded Box.

    >>> deeds(spaces.Discrete(3, start=5), "ant").heads
    (Head(name='action', choices=('5', '6', '7')),)
    >>> deeds(spaces.Box(-2, 6, (2,)), "ant").decode(np.zeros((1, 1, 2), np.float32))
    array([[[2., 2.]]], dtype=float32)
    """
    if isinstance(space, spaces.Discrete):
        return Deeds((_head("action", int(space.n), int(space.start)),), (), lambda rows: (rows[..., 0] + int(space.start)).tolist())
    if isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary):
        return _choices(space)
    if isinstance(space, spaces.Box) and space.is_bounded() and np.issubdtype(space.dtype, np.floating):
        return _controls(space)
    raise UserError(
        f"actions of {agent} are of {space}, which can be neither chosen nor steered: wrap the environment so that they are Discrete, "
        "MultiDiscrete, MultiBinary or a bounded Box of floats"
    )


def _head(name: str, choices: int, start: int = 0) -> Head:
    return Head(name, tuple(str(start + c) for c in range(choices)))


def _choices(space: spaces.MultiDiscrete | spaces.MultiBinary) -> Deeds:
    binary = isinstance(space, spaces.MultiBinary)
    counts = np.full(space.shape, 2) if binary else space.nvec  # type: ignore[union-attr]
    start = np.zeros(space.shape, np.int64) if binary else space.start  # type: ignore[union-attr]
    pairs = enumerate(zip(counts.ravel().tolist(), start.ravel().tolist(), strict=True))
    heads = tuple(_head(f"action_{k}", count, first) for k, (count, first) in pairs)
    return Deeds(heads, (), lambda rows: (rows.reshape(*rows.shape[:2], *space.shape) + start).astype(space.dtype))


def _controls(space: spaces.Box) -> Deeds:
    low, half = space.low, (space.high - space.low) / 2
    names = tuple(f"control_{k}" for k in range(low.size))

    def decode(rows: np.ndarray) -> np.ndarray:
        share = np.clip(rows, -1, 1).reshape(*rows.shape[:2], *space.shape) + 1
        return np.asarray(np.clip(low + share * half, low, space.high), space.dtype)

    return Deeds((), names, decode)


def mask(given: Any, row: np.ndarray, agent: str) -> None:
    """Write a mask of actions, an array or one per head, into ``row`` bool [C]; where it is missing or allows nothing, all is open."""
    if given is None:
        row[:] = True
        return
    flat = np.concatenate([np.ravel(part) for part in given]) if isinstance(given, tuple | list) else np.ravel(given)
    if flat.shape != row.shape:
        raise UserError(f"the action mask of {agent} has {flat.size} entries, but there are {row.size} choices")
    row[:] = flat
    if not row.any():
        row[:] = True
