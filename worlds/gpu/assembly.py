"""What a GPU is given to run: kernels as PTX and as machine code, made on any machine, with a GPU or without."""

import contextlib
import functools
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, need
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

HOPPER = (9, 0)
"""The compute capability of an H100 or H200: major and minor number."""
MOST_ARGUMENTS = 32_764
"""Bytes of arguments that a kernel can take, from compute capability 7.0 and CUDA 12.1 on."""
EXACT = re.compile(
    r"(add|sub|mul|div|sqrt|rcp)\.rn\.f(32|64)"  # rounded to the nearest number, one operation at a time
    r"|(abs|neg|mov|selp|setp\.\w+(\.\w+)?|(ld|st)(\.\w+)*)\.f(32|64)"  # not rounded at all
    r"|cvt\.(f64\.f32|rn\.f(32|64)\.\w+|r[nzmp]i\.[usf]\d+\.f(32|64))"
)
"""Instructions on floats whose results are those of a CPU to the last bit."""
LIMIT = re.compile(r"(max\.f32 .*0f(?!80000000)|min\.f32 .*0f(?!00000000)|max\.f64 .*0d(?!80{15})|min\.f64 .*0d(?!0{16}))\w+")
"""More of them: NVVM writes a comparison with a constant so where neither NaN nor the sign of 0 makes a difference."""


@dataclass(frozen=True)
class Program:
    """A kernel of the GPU as modules of LLVM, as they are given to NVVM with these options; the same for every GPU."""

    name: str
    modules: tuple[str, ...]
    options: dict[str, Any]

    def ptx(self, capability: tuple[int, int] = HOPPER) -> str:
        """The kernel in PTX for a compute capability. Raises UserError for one that CUDA as installed does not compile for."""
        nvvm = need("numba.cuda.cudadrv.nvvm", extra="gpu")
        try:
            text: bytes = nvvm.compile_ir(list(self.modules), **self.options | {"arch": "compute_{}{}".format(*capability)})
        except nvvm.nvvmError as failure:
            version = ".".join(str(part) for part in capability)
            raise UserError(f"compute capability {version} is none that CUDA as installed compiles {self.name} for: {failure}") from failure
        return text.decode().strip("\x00").strip()


@dataclass(frozen=True)
class Code:
    """Machine code, and what a thread needs to run it."""

    binary: bytes
    registers: int
    stack_bytes: int
    spilled_bytes: int
    """Of what finds no room in registers: written to local memory and read from there."""


def programs(spec: WorldSpec, **how: Any) -> Iterator[Program]:
    """Every kernel that ``GpuBatch(spec, **how)`` starts in a reset and a step, in that order, compiled as it would be then.

    Raises UserError where numba-cuda is not installed, or its simulator takes the place of the compiler.
    """
    device.installed()
    if device.SIMULATED:
        raise UserError("the simulator of CUDA compiles nothing: unset NUMBA_ENABLE_CUDASIM")
    with device.rehearsal() as started:
        batch = GpuBatch(spec, **{"num_envs": 2, "central": True} | how)
        batch.reset(0)
        batch.step(batch.actions)
    different = {(entry, tuple(entry.typeof_pyval(argument) for argument in arguments)): None for entry, arguments in started}
    for entry, kinds in different:
        yield lowered(entry, kinds)


def lowered(entry: Any, kinds: tuple[Any, ...]) -> Program:
    """A kernel of the GPU, as ``device`` makes them, for arguments of these types of numba's."""
    from numba import cuda
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import nvvm

    given: list[tuple[list[str], dict[str, Any]]] = []

    def collect(modules: list[str], **options: Any) -> bytes:
        given.append((modules, options))
        return b""

    # kernels that a kernel calls are compiled for the GPU that is there: any will do, for all are given the same modules
    here = types.SimpleNamespace(compute_capability=HOPPER)
    with _replaced(dispatcher, "get_current_device", lambda: here), _replaced(nvvm, "compile_ir", collect), device.exact():
        cuda.compile_ptx(entry.py_func, kinds, cc=HOPPER)
    ((modules, options),) = given
    return Program(entry.py_func.__name__, tuple(modules), options)


def write(spec: WorldSpec, folder: Path, overrides: list[str]) -> Iterator[str]:
    """Write the kernels of a world to ``folder``, as PTX and machine code for Hopper; yields lines of a table on them as they are ready."""
    config = settings.parse_overrides(overrides, spec.config)
    folder.mkdir(parents=True, exist_ok=True)
    yield f"{'kernel':<40} {'registers':>9} {'stack':>6} {'spilled':>7} {'arguments':>9} {'float64':>7}  {'otherwise than a CPU'}"
    for number, program in enumerate(programs(spec, **config)):
        ptx = program.ptx()
        code = machine_code(ptx)
        (folder / f"{number}-{program.name}.ptx").write_text(ptx)
        (folder / f"{number}-{program.name}.cubin").write_bytes(code.binary)
        needs = f"{code.registers:>9} {code.stack_bytes:>6} {code.spilled_bytes:>7} {argument_bytes(ptx):>9} {doubles(ptx):>7}"
        yield f"{program.name.removeprefix('worlds.'):<40} {needs}  {', '.join(inexact(ptx)) or 'nothing'}"


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    usual = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, usual)


def machine_code(ptx: str, capability: tuple[int, int] = HOPPER) -> Code:
    """Assemble PTX by nvJitLink, which needs no GPU."""
    core = need("cuda.core", extra="gpu")
    options = core.LinkerOptions(arch="sm_{}{}".format(*capability), verbose=True, ptxas_options=["-v"])
    linker = core.Linker(core.ObjectCode.from_ptx(ptx.encode()), options=options)
    binary: bytes = linker.link("cubin").code
    told = functools.partial(_told, linker.get_info_log())
    return Code(binary, told("Used (\\d+) registers"), told("(\\d+) bytes stack frame"), told("(\\d+) bytes spill (?:stores|loads)"))


def _told(log: str, what: str) -> int:
    """The sum of what a log says on all functions of a kernel; for registers there is one."""
    return sum(int(number) for number in re.findall(what, log))


def inexact(ptx: str) -> list[str]:
    """Instructions on floats, without their operands, whose results may differ from a CPU's; what is called elsewhere counts as well.

    >>> inexact("  fma.rn.f32 %f1, %f2, %f3, %f4;  ")
    ['fma.rn.f32']
    """
    found = re.findall(r"^\s*(?:@!?%\w+\s+)?([a-z][\w.]*\.f(?:16|32|64)\S*)\s+(.*?);", ptx, re.MULTILINE)
    wrong = {name for name, operands in found if not (EXACT.fullmatch(name) or LIMIT.fullmatch(f"{name} {operands}"))}
    return sorted(wrong | set(re.findall(r"\.extern .*\.func.*", ptx)))


def doubles(ptx: str) -> int:
    """How many instructions compute with float64, for which most GPUs have few units."""
    return len(re.findall(r"^\s*(?:@!?%\w+\s+)?(?:add|sub|mul|div|sqrt|rcp|cvt)\.[\w.]*f64", ptx, re.MULTILINE))


def argument_bytes(ptx: str) -> int:
    """What the arguments of a kernel take up, at most ``MOST_ARGUMENTS``."""
    kinds = re.findall(r"^\s*\.param \.[a-z](\d+) ", ptx.partition(".entry")[2].partition(")")[0], re.MULTILINE)
    return sum(int(bits) // 8 for bits in kinds)
