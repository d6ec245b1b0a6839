"""Kernels as PTX and machine code, made without a GPU. That those of every world are exact is seen where their code is run."""

import importlib.util
from pathlib import Path

import pytest

from avatarium.worlds.cli import main
from avatarium.worlds.core.discovery import spec
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.gpu import device

if importlib.util.find_spec("numba_cuda") is None:
    pytest.skip("numba-cuda is not installed, which compiles kernels for GPUs", allow_module_level=True)
if device.SIMULATED:
    pytest.skip("the simulator of CUDA takes the place of what is tested here", allow_module_level=True)

from avatarium.worlds.gpu import assembly

KERNELS = ["begin", "open_episodes", "reset", "overview", "hush", "step", "finish"]


@pytest.fixture(scope="module")
def programs() -> dict[str, assembly.Program]:
    """The kernels of a small world, by the last part of their names."""
    return {program.name.rpartition(".")[2]: program for program in assembly.programs(spec("steering"))}


def test_a_world_is_its_kernels_and_those_of_every_batch(programs: dict[str, assembly.Program]) -> None:
    assert list(programs) == KERNELS
    assert programs["step"].name == "worlds.diagnostics.steering.step"
    assert device.SIMULATED is False


@pytest.mark.parametrize("capability", [(8, 0), (9, 0)])
def test_a_kernel_compiles_for_a_gpu(programs: dict[str, assembly.Program], capability: tuple[int, int]) -> None:
    ptx = programs["step"].ptx(capability)
    assert ".target sm_{}{}".format(*capability) in ptx
    assert "steering4step" in ptx.partition(".entry")[2]
    code = assembly.machine_code(ptx, capability)
    assert code.binary.startswith(b"\x7fELF")
    assert 16 <= code.registers <= 255
    assert code.stack_bytes == code.spilled_bytes == 0


def test_a_capability_that_is_none_is_refused(programs: dict[str, assembly.Program]) -> None:
    with pytest.raises(UserError, match=r"capability 1\.0"):
        programs["begin"].ptx((1, 0))


PTX = """
.visible .entry name(
	.param .u64 name_param_0,
	.param .f32 name_param_1,
	.param .u8 name_param_2
)
{
	ld.global.v2.f32 	{%f1, %f2}, [%rd1];
	setp.lt.f32 	%p1, %f1, %f2;
	@%p1 add.rn.f32 	%f3, %f1, %f2;
	cvt.f64.f32 	%fd1, %f3;
	add.rn.f64 	%fd1, %fd1, %fd1;
	min.f32 	%f4, %f3, 0f461C4000;
	max.f32 	%f4, %f4, 0f00000000;
	cvt.rn.f32.s64 	%f5, %rd1;
"""


def test_instructions_that_round_as_a_cpu_does_pass() -> None:
    assert assembly.inexact(PTX) == []
    assert assembly.doubles(PTX) == 2
    assert assembly.argument_bytes(PTX) == 13


@pytest.mark.parametrize(
    "line",
    [
        "fma.rn.f32 	%f1, %f2, %f3, %f4;",
        "add.f32 	%f1, %f2, %f3;",
        "mul.rn.ftz.f32 	%f1, %f2, %f3;",
        "@%p1 div.approx.f32 	%f1, %f2, %f3;",
        "max.f32 	%f1, %f2, %f3;",
        "min.f32 	%f1, %f2, 0f00000000;",
        "max.f64 	%fd1, %fd2, 0d8000000000000000;",
        "ex2.approx.ftz.f32 	%f1, %f2;",
        ".extern .func  (.param .b32 func_retval0) sinf",
    ],
)
def test_instructions_that_do_not_are_named(line: str) -> None:
    assert len(assembly.inexact(f"{PTX}	{line}\n")) == 1


def test_the_command_writes_them_and_tells_what_they_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worlds", "steering", "--set", "craft=2", "--ptx", str(tmp_path)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "registers" in head and len(lines) == len(KERNELS)
    assert all(line.endswith("nothing") for line in lines)
    assert len(list(tmp_path.glob("*.ptx"))) == len(list(tmp_path.glob("*.cubin"))) == len(KERNELS)


def test_the_command_wants_a_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worlds", "--ptx", str(tmp_path)]) == 2
    assert "give its name" in capsys.readouterr().err
