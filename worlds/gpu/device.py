"""The GPU, as far as it is there: arrays on it, and kernels of the CPU started on it.

With ``NUMBA_ENABLE_CUDASIM=1`` numba stands in for a GPU: threads are run one after the other in Python, and arrays of NumPy are taken for
those of the device. Too slow for more than a test, and true to what is started where, with what.
"""

import contextlib
import functools
import importlib.util
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import config, cuda

from avatarium.worlds.core.errors import UserError

THREADS = 32
"""Of a block: one warp. Environments diverge, so that nothing is gained by larger ones, and small ones spread over all multiprocessors."""
SIMULATED = bool(config.ENABLE_CUDASIM)
"""Whether numba stands in for the GPU."""
PACKAGE = "avatarium."
_rehearsed: list[tuple[Any, tuple[Any, ...]]] | None = None
"""What has been noted in place of being started."""
MISSING = "there is no GPU that CUDA can use: leave out device, or look at what avatarium doctor says"
INSTALL = "numba-cuda is not installed, which compiles worlds for GPUs: pip install 'avatarium[gpu]'"


def check() -> None:
    """Raise UserError where worlds cannot be stepped on a GPU."""
    if _rehearsed is not None:
        return
    installed()
    if not cuda.is_available():
        raise UserError(MISSING)


def installed() -> None:
    """Raise UserError where numba-cuda is missing."""
    if not SIMULATED and importlib.util.find_spec("numba_cuda") is None:
        raise UserError(INSTALL)


def place(array: np.ndarray) -> Any:
    """A copy of ``array`` on the GPU, there for whatever is started next, in any stream."""
    if SIMULATED:
        return _twin(array)
    placed = cuda.to_device(np.ascontiguousarray(array))
    cuda.synchronize()
    return placed


def empty_like(array: Any) -> Any:
    """Room on the GPU for an array of that shape and type."""
    return np.empty_like(array) if SIMULATED else cuda.device_array(array.shape, array.dtype)


def fetch(array: Any) -> np.ndarray:
    """A copy of an array of the GPU in the memory of the CPU; waits for what was started before, in any stream."""
    if SIMULATED:
        return _twin(array)
    cuda.synchronize()  # for streams of others than numba, for which a copy does not wait
    found: np.ndarray = array.copy_to_host()
    return found


def _twin(array: np.ndarray) -> np.ndarray:
    """A copy of every byte, also of those between the fields of records, which NumPy leaves out."""
    return np.ndarray(array.shape, array.dtype, bytearray(array.tobytes()))


def rows(array: Any, which: np.ndarray) -> np.ndarray:
    """Rows ``which`` int64 [K] of an array of the GPU, in the memory of the CPU, with the bytes between the fields of records."""
    shape = (len(which), *array.shape[1:])
    if not array.size:  # of which numba-cuda takes no part
        return np.zeros(shape, array.dtype)
    return np.ndarray(shape, array.dtype, bytearray(b"".join(fetch(array[k : k + 1]).tobytes() for k in which.tolist())))


def store(array: Any, values: Any, stream: Any = 0) -> None:
    """Fill ``array`` on the GPU with ``values`` of the same shape, which lie here or there: NumPy's, numba's, torch's, CuPy's."""
    if SIMULATED:
        np.copyto(array, np.asarray(values), casting="same_kind")
    elif hasattr(values, "__cuda_array_interface__"):
        array.copy_to_device(_fitting(lent(values), array), stream=stream)
    else:
        array.copy_to_device(np.ascontiguousarray(values, array.dtype), stream=stream)


def lent(array: Any) -> Any:
    """An array of somebody else's on the GPU as one of numba's; no copy. Numba's own would lose the fields of records."""
    return array if getattr(array, "__cuda_ndarray__", False) else cuda.as_cuda_array(array)


def _fitting(values: Any, array: Any) -> Any:
    if values.dtype != array.dtype or not values.is_c_contiguous():
        raise UserError(f"an array on the GPU is {values.dtype}, strides {values.strides}: it has to be {array.dtype} and C-contiguous")
    return values


def as_numbers(array: Any, dtype: np.dtype) -> Any:
    """An array of records [..., K] that are made of M numbers of ``dtype`` alone as an array of these [..., K, M], over the same memory."""
    shape = (*array.shape, array.dtype.itemsize // dtype.itemsize)
    if SIMULATED:
        return array.view(dtype).reshape(shape)
    return cuda.devicearray.DeviceNDArray(shape, _packed(shape, dtype), dtype, gpu_data=array.gpu_data)


def _packed(shape: tuple[int, ...], dtype: np.dtype) -> tuple[int, ...]:
    """Strides of a C-contiguous array."""
    return tuple(dtype.itemsize * math.prod(shape[k + 1 :]) for k in range(len(shape)))


def view(base: Any, like: np.ndarray, root: np.ndarray) -> Any:
    """What ``like`` is of ``root``, a part of its memory, of ``base``, which lies on the GPU in place of ``root``."""
    offset = like.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    if SIMULATED:
        return np.ndarray(like.shape, like.dtype, base, offset, like.strides)
    memory = base.gpu_data.view(offset) if like.size else None
    return cuda.devicearray.DeviceNDArray(like.shape, like.strides, like.dtype, gpu_data=memory)


class Mover:
    """Moves what is made of arrays to the GPU: parts of one array stay parts of one, what is shared stays shared."""

    def __init__(self) -> None:
        self._moved: dict[int, Any] = {}
        self._kept: list[np.ndarray] = []  # a number stands for an array only as long as that lives

    def __call__(self, thing: Any) -> Any:
        """``thing`` with every array in its tuples, lists and dicts on the GPU; what else there is stays as it is."""
        if isinstance(thing, np.ndarray):
            return self._array(thing)
        if isinstance(thing, np.void):
            return thing if SIMULATED else cuda.to_device(thing)
        if isinstance(thing, dict):
            return {name: self(part) for name, part in thing.items()}
        if isinstance(thing, (tuple, list)):
            parts = [self(part) for part in thing]
            return type(thing)(*parts) if hasattr(thing, "_fields") else type(thing)(parts)
        return thing

    def _array(self, array: np.ndarray) -> Any:
        if id(array) not in self._moved:
            root = array
            while isinstance(root.base, np.ndarray):
                root = root.base
            self._moved[id(array)] = place(array) if root is array else view(self._array(root), array, root)
            self._kept.append(array)
        return self._moved[id(array)]


def run(kernel: Any, arguments: tuple[Any, ...], count: int, stream: Any = 0, which: Any = None) -> None:
    """Start ``kernel(*arguments, start, stop)`` for environments 0 to ``count``, a thread for each; whoever waits for it, waits.

    ``arguments`` are arrays on the GPU, numbers, and tuples of these; what the kernel returns is dropped. ``which`` bool [count], on the
    GPU: only where it is set.
    """
    entry, told = (one_each(kernel), (arguments, count)) if which is None else (some(kernel), (arguments, which))
    if _rehearsed is not None:
        _rehearsed.append((entry, told))
        return
    size = (-(-count // THREADS), THREADS)
    start = entry[size] if SIMULATED else _configured(entry, size, stream)  # the simulator remembers but one size
    with exact():  # what is compiled at a first start
        start(*told)


@functools.cache
def _configured(entry: Any, size: tuple[int, int], stream: Any) -> Any:
    """``entry`` in so many blocks of so many threads; numba warns of few ones, of which whoever asks for a small batch knows."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Grid size")
        return entry[*size, stream]


@functools.cache
def one_each(kernel: Any) -> Any:
    """A kernel of the GPU in which each thread has ``kernel`` handle one environment."""

    def one(arguments: tuple[Any, ...], count: int) -> None:
        i = cuda.grid(1)
        if i < count:
            kernel(*arguments, i, i + 1)

    return _entry(one, kernel)


@functools.cache
def some(kernel: Any) -> Any:
    """The same in which the threads of environments have nothing to do where ``which`` is not set."""

    def one(arguments: tuple[Any, ...], which: Any) -> None:
        i = cuda.grid(1)
        if i < which.shape[0] and which[i]:
            kernel(*arguments, i, i + 1)

    return _entry(one, kernel)


def _entry(function: Any, kernel: Any) -> Any:
    """``function`` as a kernel of the GPU under the name of the one that it calls, by which profilers know it, and compiled but once."""
    function.__name__ = function.__qualname__ = f"{kernel.__module__.removeprefix(PACKAGE)}.{kernel.__name__}"
    function.kernel = kernel
    entry = cuda.jit(function)
    if not SIMULATED:
        keep(entry)
    return entry


def keep(entry: Any) -> None:
    """Have what is compiled for ``entry`` kept for other processes."""
    from avatarium.worlds.gpu import keeping  # of which there is nothing where numba stands in for a GPU

    entry._cache = keeping.Kept(entry.py_func)


@contextlib.contextmanager
def rehearsal() -> Iterator[list[tuple[Any, tuple[Any, ...]]]]:
    """Within, nothing is started, and no GPU needed: the list has what would be, kernels of a GPU with arguments, arrays of NumPy."""
    global SIMULATED, _rehearsed
    kept, SIMULATED, _rehearsed = SIMULATED, True, []
    try:
        yield _rehearsed
    finally:
        SIMULATED, _rehearsed = kept, None


@contextlib.contextmanager
def exact() -> Iterator[None]:
    """Within, what is compiled for a GPU computes what a CPU does, to the last bit.

    Every product is rounded before it is added to something, for which numba-cuda has no option (NVVM's ``-fma``); ``max`` and ``min`` are
    those of Python, see ``like_python``. Division and square roots are those of IEEE 754 anyway.
    """
    if SIMULATED:
        yield
        return
    from numba.cuda.cudadrv import nvvm

    usual = nvvm.compile_ir
    nvvm.compile_ir = lambda modules, **options: usual([like_python(module) for module in modules], **options | {"fma": False})
    try:
        yield
    finally:
        nvvm.compile_ir = usual


def like_python(module: str) -> str:
    """A module of LLVM with ``max`` and ``min`` of floats as Python has them: of two that are neither more nor less, the first.

    numba-cuda leaves them to the GPU's own, for which 0 is more than -0, and any number is more, and less, than NaN.
    """
    for kind, suffix in (("float", "f"), ("double", "")):
        for name, sign in (("fmax", "ogt"), ("fmin", "olt")):
            head = f'{kind} @"__nv_{name}{suffix}"({kind} %".1", {kind} %".2")'
            body = f'%".3" = fcmp {sign} {kind} %".2", %".1" %".4" = select i1 %".3", {kind} %".2", {kind} %".1" ret {kind} %".4"'
            module = module.replace(f"declare {head}", f"define internal {head} alwaysinline {{ {body} }}")
    return module
