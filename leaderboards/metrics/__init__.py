"""Metrics: one file each, found by looking into this folder. A metric is a fold over a transcript and nothing else.

A file holds ``METRIC``, a ``Metric``. A world outside this package names its own as ``package.module:METRIC``.
"""

import functools
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.errors import UserError, nearest, resolve
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

CONDUCT = SPACE, WALKING, TALK, BELONGING, WORD_AND_DEED = ("space", "walking", "talk", "belonging", "word and deed")
"""Topics of the metrics that can be read from any world of people; a conduct card shows them in this order."""
Share = tuple[float, float]
"""Numerator and denominator of one episode: sums over episodes are divided, not averages averaged."""


@dataclass(frozen=True)
class Metric:
    """A number that tells how avatars did in an episode.

    ``fold(transcript, role, avatars)`` gives numerator and denominator for those avatars (indices within the role).
    """

    name: str
    title: str
    """A heading of one or two words."""
    meaning: str
    unit: str
    low: float
    high: float
    """The range of values; infinite where there is none."""
    higher_is_better: bool
    floor: float | None
    """The score of an episode in which the policy failed; None for the worst that anybody made of the same scenario."""
    fold: Callable[[Transcript, str, Sequence[int]], Share]
    reference: str = ""
    digits: int = 2
    """Decimals worth showing."""
    topic: str = ""
    """One of ``CONDUCT`` when it can be read from any world of people, whether the world names it or not."""


@functools.cache
def names() -> tuple[str, ...]:
    """Names of the metrics of this package, looked up once in a process."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def metric(name: str) -> Metric:
    """The metric called ``name``, or at the address ``package.module:METRIC``. Raises UserError when there is none."""
    if ":" not in name and name not in names():
        raise UserError(f"there is no metric {name!r}: {nearest(name, names())}")
    found = resolve(name if ":" in name else f"{__name__}.{name}:METRIC", "a metric")
    if not isinstance(found, Metric):
        raise UserError(f"{name!r} is a {type(found).__name__}, not a Metric")
    return found


def happened(transcript: Transcript, kind: str, role: str, avatars: Sequence[int]) -> np.ndarray:
    """The values, float32 [E], of all events called ``kind`` of which one of ``avatars`` of ``role`` is the doer."""
    return np.asarray(by(transcript, kind, role, avatars)["value"])


def shared(transcript: Transcript, kind: str, role: str, avatars: Sequence[int]) -> np.ndarray:
    """The values, float32 [E], of all events called ``kind`` that ``avatars`` of ``role`` had a part in, as doers or for others."""
    known, events = avatar_numbers(transcript.roles.values())[role], of_kind(transcript, kind)
    mine = [known[avatar] for avatar in avatars]
    return np.asarray(events["value"][np.isin(events["who"], mine) | np.isin(events["whom"], mine)])


def of_kind(transcript: Transcript, kind: str) -> np.ndarray:
    """All events called ``kind``, structured [E]. Raises UserError when the world knows no such event."""
    known = [event.name for event in transcript.spec.events]
    if kind not in known:
        raise UserError(f"a metric needs events {kind!r}, but {transcript.spec.name} has {', '.join(known) or 'none'}")
    found: np.ndarray = transcript.events[transcript.events["kind"] == known.index(kind)]
    return found


def journeys(transcript: Transcript, role: str, avatars: Sequence[int]) -> tuple[np.ndarray, int]:
    """Path-length weights, float32 [E], of the journeys that arrived, and how many journeys ended, those that failed included.

    A journey that the end of the episode cuts short is in neither; that of somebody else counts for those who were to help (``whom``).
    """
    weights, failures = (shared(transcript, kind, role, avatars) for kind in ("arrival", "failure"))
    return weights, len(weights) + len(failures)


def seconds(transcript: Transcript) -> float:
    """How long the episode was."""
    return transcript.steps * round(float(STEP_S), 6)


def per_minute(transcript: Transcript, kind: str, role: str, avatars: Sequence[int]) -> Share:
    """How often ``avatars`` did ``kind``, over the minutes of the episode, which count once for each of them."""
    return float(len(happened(transcript, kind, role, avatars))), minutes(transcript.steps) * len(avatars)


def average(values: np.ndarray) -> Share:
    """The sum of ``values`` [E], over their number."""
    return float(values.sum(dtype=float)), float(len(values))


def by(transcript: Transcript, kind: str, role: str, avatars: Sequence[int]) -> np.ndarray:
    """All events called ``kind`` of which one of ``avatars`` of ``role`` is the doer, structured [E]."""
    known, events = avatar_numbers(transcript.roles.values())[role], of_kind(transcript, kind)
    found: np.ndarray = events[np.isin(events["who"], [known[avatar] for avatar in avatars])]
    return found


def company(transcript: Transcript, role: str, avatars: Sequence[int]) -> tuple[np.ndarray, int]:
    """The steps that ``avatars`` spent in conversation, as events [E], and how many they spent there at all.

    Whoever is there is in every step either in a conversation, alone, or at the edge of one; whoever has not come yet or has left is not.
    """
    alone, left_out, talk = (by(transcript, kind, role, avatars) for kind in ("alone_step", "left_out_step", "conversation_step"))
    return talk, len(alone) + len(left_out) + len(talk)


def minutes(steps: int) -> float:
    """Steps as minutes."""
    return steps * round(float(STEP_S), 6) / 60.0
