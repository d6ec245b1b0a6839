"""What tests of several rooms share."""

import dataclasses
import gc
import importlib
import re
from collections import defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from avatarium import worlds
from avatarium.worlds import WorldSpec

gc.set_threshold(50_000, 20, 20)  # numba keeps most of the millions of objects that it makes: without looking among them it compiles faster


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What ``--dist loadfile`` stands for here: workers take queues as ``queue_of`` names them, first come, first served."""
    if config.getoption("dist") != "loadfile":
        return None
    scheduler = importlib.import_module("xdist.scheduler").LoadScopeScheduling(config, log)
    scheduler._split_scope = queue_of
    return scheduler


def queue_of(nodeid: str) -> str:
    """The file of a test; for what every world is put to, the world: one worker compiles it, and the other one meanwhile another world."""
    file, _, test = nodeid.partition("::")
    given = re.search(r"\[(\w+)", test)
    return given[1] if given and "/conformance/" in file and given[1] in worlds.names() else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: whole worlds, then training. At the end a worker should not have to wait long for the other one."""
    items.sort(key=lambda item: (queue_of(item.nodeid) not in worlds.names(), item.path.parent.name != "training"))


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
