"""How one person or policy moved in one session, whatever file it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from avatarium.worlds.core.errors import UserError

HEAD = ("x", "y", "z", "qx", "qy", "qz", "qw")
"""Columns of a head's pose: m, and a quaternion."""


@dataclass(frozen=True)
class Recording:
    """T moments of one subject. The floor is x and y, z points up, angles turn left; times begin with the session's own clock."""

    subject: str
    """Who moved."""
    session: str
    """Which session; several subjects may have been in it."""
    time: np.ndarray  # float64 [T]: s, increasing
    x: np.ndarray  # float64 [T]: m
    y: np.ndarray  # float64 [T]: m
    heading: np.ndarray | None = None  # float64 [T]: rad
    head: np.ndarray | None = None  # float64 [T, 7]: see HEAD
    channels: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What else was recorded, by name: float32 [T, K]."""
    device: str = ""
    platform: str = ""
    place: str = ""
    """The world it happened in."""
    agent: str = ""
    """Which avatar of ours it was: role and number."""
    began_ms: int | None = None
    """When, in milliseconds since 1970; None where that is not known."""
    person: bool = True
    """Whether a person moved, not a policy."""

    def __len__(self) -> int:
        return len(self.time)

    @property
    def role(self) -> str:
        """What an avatar of ours was there; empty for what other recorders tell."""
        return self.agent.rpartition("_")[0]

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return float(self.time[-1] - self.time[0]) if len(self.time) else 0.0


def resampled(told: Recording, hz: float) -> Recording:
    """The same movement at even times from 0 on, ``hz`` a second: between two moments everything is taken to change evenly.

    Quaternions are mixed and brought back to length 1, which is near enough for moments as close as those of recordings.
    """
    if len(told) == 0:
        return told
    old = told.time - told.time[0]
    new = np.arange(int(old[-1] * hz + 1e-6) + 1) / hz
    heading = None if told.heading is None else wrapped(np.interp(new, old, np.unwrap(told.heading)))
    head = None if told.head is None else _heads(told.head, old, new)
    near = np.minimum(np.searchsorted(old, new), len(old) - 1)
    return replace(
        told,
        time=new,
        x=np.interp(new, old, told.x),
        y=np.interp(new, old, told.y),
        heading=heading,
        head=head,
        channels={name: values[near] for name, values in told.channels.items()},
    )


def _heads(head: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    turned = head[:, 3:].copy()
    signs = np.sign((turned[1:] * turned[:-1]).sum(axis=1))  # a quaternion and its negative are the same rotation
    turned[1:] *= np.cumprod(np.where(signs < 0, -1.0, 1.0))[:, None]
    found = np.column_stack([np.interp(new, old, column) for column in (*head[:, :3].T, *turned.T)])
    found[:, 3:] /= np.maximum(np.linalg.norm(found[:, 3:], axis=1, keepdims=True), 1e-12)
    return found


def wrapped(angle: np.ndarray) -> np.ndarray:
    """Angles in rad brought to [-pi, pi).

    >>> wrapped(np.array([0.0, 4.0])).round(4)
    array([ 0.    , -2.2832])
    """
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def checked(told: Recording, source: str) -> Recording:
    """The recording, if it holds finite numbers, and times that increase. Raises UserError, with ``source``, where it does not."""
    parts = [told.time, told.x, told.y, *(part for part in (told.heading, told.head) if part is not None)]
    if not len(told):
        raise UserError(f"{source} holds no moment of {told.subject or 'anybody'}")
    if not all(np.isfinite(part).all() for part in parts):
        raise UserError(f"{source} is damaged: some of its places, times or angles are no finite numbers")
    if (np.diff(told.time) <= 0).any():
        raise UserError(f"{source} is damaged: its times do not increase")
    return told
