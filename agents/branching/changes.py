"""What may be done otherwise from some step of an episode on: a policy, an action, a word."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avatarium.agents.policy import Policy
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.speech import SAY


@dataclass(frozen=True)
class Swap:
    """Another policy, from then on: an object, or what ``agents.load`` takes. It has watched until then, and remembers what it saw."""

    policy: str | Policy


@dataclass(frozen=True)
class Act:
    """Other choices of some heads, or other values of some controls, for so many ``steps``; the rest is up to whoever moves the avatar."""

    choices: Mapping[str, str | int | float]
    steps: int = 1


@dataclass(frozen=True)
class Say:
    """Another word, or silence, for so many ``steps``: the name of a choice of the head ``say``, or the word's number."""

    word: str | int
    steps: int = 1


Change = Swap | Act | Say | None
"""None changes nothing: that future is the one that was recorded."""


def described(change: Change) -> dict[str, Any] | None:
    """A change as transcripts tell it, in JSON's types."""
    if isinstance(change, Swap):
        return {"policy": change.policy if isinstance(change.policy, str) else change.policy.name}
    if isinstance(change, Act):
        return {"action": dict(change.choices), "steps": change.steps}
    return {"say": str(change.word), "steps": change.steps} if change else None


def in_words(change: Change) -> str:
    """A change in a few words.

    >>> in_words(Act({"walk": "left", "turn": "none"}, 3))
    'walk=left, turn=none for 3 steps'
    """
    told = described(change)
    if told is None:
        return "no change"
    if "policy" in told:
        return f"played by {told['policy']}"
    what = f"says {told['say']}" if "say" in told else ", ".join(f"{name}={value}" for name, value in told["action"].items())
    return f"{what} for {told['steps']} step{'s' if told['steps'] != 1 else ''}"


def columns(change: Act | Say, role: Role) -> dict[int, float]:
    """The columns of an avatar's action that a change sets, and to what. Raises UserError for what the role cannot do."""
    if change.steps < 1:
        raise UserError(f"a change lasts for at least one step, not for {change.steps}")
    if isinstance(change, Say):
        return _word(change.word, role)
    if not change.choices:
        raise UserError(f"what is {role.name} to do? Name at least one of {', '.join(_names(role))}")
    return dict(_column(name, value, role) for name, value in change.choices.items())


def _names(role: Role) -> list[str]:
    return list(role.continuous or (head.name for head in role.heads))


def _column(name: str, value: str | int | float, role: Role) -> tuple[int, float]:
    names = _names(role)
    if name not in names:
        raise UserError(f"a {role.name} has no {name!r} to choose: {nearest(name, names)}")
    k = names.index(name)
    if not role.continuous:
        return k, _choice(name, value, role.heads[k].choices)
    low, high = role.span
    try:
        control = float(value)
    except ValueError:
        control = math.nan
    if not low <= control <= high:
        raise UserError(f"{name}={value} is no control of a {role.name}: give a number from {low:g} to {high:g}")
    return k, control


def _choice(name: str, value: str | int | float, choices: tuple[str, ...]) -> int:
    """The number of a choice, from its name or its number."""
    if value in choices:
        return choices.index(str(value))
    if str(value).isdecimal() and int(value) < len(choices):
        return int(value)
    raise UserError(f"{name} has no choice {str(value)!r}: {nearest(str(value), choices)}")


def _word(word: str | int, role: Role) -> dict[int, float]:
    names = [head.name for head in role.heads]
    if SAY.name not in names:
        raise UserError(f"a {role.name} cannot speak here: it chooses {', '.join(_names(role))}")
    k = names.index(SAY.name)
    known = role.heads[k].choices
    spoken = f"word_{word}" if str(word).isdecimal() else str(word)
    if spoken not in known:
        hint = f"they are {known[0]} to {known[-1]}" if str(word).isdecimal() else nearest(spoken, known)
        raise UserError(f"there is no word {str(word)!r}: {hint}")
    return {k: known.index(spoken)}
