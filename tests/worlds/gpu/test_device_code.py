"""What a GPU is given to compute gives the bytes that the CPU gives, in every world: its code is run here, then looked at as PTX."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.gpu import device

if importlib.util.find_spec("numba_cuda") is None:
    pytest.skip("numba-cuda is not installed, which compiles kernels for GPUs", allow_module_level=True)
if device.SIMULATED:
    pytest.skip("the simulator of CUDA takes the place of what is tested here", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parent / "outside"))

import emulator
import twins

from avatarium.worlds.gpu import assembly, keeping

CAPABILITIES = ((9, 0), (8, 0))
KEEP = device.keep
"""As it is on a GPU; within the emulator nothing is kept otherwise."""


@pytest.fixture(scope="module")
def gpu() -> Iterator[emulator.Context]:
    """A GPU made of this CPU. Kernels that worlds share are compiled once."""
    with emulator.emulated() as context:
        yield context


@pytest.mark.parametrize("case", twins.cases())
def test_the_code_for_a_gpu_gives_the_bytes_of_the_cpu(case: str, gpu: emulator.Context) -> None:
    already = len(gpu.compiled)
    ended = twins.whole(case, 3, twins.cases()[case].get("episode_steps", twins.MOST_STEPS) + 2)
    assert ended or "episode_steps" not in twins.cases()[case]
    for program in gpu.compiled[already:]:
        exact(program)


def exact(program: assembly.Program) -> None:
    """Assert that NVVM computes nothing otherwise than a CPU, for either GPU."""
    for capability in CAPABILITIES:
        ptx = program.ptx(capability)
        assert ".target sm_{}{}".format(*capability) in ptx
        assert assembly.inexact(ptx) == [], program.name
        assert assembly.argument_bytes(ptx) <= assembly.MOST_ARGUMENTS, program.name
        assert ".local" not in ptx, f"{program.name} has arrays that a GPU keeps in memory"


@kernel
def choose(numbers, out, start, stop):
    """What CPUs and GPUs are known to do differently, unless told not to."""
    for i in range(start, stop):
        a, b, c = numbers[i, 0], numbers[i, 1], numbers[i, 2]
        out[i, 0], out[i, 1] = max(a, b), min(a, b)
        out[i, 2] = a * b + c
        out[i, 3] = max(np.float64(a), np.float64(b))


def test_sums_of_products_and_limits_are_those_of_the_cpu(gpu: emulator.Context) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(256, 3)).astype(np.float32)
    numbers[:, :2][rng.random((256, 2)) < 0.5] = 0
    numbers[:, :2] *= rng.choice(np.array([1, -1], np.float32), (256, 2))
    numbers[:2, :2] = (np.nan, 1), (1, np.nan)
    here, there = np.zeros((256, 4), np.float32), device.place(np.zeros((256, 4), np.float32))
    choose(numbers, here, 0, 256)
    device.run(choose, (device.place(numbers), there), 256)
    assert here.tobytes() == device.fetch(there).tobytes()
    exact(gpu.compiled[-1])


def test_without_care_they_would_not_be(gpu: emulator.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    with device.rehearsal() as started:
        device.run(choose, (np.zeros((1, 3), np.float32), np.zeros((1, 4), np.float32)), 1)
    ((entry, arguments),) = started
    careful = assembly.lowered(entry, tuple(entry.typeof_pyval(argument) for argument in arguments))
    monkeypatch.setattr(device, "like_python", lambda module: module)
    careless = assembly.lowered(entry, tuple(entry.typeof_pyval(argument) for argument in arguments))
    monkeypatch.undo()
    ptx = assembly.Program("choose", careless.modules, careless.options | {"fma": True}).ptx()
    assert {"fma.rn.f32", "max.f32", "min.f32", "max.f64"} <= set(assembly.inexact(ptx))
    assert assembly.inexact(careful.ptx()) == []


def test_what_was_compiled_is_kept_until_its_sources_change(gpu: emulator.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(device, "keep", KEEP)
    numbers, out = device.place(np.ones((4, 3), np.float32)), device.place(np.zeros((4, 4), np.float32))

    def compiled() -> int:
        """How many kernels have to be compiled by a process that starts afresh."""
        before = len(gpu.compiled)
        emulator.forget()
        device.store(out, np.zeros((4, 4), np.float32))
        device.run(choose, (numbers, out), 4)
        assert device.fetch(out)[:, 2].tolist() == [2.0] * 4
        return len(gpu.compiled) - before

    assert [compiled(), compiled(), compiled()] == [1, 0, 0]
    monkeypatch.setattr(keeping, "folder_stamp", lambda folder: "changed")
    assert [compiled(), compiled()] == [1, 0]
    for file in tmp_path.rglob("*.nbc"):
        file.write_bytes(b"cut")
    assert compiled() == 1
    monkeypatch.setattr(keeping.Locator, "ensure_cache_path", lambda self: (tmp_path / "none" / "at" / "all").mkdir())
    monkeypatch.setattr(keeping, "folder_stamp", lambda folder: "changed again")
    assert [compiled(), compiled()] == [1, 1]
    emulator.forget()


def test_arrays_of_the_gpu_keep_shapes_and_what_they_share(gpu: emulator.Context) -> None:
    pair = np.dtype([("a", np.uint8), ("b", np.float32)], align=True)
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    records = np.array([[(1, 2.0)], [(3, 4.0)]], pair)
    moved = device.Mover()
    there = moved({"whole": whole, "part": (whole[:, 2:4], whole), "none": np.zeros((4, 0), np.float32), "records": records})
    assert there["whole"] is there["part"][1]
    device.store(there["whole"], whole + 1)
    assert (device.fetch(there["part"][0]) == whole[:, 2:4] + 1).all()
    assert device.fetch(there["records"]).tolist() == records.tolist()
    device.store(there["records"], device.place(records[::-1]))
    assert device.rows(there["records"], np.array([0])).tolist() == [[(3, 4.0)]]
    assert device.rows(there["none"], np.array([1, 3])).shape == (2, 0)
    copy = device.empty_like(there["part"][0])
    assert copy.shape == (4, 2) and copy.dtype == np.float32


def test_arrays_of_another_type_are_refused(gpu: emulator.Context) -> None:
    mine, theirs = device.place(np.zeros(4, np.int32)), device.place(np.zeros(4, np.int64))
    with pytest.raises(UserError, match="has to be int32"):
        device.store(mine, theirs)


def test_actions_may_lie_on_the_gpu(gpu: emulator.Context) -> None:
    cpu, there = twins.twins("steering", 2)
    cpu.reset(1)
    there.reset(1)
    actions: dict[str, Any] = {role: np.full(mine.shape, 0.5, mine.dtype) for role, mine in cpu.actions.items()}
    cpu.step(actions)
    there.step({role: device.place(given) for role, given in actions.items()})
    assert twins.differing(cpu, there) == []
    with pytest.raises(UserError, match="actions"):
        there.step({})
