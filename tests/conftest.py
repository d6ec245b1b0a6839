"""What tests of several rooms share."""

import dataclasses
import gc
from collections import defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from avatarium.worlds import WorldSpec

gc.set_threshold(50_000, 20, 20)  # numba keeps most of the millions of objects that it makes: looking among them took a sixth of its time


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the tests into the queues of ``--dist loadgroup``; the long ones come first, lest a worker waits for another one at the end."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(queue_of(item)))
    items.sort(key=lambda item: ("::" in queue_of(item), item.path.parent.name != "training"))


def queue_of(item: pytest.Item) -> str:
    """One queue per file, ``::<file>``, but one per world for what every world is put to, so that one worker alone compiles it."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    whole_world = item.path.parent.name == "conformance" and "name" in given
    return str(given["name"]) if whole_world else "::" + item.nodeid.partition("::")[0]


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
