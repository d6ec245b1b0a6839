"""Kernels that a batch needs on a GPU alone, where the CPU has NumPy, or looks whether anything has to be done at all."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear

F = np.float32


@kernel
def hush(outs, episodes, log, ended, before, autoreset, start, stop):
    """Begin a step: nothing has happened yet, and nobody earns anything whose episode is ``over`` and not followed by another."""
    for i in range(start, stop):
        log.count[i] = 0
        ended[i] = False
        before[i] = episodes.over[i]
        if before[i] and not autoreset:
            for out in outs:
                out.reward[i] = F(0)
                out.terms[i] = F(0)


@kernel
def finish(outs, finals, episodes, central, final_central, ended, before, start, stop):
    """End a step: note which environments ended in it, and keep the last observations of whoever's episode ended."""
    for i in range(start, stop):
        ended[i] = episodes.over[i] and not before[i]
        some = False
        for out in outs:
            for a in range(out.termination.shape[1]):
                some = some or out.termination[i, a] or out.truncation[i, a]
        if some:
            for k in range(central.shape[1]):
                final_central[i, k] = central[i, k]
            for k in range(len(outs)):
                keep(outs[k].observation, finals[k], i)


@kernel
def keep(observation, final, i):
    """Copy what is sensed in environment ``i``."""
    for a in range(observation.shape[1]):
        for k in range(observation.shape[2]):
            final[i, a, k] = observation[i, a, k]


@kernel
def begin(outs, episodes, log, origins, ended, start, stop):
    """Seed environments anew, in which nothing has happened yet."""
    for i in range(start, stop):
        episodes.origin[i] = origins[i]
        episodes.count[i] = 0
        log.count[i] = 0
        ended[i] = False
        for k in range(log.tally.shape[1]):
            log.tally[i, k].count = 0
            log.tally[i, k].value = 0.0
        for out in outs:
            clear(out, i)
