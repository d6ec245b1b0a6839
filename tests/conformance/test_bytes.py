"""The same bytes on every machine: whatever the processor numba compiles for, the process, and the size of the batch."""

import os
import subprocess
import sys

import pytest

from avatarium import worlds

# Prints a hash over a run of environment 0, alone or as one of many.
PROGRAM = """
import sys
from avatarium import worlds
from avatarium.worlds.core.checks.trial import actions_for, trace

name, num_envs, steps = sys.argv[1], int(sys.argv[2]), 700
table = actions_for(worlds.make_batch(name, num_envs=64), steps)
first = [{role: chosen[:num_envs] for role, chosen in actions.items()} for actions in table]
print(trace(worlds.make_batch(name, num_envs=num_envs), 5, first, slice(0, 1)))
"""


def run(name: str, num_envs: int, **environment: str) -> str:
    """The hash as another process sees it."""
    command = [sys.executable, "-c", PROGRAM, name, str(num_envs)]
    return subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", worlds.names())
def test_the_bytes_are_the_same_everywhere(name: str) -> None:
    native = run(name, 64)
    assert run(name, 1) == native
    assert run(name, 1, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == native
    assert run(name, 64, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == native
