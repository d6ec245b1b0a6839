"""Views drawn by the GPU's kernels: those of the CPU. Where there is no GPU they run in the simulator of CUDA."""

import importlib.util
import os
import subprocess
import sys
import textwrap

import pytest
from numba import cuda

COMPARE = textwrap.dedent(
    """
    import sys

    import numpy as np
    from numba import cuda

    from avatarium import worlds
    from avatarium.worlds.core.chance import random_actions
    from avatarium.worlds.core.eyes.gpu import GpuEyes

    batch = worlds.make_batch(sys.argv[1], num_envs=2)
    batch.reset(4)
    rng = np.random.default_rng(0)
    role, width, height, steps = next(iter(batch.roles)), *(int(word) for word in sys.argv[2:])
    for _ in range(20):
        batch.step(random_actions(batch, rng))
    cpu, gpu = batch.eyes(role, width, height), GpuEyes(batch, role, width, height)
    kinds = ((3,), np.uint8), ((), np.float32), ((), np.uint8)
    there = [cuda.to_device(np.zeros((*cpu.shape, *tail), dtype)) for tail, dtype in kinds]
    for _ in range(steps):
        here = [np.zeros((*cpu.shape, *tail), dtype) for tail, dtype in kinds]
        cpu.look(*here)
        gpu.look(*there)
        rgb, depth, ids = (array.copy_to_host() for array in there)
        assert gpu.shape == cpu.shape and here[0].std() > 5
        assert (np.abs(here[0].astype(int) - rgb) <= 2).all(-1).mean() >= 0.999
        assert np.isclose(here[1], depth, rtol=1e-3).mean() >= 0.999
        assert (here[2] == ids).mean() >= 0.999
        print(*sorted(set(ids.ravel().tolist())))
        batch.step(random_actions(batch, rng))
    try:
        gpu.look(np.zeros((*cpu.shape, 3), np.uint8))
    except worlds.UserError as error:
        assert "does not lie on a GPU" in str(error)
    else:
        raise AssertionError("an array of the CPU was taken")
    """
)


def seen(world: str, *numbers: int, simulate: bool) -> set[int]:
    """Numbers of the things that were seen while the pictures of both were compared."""
    command = [sys.executable, "-W", "ignore", "-c", COMPARE, world, *map(str, numbers)]
    done = subprocess.run(
        command, env=os.environ | {"NUMBA_ENABLE_CUDASIM": str(int(simulate))}, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return {int(word) for word in done.stdout.split()}


def test_in_the_simulator_they_are_those_of_the_cpu() -> None:
    assert {0, 1, 2, 3} < seen("gathering", 24, 16, 1, simulate=True)
    assert {0, 1, 2, 5, 7} < seen("commons", 12, 12, 2, simulate=True)


@pytest.mark.skipif(not cuda.is_available(), reason="there is no GPU that CUDA can use")
@pytest.mark.parametrize("world", ["gathering", "commons", "museum"])
def test_on_a_gpu_they_are_those_of_the_cpu(world: str) -> None:
    assert {0, 1, 2} < seen(world, 84, 84, 3, simulate=False)


COMPILE = textwrap.dedent(
    """
    import types

    import numba
    import numba.cuda.dispatcher as dispatcher
    import numpy as np
    from numba import cuda

    from avatarium import worlds
    from avatarium.worlds.core.eyes import gpu
    from avatarium.worlds.core.eyes.art import art

    dispatcher.get_current_device = lambda: types.SimpleNamespace(compute_capability=(9, 0))  # nested functions ask what they are for
    batch = worlds.make_batch("commons")
    eyes, plan = batch.eyes("picker", 24, 16), batch.state.plan
    world = plan.boxes, plan.kinds, plan.num_boxes, batch.state.avatars, eyes.floor.reshape(1, -1), eyes.marks, eyes.counts
    size, image, depths = (np.int32(16), eyes.lens.focal), np.zeros(eyes.shape, np.uint32), np.zeros(eyes.shape, np.float32)
    out = np.zeros((*eyes.shape, 3), np.uint8), np.zeros(eyes.shape, np.float32), np.zeros(eyes.shape, np.uint8)
    how = eyes.colours, eyes.lens.side, eyes.lens.length, art(), size, eyes.floor.shape[1:], eyes.first
    kinds = tuple(numba.typeof(value) for value in (*world, *how, image, depths, out, (True, True, True)))
    assembly, _ = cuda.compile_ptx(gpu.draw.py_func, kinds, cc=(9, 0))
    assert ".target sm_90" in assembly
    assert ".f64" not in assembly, "something is computed in double precision"
    """
)


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda, whose compiler needs no GPU, is not installed")
def test_the_kernel_compiles_for_a_gpu_that_is_not_there() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", COMPILE], check=True, timeout=180)
