"""The kernels of training compile for GPUs as they stand: exponentials and logarithms, which worlds do not have, included."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from avatarium.training.learn.kernels import clipped_surrogate, estimate_advantages
from avatarium.training.play.kernels import sample_discrete, sample_gaussian

F, ROWS = np.float32, 4
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda, whose compiler needs no GPU, is missing"
)


def plain(*shape: int, dtype: Any = F) -> np.ndarray:
    return np.zeros(shape, dtype)


KEY, CHOICES, ACTIONS = plain(1, dtype=np.int64), plain(2, dtype=np.int64), plain(ROWS, 2, dtype=np.int32)
FLAGS, FACTORS = plain(3, ROWS, dtype=np.bool_), (F(0.2), F(0.5), F(0.01))
CALLS: dict[Any, tuple[Any, ...]] = {
    sample_discrete: (plain(ROWS, 8), CHOICES, KEY, False, ACTIONS, plain(ROWS)),
    sample_gaussian: (plain(ROWS, 4), KEY, False, plain(ROWS, 2), plain(ROWS)),
    estimate_advantages: (plain(3, ROWS), plain(4, ROWS), FLAGS, FLAGS, plain(3, ROWS), FLAGS, F(0.99), F(0.95), plain(3, ROWS)),
    clipped_surrogate: (
        *(plain(ROWS, 8), CHOICES, plain(ROWS, 8, dtype=np.bool_), ACTIONS, plain(ROWS), plain(ROWS), plain(ROWS, 1), plain(ROWS, 1)),
        *(FLAGS[0], plain(1), FACTORS, plain(ROWS, 2, 2), plain(ROWS, 8), plain(ROWS, 1), plain(ROWS, 5)),
    ),
}


@pytest.mark.parametrize("capability", [(9, 0), (8, 0)])
@pytest.mark.parametrize("kernel", CALLS, ids=lambda kernel: kernel.__name__)
def test_a_kernel_compiles_for_a_gpu_that_is_not_there(kernel: Any, capability: tuple[int, int]) -> None:
    from avatarium.worlds.gpu import assembly, device

    entry = device.one_each(kernel)
    program = assembly.lowered(entry, tuple(entry.typeof_pyval(argument) for argument in (CALLS[kernel], ROWS)))
    ptx = program.ptx(capability)
    assert ".target sm_{}{}".format(*capability) in ptx
    assert assembly.machine_code(ptx, capability).spilled_bytes == 0


def test_so_does_what_turns_keys() -> None:
    from avatarium.training.gpu.actor import turn
    from avatarium.worlds.gpu import assembly, device

    entry = device.one_each(turn)
    program = assembly.lowered(entry, tuple(entry.typeof_pyval(argument) for argument in ((KEY, KEY, np.uint64(1), np.uint64(0)), 1)))
    assert ".target sm_90" in program.ptx()
