"""The examples in docstrings run as they are written."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

ROOMS = ("worlds", "agents", "training", "render", "leaderboards")


def faults(module: ModuleType) -> list[str]:
    """The examples in a module's docstrings that do not give what they say."""
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=told.append)
    return told


@pytest.mark.parametrize("room", ROOMS)
def test_examples_hold(room: str) -> None:
    package = importlib.import_module(f"avatarium.{room}")
    names = [package.__name__, *(m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + "."))]
    found = [fault for name in names if not name.endswith("__main__") for fault in faults(importlib.import_module(name))]
    assert not found, "\n".join(found)


def test_a_wrong_example_is_found() -> None:
    module = ModuleType("planted", '"""Adds.\n\n>>> 1 + 1\n3\n\n"""')
    assert "Expected:\n    3\nGot:\n    2\n" in faults(module)[0]
