"""What tests of several rooms share."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from avatarium.worlds import WorldSpec


class Tampered:
    """A kernel followed by a bit of Python that spoils, or rearranges, what the kernel did."""

    def __init__(self, kernel: Any, then: Callable[..., None]) -> None:
        self.kernel, self.then = kernel, then
        self.overloads = defaultdict(lambda: SimpleNamespace(entry_point=self))
        self.typeof_pyval = type

    def __call__(self, *arguments: Any) -> Any:
        result = self.kernel(*arguments)
        self.then(*arguments)
        return result


@pytest.fixture
def tampered() -> Callable[..., WorldSpec]:
    """Makes a world from another one with functions that run after its kernels, such as ``step=lambda state, episodes, ...: ...``."""

    def make(spec: WorldSpec, **then: Callable[..., None]) -> WorldSpec:
        return dataclasses.replace(spec, **{name: Tampered(getattr(spec, name), after) for name, after in then.items()})

    return make
