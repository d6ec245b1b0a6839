"""How kernels are compiled: the one place for numba's options."""

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=False)
"""Decorator: cached on disk; lets other threads run; division follows IEEE 754 instead of raising, without which no loop with a
division vectorises; no memory is allocated, which also spares the reference counts of every slice (and halves the time of a step).
No ``fastmath``: the bytes are the same on every machine."""

inlined = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
"""The same for functions that the compiler puts in place of their calls: those of a line or two, and those that are called for every
avatar with the state in hand. A call passes a state by value, ten words for each of its arrays, which may take longer than the work.
Like any kernel, they return numbers, never a part of an array."""
