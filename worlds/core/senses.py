"""What may go wrong with a sensor: noise, delay, muting; applied to finished observations, so that no world has to think of it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import SENSES, uniform
from avatarium.worlds.core.settings import setting, switch
from avatarium.worlds.core.spec import Role

F = np.float32
MAX_DELAY = 16


@dataclass(frozen=True)
class Sensor:
    """How well a sensor works. A world's config has one such section per sensor, named like the sensor."""

    noise: float = setting(0.0, 0.0, 1.0, "standard deviation of what is added to each feature, as a share of half its range")
    delay: int = setting(0, 0, MAX_DELAY, "steps by which it lags")
    mute: bool = switch(False, "whether it says nothing (zeros)")


class Fault(NamedTuple):
    """What is wrong with the sensors of one role; F features."""

    noise: np.ndarray  # float32 [F]: standard deviation in the feature's own unit
    delay: np.ndarray  # int32 [F]
    mute: np.ndarray  # bool [F]
    low: np.ndarray  # float32 [F]
    high: np.ndarray  # float32 [F]
    past: np.ndarray  # float32 [N, A, MAX_DELAY + 1, F]: true observations, a ring over the clock


def fault(role: Role, config: Any, num_envs: int) -> Fault | None:
    """The fault of a role's sensors under ``config``; None when all work as they should."""
    rows = [(f, getattr(config, f.sensor)) for f in role.features if isinstance(getattr(config, f.sensor, None), Sensor)]
    if not any(sensor.noise or sensor.delay or sensor.mute for _, sensor in rows):
        return None
    size, where, space = role.observation_size, role.slices(), role.observation_space
    noise, delay, mute = np.zeros(size, F), np.zeros(size, np.int32), np.zeros(size, np.bool_)
    for f, sensor in rows:
        noise[where[f.name]] = sensor.noise * 0.5 * (f.high - f.low)
        delay[where[f.name]], mute[where[f.name]] = sensor.delay, sensor.mute
    past = np.zeros((num_envs, role.count, MAX_DELAY + 1 if delay.any() else 1, size), F)
    return Fault(noise, delay, mute, space.low, space.high, past)


@kernel
def degrade(fault, episodes, observation, which, start, stop):
    """Turn true observations [N, A, F] into what faulty sensors tell, in environments ``start`` to ``stop`` where ``which`` [N] is set.

    Before a delayed sensor has anything to tell, it tells what it saw first.
    """
    depth = fault.past.shape[2]
    for i in range(start, stop):
        if which[i]:
            clock = episodes.clock[i]
            for a in range(observation.shape[1]):
                for k in range(observation.shape[2]):
                    fault.past[i, a, clock % depth, k] = observation[i, a, k]
                    lag = min(fault.delay[k], clock)
                    value = fault.past[i, a, (clock - lag) % depth, k]
                    if fault.noise[k] > F(0):
                        value += fault.noise[k] * bell(episodes.stream, i)
                    value = min(max(value, fault.low[k]), fault.high[k])
                    observation[i, a, k] = F(0) if fault.mute[k] else value


@kernel
def bell(stream, i):
    """A number with mean 0, variance 1, nearly normal and within [-3.5, 3.5]: the sum of four uniform ones (Irwin-Hall), scaled."""
    total = F(0)
    for _ in range(4):
        total += uniform(stream, i, SENSES)
    return (total - F(2)) * F(1.7320508)
