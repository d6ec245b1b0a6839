"""A GPU made of a CPU: what numba-cuda would have a GPU do is done here, by the code that it would be given.

Everything of numba-cuda is in use: typing, lowering, arrays of the device, the way arguments take into a kernel. Below it, the modules of
LLVM that would go to NVVM are compiled for this CPU instead, memory of the device is memory of this process, and threads are run one after
the other, the last first. What comes out is what NVVM is asked for, so that only NVVM and the GPU itself have to be taken at their word.
"""

import contextlib
import ctypes
import functools
import re
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import llvmlite.binding as llvm
import numpy as np
from cuda.bindings.driver import CUdeviceptr
from cuda.core._kernel_arg_handler import ParamHolder
from numba import cuda
from numba.cuda import codegen, dispatcher
from numba.cuda.cudadrv import devices, driver, nvvm

from avatarium.worlds.gpu import assembly, device

CAPABILITY = (9, 0)
ARCH = "compute_90a"
"""What numba-cuda has NVVM compile for where such a GPU is there."""
NVVM = nvvm.compile_ir
REGISTERS = ("tid", "ctaid", "ntid")
"""Of a thread: its number in its block, the block's, and how many threads a block has."""
SAME = ("sqrt", "fabs", "floor", "ceil", "trunc", "rint")
"""Functions of NVIDIA's libdevice that are exact, and so the same as LLVM's. Whatever else a kernel calls is an error here."""


class Function(NamedTuple):
    """What a kernel of the GPU has become."""

    name: str
    engine: Any
    call: Callable[[int], None]
    registers: dict[str, Any]


class Context:
    """What numba-cuda asks of the driver: memory, and which device this is."""

    device = types.SimpleNamespace(compute_capability=CAPABILITY, id=0)

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.compiled: list[assembly.Program] = []
        self.allocated: dict[int, tuple[np.ndarray, Any]] = {}

    def memalloc(self, size: int) -> Any:
        """Memory, full of rubbish as that of a GPU is."""
        block = np.full(size + 256, 0xA5, np.uint8)
        address = -(-block.ctypes.data // 256) * 256
        free = functools.partial(self.allocated.pop, address, None)
        memory = driver.AutoFreePointer(weakref.proxy(self), CUdeviceptr(address), size, finalizer=free)
        self.allocated[address] = block, memory
        return memory.own()

    def synchronize(self) -> None:
        """Nothing is under way here."""

    def compile(self, modules: list[str], **options: Any) -> bytes:
        """In place of NVVM: code of this CPU; returns its number, which stands for PTX. What is for other GPUs goes to NVVM."""
        if options["arch"] != ARCH:
            return NVVM(modules, **options)
        self.functions.append(compiled(modules))
        self.compiled.append(assembly.Program(self.functions[-1].name, tuple(modules), options))
        return str(len(self.functions) - 1).encode()

    def function(self, library: Any) -> Any:
        """In place of a function of the device's."""
        module = types.SimpleNamespace(initialized=True)
        return types.SimpleNamespace(kernel=self.functions[int(library.get_asm_str())], module=module)


@contextlib.contextmanager
def emulated() -> Iterator[Context]:
    """Within, there is a GPU; what was compiled for it goes with it."""
    context = Context()
    memmove = dict.fromkeys(("cuMemcpyHtoD", "cuMemcpyDtoH", "cuMemcpyDtoD"), copied)
    with contextlib.ExitStack() as stack:
        replace = lambda *args: stack.enter_context(mock.patch.object(*args))  # noqa: E731
        replace(cuda, "is_available", lambda: True)
        replace(devices._runtime, "ensure_context", contextlib.nullcontext)
        replace(devices._runtime, "get_or_create_context", lambda number: context)
        replace(nvvm, "compile_ir", context.compile)
        replace(codegen.CUDACodeLibrary, "get_cufunc", lambda library: context.function(library))
        replace(dispatcher, "LaunchConfig", types.SimpleNamespace)
        replace(dispatcher, "launch", launched)
        replace(device, "keep", lambda entry: None)  # what stands for PTX here means nothing elsewhere
        stack.enter_context(mock.patch.dict(driver.driver.__dict__, memmove))
        stack.callback(forget)
        forget()
        yield context


def forget() -> None:
    """Let kernels be compiled anew when they are started next."""
    for made in (device.one_each, device.some, device._configured):
        made.cache_clear()


def copied(to: Any, of: Any, size: int) -> None:
    """In place of copies from, to and within a GPU."""
    ctypes.memmove(int(to), int(of), size)


def launched(stream: Any, config: Any, function: Function, *arguments: Any) -> None:
    """In place of a start: every thread of every block, one after the other."""
    held = ParamHolder(arguments)
    function.registers["ntid"].value = config.block[0]
    for block in reversed(range(config.grid[0])):
        for thread in reversed(range(config.block[0])):
            function.registers["ctaid"].value, function.registers["tid"].value = block, thread
            function.call(held.ptr)


def compiled(modules: list[str]) -> Function:
    """The modules of a kernel, the first of which is its entry, as code of this CPU. Raises NameError where they call what is unknown."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
    whole, *others = (llvm.parse_assembly(retargeted(module, machine)) for module in dict.fromkeys(modules))
    entry = next(function for function in whole.functions if not function.is_declaration)
    name = entry.name
    stub = trampoline(name, [str(argument.type) for argument in entry.arguments])
    for other in (*others, llvm.parse_assembly(runtime() + stub)):
        whole.link_in(other)
    whole.verify()
    unknown = {f.name for f in whole.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if unknown:
        raise NameError(f"a kernel calls what a GPU may compute otherwise: {unknown}")
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=0))
    passes.getModulePassManager().run(whole, passes)
    engine = llvm.create_mcjit_compiler(whole, machine)
    engine.finalize_object()
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("trampoline"))
    return Function(name, engine, call, {name: ctypes.c_int32.from_address(engine.get_global_value_address(name)) for name in REGISTERS})


def retargeted(module: str, machine: Any) -> str:
    """A module for NVVM as one for this CPU, in which kernels are functions like any other."""
    module = re.sub("!nvvm.annotations = .*", "", module)
    module = re.sub("target triple = .*", f'target triple = "{machine.triple}"', module)
    module = re.sub("target datalayout = .*", f'target datalayout = "{machine.target_data}"', module)
    return re.sub(r"llvm\.nvvm\.read\.ptx\.sreg\.(\w+)\.x", r"read_\1", module)


def runtime() -> str:
    """What kernels find on a GPU: the registers of their thread, and libdevice as far as it is exact."""
    lines = []
    for name in REGISTERS:
        lines += [f"@{name} = global i32 0", f"define i32 @read_{name}() {{ %v = load i32, ptr @{name} ret i32 %v }}"]
    for name in SAME:
        for kind, suffix, bits in (("float", "f", 32), ("double", "", 64)):
            lines.append(f"declare {kind} @llvm.{name}.f{bits}({kind})")
            lines.append(
                f"define {kind} @__nv_{name}{suffix}({kind} %x) {{ %y = call {kind} @llvm.{name}.f{bits}({kind} %x) ret {kind} %y }}"
            )
    return "\n".join(lines) + "\n"


def trampoline(entry: str, kinds: list[str]) -> str:
    """A function that takes the addresses of a kernel's arguments, as the driver does, and calls it."""
    loads, given = [], []
    for k, kind in enumerate(kinds):
        loads += [f"%p{k} = getelementptr ptr, ptr %at, i64 {k}", f"%a{k} = load ptr, ptr %p{k}", f"%v{k} = load {kind}, ptr %a{k}"]
        given.append(f"{kind} %v{k}")
    body = "\n".join([*loads, f'call void @"{entry}"({", ".join(given)})', "ret void"])
    return f'declare void @"{entry}"({", ".join(kinds)})\ndefine void @trampoline(ptr %at) {{\n{body}\n}}\n'
