"""Batches on a GPU are the same byte for byte as on the CPU: in the simulator of CUDA, where threads of this CPU run the kernels."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatarium import worlds
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

sys.path.insert(0, str(Path(__file__).parent / "outside"))

import twins


def simulated(*command: str) -> str:
    """What a Python process prints in which CUDA is simulated, which has to be said before numba is imported."""
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_every_world_is_the_same_in_the_simulator() -> None:
    told = simulated(twins.__file__, *twins.cases())
    ended = dict(line.rsplit(": ", 1) for line in told.splitlines())
    assert ended.keys() == twins.cases().keys()
    assert [case for case, how in twins.cases().items() if "episode_steps" in how and ended[case].startswith("0 ")] == []


PROBLEMS = """
import numpy as np
from avatarium import worlds
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.gpu.assembly import programs
from avatarium.worlds.gpu.batch import GpuBatch

def refused(ask):
    try:
        ask()
    except UserError as error:
        print(error)

batch = GpuBatch(worlds.spec("steering"), 3)
nothing = {role: np.zeros(mine.shape, mine.dtype) for role, mine in batch.actions.items()}
refused(lambda: batch.step(nothing))
refused(lambda: batch.reset([1, 2]))
batch.reset([1, 2, 3])
refused(lambda: batch.step({}))
refused(lambda: batch.home([3]))
refused(lambda: batch.home([]))
refused(lambda: batch.home([[0]]))
refused(lambda: batch.copy_from(batch, np.arange(3)))
refused(lambda: batch.restore(GpuBatch(worlds.spec("steering"), 2).snapshot()))
refused(lambda: next(programs(worlds.spec("steering"))))
print(batch.home([1]).step({role: given[:1] for role, given in nothing.items()}).reward["pilot"].shape)
"""


def test_what_cannot_be_is_said() -> None:
    told = simulated("-c", PROBLEMS).splitlines()
    wanted = [
        "call reset",
        "2 seeds",
        "are missing",
        *["give numbers of environments from 0 to 2"] * 3,
        "batch.home(envs)",
        "another world",
        "unset NUMBA_ENABLE_CUDASIM",
    ]
    assert len(told) == len(wanted) + 1
    assert all(want in line for want, line in zip(wanted, told, strict=False)), told
    assert told[-1].startswith("(1,")


def test_without_a_gpu_a_batch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    spec: WorldSpec = worlds.spec("steering")
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(device.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="there is no GPU that CUDA can use"):
        GpuBatch(spec, 2)
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(device, "SIMULATED", False)
    with pytest.raises(UserError, match=r"pip install 'avatarium\[gpu\]'"):
        GpuBatch(spec, 2)
