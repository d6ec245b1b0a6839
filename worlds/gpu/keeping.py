"""Keeps what was compiled for a GPU: a large world takes a quarter of a minute, which the next process need not wait for."""

import contextlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba_cuda
from numba.cuda import dispatcher
from numba.cuda.core import caching

from avatarium.worlds.core.cache import cache_folder, folder_stamp, toolbox


class Locator(caching._CacheLocator):  # type: ignore[misc]
    """Where numba-cuda keeps a kernel of the GPU, and by which sources it knows that it is still good: see ``core.cache``."""

    def __init__(self, kernel: Any) -> None:
        self._file, self._line = Path(kernel.py_func.__code__.co_filename), kernel.py_func.__code__.co_firstlineno

    @classmethod
    def from_function(cls, entry: Any, file: str) -> "Locator":
        """A locator for the entry of a kernel (see ``device.one_each``)."""
        return cls(entry.kernel)

    def get_cache_path(self) -> str:
        """The folder of the compiled code."""
        return str(cache_folder() / "gpu" / self.get_suitable_cache_subpath(str(self._file)))

    def get_source_stamp(self) -> str:
        """A hash over the toolbox, the folder of the kernel, and this one."""
        return "".join(folder_stamp(folder) for folder in (*toolbox(), self._file.parent, Path(__file__).parent))

    def get_disambiguator(self) -> str:
        """Tells functions of one name apart: the line and the file."""
        return f"{self._line}-{self._file.name}"


class Files(dispatcher.CUDACacheImpl):  # type: ignore[misc]
    """The files of a kernel."""

    _locator_classes = (Locator,)


class Kept(dispatcher.CUDACache):  # type: ignore[misc]
    """What is kept of a kernel: machine code by types of arguments and kind of GPU.

    numba-cuda's own would take each process's kernels for others: it looks at what an entry calls by a number that is drawn anew.
    """

    _impl_class = Files

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return signature, codegen.magic_tuple(), numba_cuda.__version__

    @contextlib.contextmanager
    def _guard_against_spurious_io_errors(self) -> Iterator[None]:
        """A folder that cannot be written, or a file that cannot be read, costs time and no more."""
        with contextlib.suppress(OSError, EOFError, pickle.PickleError):
            yield
