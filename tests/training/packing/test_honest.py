"""No honest policy is refused, however it was made: gates and probes, in the sandbox."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import honest
import pytest
from honest.room import Case

from avatarium.agents.exported import Manifest, pack
from avatarium.leaderboards.entrants import Submitted
from avatarium.leaderboards.episodes import Setting
from avatarium.training.packing.graph import TOLERANCE, difference, form_of
from avatarium.worlds.core import discovery


def cases_of(module: str) -> dict[str, Callable[[], Case]]:
    """The cases of one way to make ONNX files; where its tool is not installed, one that says so."""
    try:
        found: dict[str, Callable[[], Case]] = importlib.import_module(f"honest.{module}").CASES
    except ModuleNotFoundError as missing:
        return {module: partial(pytest.skip, f"{missing.name} is not installed")}
    return found


MODULES = [module.name for module in pkgutil.iter_modules(honest.__path__) if module.name.startswith("by_")]
CASES = {name: make for module in MODULES for name, make in cases_of(module).items()}


def judged(case: Case, path: Path) -> Submitted:
    """A submission of the case that has passed gates and probes. Raises PolicyError when it is refused."""
    world = replace(discovery.spec("steering"), name="room", version=1, roles=lambda config: (case.role,))
    form = form_of(case.role, case.states, case.value)
    choices = () if case.role.continuous else tuple(len(head.choices) for head in case.role.heads)
    role, controls = case.role, len(case.role.continuous)
    manifest = Manifest("honest", "room", 1, role.name, role.signature(), choices, controls, form.states, value=case.value)
    one = Submitted(pack(path, case.onnx_bytes, manifest))
    one.policy(Setting(world, {}, role))
    return one


@pytest.mark.parametrize("name", CASES)
def test_it_may_be_played(name: str, tmp_path: Path) -> None:
    case = CASES[name]()
    judged(case, tmp_path / "policy.zip").close()
    if case.answer is not None:
        assert difference(case.onnx_bytes, case.answer, case.role, form_of(case.role, case.states, case.value)) < TOLERANCE
