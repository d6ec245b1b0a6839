"""Hostile submissions, shipped, so that an operator can see what a host stops: ``avatarium check --corpus``.

Every module here is a family of cases. A case is a function with a decorator that says where it is to be stopped and what is said then;
its docstring says what it tries. Nothing lists them: they are found by looking into the modules.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from avatarium.worlds.core.errors import UserError, nearest

CONTAINED = "contained"
"""Where a case is stopped that may play: what it does wrong costs itself alone."""
SANDBOX = "sandbox"
"""Where a process is stopped that somebody has taken over."""

Make = TypeVar("Make", bound=Callable[..., Any])


@dataclass(frozen=True)
class Case:
    """One hostile submission."""

    family: str
    name: str
    tries: str
    stage: str
    """Where it is stopped: a step of ``check.STEPS``, ``CONTAINED`` or ``SANDBOX``; a pattern, where that differs between machines."""
    says: str
    """A pattern of the sentence that is said then."""
    make: Callable[[], Any]
    """Gives the bytes of a zip or, for a process that was taken over, the program that it runs."""

    @property
    def id(self) -> str:
        """Family and name."""
        return f"{self.family}/{self.name}"


def stopped(stage: str, says: str, each: Mapping[str, Any] | None = None) -> Callable[[Make], Make]:
    """Declare a case, or one for each of several arguments by name; an argument may be a pair of itself and a pattern of its own."""

    def declare(make: Make) -> Make:
        family, name = make.__module__.rpartition(".")[2], make.__name__
        tries = str(make.__doc__).splitlines()[0]
        found = []
        for variant, argument in (each or {}).items():
            given, pattern = argument if type(argument) is tuple else (argument, says)
            found.append(Case(family, f"{name}[{variant}]", tries, stage, pattern, partial(make, given)))
        make.cases = found or [Case(family, name, tries, stage, says, make)]  # type: ignore[attr-defined]
        return make

    return declare


def cases(family: str | None = None) -> list[Case]:
    """All cases, or those of one family, in the order in which they stand there."""
    found = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        if family in (None, module.name):
            loaded = importlib.import_module(f"{__name__}.{module.name}")
            found += [case for value in vars(loaded).values() for case in getattr(value, "cases", ())]
    return found


def choose(family: str) -> list[Case]:
    """The cases of a family, or all where it is empty. Raises UserError when there is no such family."""
    known = dict.fromkeys(case.family for case in cases())
    if family and family not in known:
        raise UserError(f"there is no family {family!r} of hostile submissions: {nearest(family, known)}")
    return cases(family or None)
