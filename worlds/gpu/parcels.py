"""What is sent home from the GPU while it goes on."""

import functools
import time
from typing import Any

import numpy as np
from numba import cuda

from avatarium.worlds.core.errors import need
from avatarium.worlds.gpu import device

MOMENT_S = 0.0002
"""Between two looks at whether something has arrived: CUDA's own waiting keeps a core busy."""


class Parcel:
    """Memory on the GPU to be filled ``there``, and the same ``here``, page-locked, to which it is sent.

    In the simulator it arrives as it is sent.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.there: Any = device.place(np.zeros(shape, dtype))
        self.here: np.ndarray = np.zeros(shape, dtype) if device.SIMULATED else cuda.pinned_array(shape, dtype)
        if not device.SIMULATED:
            self._road, self._filled, self._come = _road(number()), cuda.event(timing=False), cuda.event(timing=False)

    def send(self, stream: Any) -> None:
        """Copy it as soon as all that was started on ``stream`` is done. Returns at once, and nothing on the GPU waits for it."""
        if device.SIMULATED:
            self.here[...] = device.fetch(self.there)
            return
        self._filled.record(stream)
        self._filled.wait(self._road)
        self.there.copy_to_host(self.here, stream=self._road)
        self._come.record(self._road)

    def arrived(self) -> bool:
        """Whether what was sent last is ``here``."""
        return device.SIMULATED or bool(self._come.query())

    def wait(self) -> None:
        """Return when it is."""
        while not self.arrived():
            time.sleep(MOMENT_S)


def number() -> int:
    """The GPU that this thread works with, which another thread has to ``enter`` before it waits for what comes from there."""
    return 0 if device.SIMULATED else int(cuda.get_current_device().id)


def enter(number: int) -> None:
    """Have this thread work with that GPU; once."""
    if not device.SIMULATED:
        cuda.select_device(number)


@functools.cache
def _road(number: int) -> Any:
    """A stream of that GPU that waits for no other, not even for the default one, as those that numba makes do."""
    driver = need("cuda.bindings.driver", extra="gpu")  # which numba-cuda stands on
    fault, handle = driver.cuStreamCreate(driver.CUstream_flags.CU_STREAM_NON_BLOCKING)
    if fault != driver.CUresult.CUDA_SUCCESS:
        raise RuntimeError(f"GPU {number} makes no stream: {fault.name}")
    return cuda.external_stream(int(handle))
