"""What is played on a GPU is what is played on the CPU, action by action. numba stands in for the GPU, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SIMULATED = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
WAYS = ("rows", "memory", "masks", "controls", "central", "visits", "places", "spirit", "late", "sight")


@pytest.fixture(scope="module")
def compared() -> dict[str, Any]:
    """What ``simulated.py`` found, by way of playing."""
    script = Path(__file__).with_name("simulated.py")
    done = subprocess.run([sys.executable, "-W", "ignore", script, *WAYS], env=SIMULATED, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_fragments_and_what_is_told_of_them_are_those_of_the_cpu(compared: dict[str, Any], way: str) -> None:
    assert compared[way]["unlike"] == []
    assert compared[way]["ended"] > 0, "no episode has ended, whose last observations could differ"
    assert compared[way]["logged"] >= 6
