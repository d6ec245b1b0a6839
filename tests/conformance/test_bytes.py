"""The same bytes on every machine: whatever the processor numba compiles for, the process, and the size of the batch.

Of the large worlds, each of which takes a minute to compile once more, wayfinding and metasync are compiled for a processor that has
nothing but what all have; code of every world that has nothing of the processor's own is run in tests/worlds/gpu.
"""

import gc
import os
import subprocess
import sys

import pytest

from avatarium import worlds
from avatarium.worlds.core.checks.trial import actions_for, trace

GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
STEPS, MANY = 700, 64
LARGE = ("concierge", "commons", "domination", "gathering", "museum")
"""Compiled for this processor alone."""


def hashes(name: str) -> list[str]:
    """A hash over a run of environment 0 of a world, as one of many and alone."""
    table = actions_for(worlds.make_batch(name, num_envs=MANY), STEPS)
    alone = [{role: chosen[:1] for role, chosen in actions.items()} for actions in table]
    runs = ((MANY, table), (1, alone))
    return [trace(worlds.make_batch(name, num_envs=num_envs), 5, actions, slice(0, 1)) for num_envs, actions in runs]


def hashes_elsewhere(name: str) -> list[str]:
    """The same as another process finds them, in which numba compiles for a processor that has nothing but what all have."""
    other = {} if name in LARGE else GENERIC
    done = subprocess.run([sys.executable, __file__, name], env=os.environ | other, check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize("name", worlds.names())
def test_the_bytes_are_the_same_everywhere(name: str) -> None:
    first, *others = hashes(name) + hashes_elsewhere(name)
    assert others == [first] * 3


if __name__ == "__main__":
    gc.disable()  # compiling leaves next to no garbage
    print(*hashes(sys.argv[1]))
