"""The examples of the adapters' README run as they stand there, and its PPO learns."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "training" / "adapters" / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
LOOP = BLOCKS[-1]


def test_the_loop_is_one_page_and_learns(tmp_path: Path) -> None:
    (tmp_path / "ppo.py").write_text(LOOP)
    command = [sys.executable, "ppo.py", "coordination", "7", "avatars=2", "size=4"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    returns = [float(line.rpartition(" ")[2]) for line in done.stdout.splitlines()]
    assert returns[0] < 1 < 2.5 < returns[-1]
    assert len(LOOP.splitlines()) <= 120


@pytest.mark.parametrize("number", range(len(BLOCKS) - 1))
def test_examples_run(number: int) -> None:
    exec(compile(BLOCKS[number], f"{README.name}, example {number + 1}", "exec"), {"__name__": "example"})
