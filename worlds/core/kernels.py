"""How kernels are compiled: the one place for numba's options."""

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
"""Decorator: cached on disk; lets other threads run; division follows IEEE 754 instead of raising, without which no loop with a
division vectorises; no memory is allocated, which also spares the reference counts of every slice (and halves the time of a step).
No ``fastmath``: the bytes are the same on every machine."""

inlined = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, inline="always")
"""The same for functions of a line or two, which are put in place of their calls."""
