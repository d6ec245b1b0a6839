"""Work on a GPU that is the same every time: recorded once as a graph of CUDA, then started in one go."""

import warnings
from collections.abc import Callable
from typing import Any

import torch

WARM = 2
"""Times that the work is done as it stands before it is recorded: kernels are compiled and loaded, and libraries choose theirs."""


class Replayed:
    """``work``, which starts the same kernels on the same memory every time and never waits for them, without the time that starting takes.

    Hundreds of launches of some microseconds each become one. Where CUDA cannot record it, it goes on as it stands, with a warning.
    ``follow`` is told on which stream of torch's the kernels of others have to be started. On a CPU nothing is recorded.
    """

    def __init__(self, work: Callable[[], None], follow: Callable[[], Any]) -> None:
        self._work, self._follow = work, follow
        self._done, self.fault = 0, ""
        self._graph: Any = None

    def __call__(self) -> None:
        """Do the work."""
        if self._done == WARM and not self.fault:
            self._record()
        if self._graph is not None:
            self._graph.replay()
        else:
            self._work()
        self._done += 1

    def _record(self) -> None:
        from numba import cuda

        graph: Any = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        try:
            with cuda.defer_cleanup(), torch.cuda.graph(graph):
                self._follow()
                self._work()
            self._graph = graph
        except Exception as fault:  # of torch or of numba, each in its own words: the work has not been done, and can be
            self.fault = str(fault)
            warnings.warn(f"playing is not recorded as a graph of CUDA, and slower for it: {fault}", RuntimeWarning, stacklevel=2)
        self._follow()
