"""The same bytes on every machine: whatever the processor numba compiles for, the process, and the size of the batch."""

import os
import subprocess
import sys

import pytest

from avatarium import worlds

# Prints a hash per world over a run of environment 0, alone or as one of many.
PROGRAM = """
import sys
from avatarium import worlds
from avatarium.worlds.core.checks.trial import actions_for, trace

num_envs, names, steps = int(sys.argv[1]), sys.argv[2:], 700
for name in names:
    table = actions_for(worlds.make_batch(name, num_envs=64), steps)
    first = [{role: chosen[:num_envs] for role, chosen in actions.items()} for actions in table]
    print(name, trace(worlds.make_batch(name, num_envs=num_envs), 5, first, slice(0, 1)))
"""
GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


def run(num_envs: int, environment: dict[str, str]) -> dict[str, str]:
    """The hash of each world as another process sees it."""
    command = [sys.executable, "-c", PROGRAM, str(num_envs), *worlds.names()]
    done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def runs() -> list[dict[str, str]]:
    """Hashes of a run as one of many, and of three others that ought to be the same."""
    return [run(64, {}), run(1, {}), run(1, GENERIC), run(64, GENERIC)]


@pytest.mark.parametrize("name", worlds.names())
def test_the_bytes_are_the_same_everywhere(name: str, runs: list[dict[str, str]]) -> None:
    first, *others = (found[name] for found in runs)
    assert others == [first] * 3
