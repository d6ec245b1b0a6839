"""What agents sense and decide: how many packets are in the queues of a station, and which share of it users get."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.network.logarithm import log1p
from avatarium.worlds.core.network.state import REQUESTS
from avatarium.worlds.core.spec import Feature, Role
from avatarium.worlds.metasync.config import DUO, FULL, LENGTHS, SINGLE, Config
from avatarium.worlds.metasync.profiles import pool
from avatarium.worlds.metasync.state import SIDE_M, stations

F = np.float32
MOST = F(1e4)
"""Lengths are cut there, as published."""
THIRD = F(1 / 3)
HIGHEST = 3.2
"""A little more than a third of the logarithm of 1 + ``MOST``."""
SYNC, LATE = 0, 1
"""Reward terms, in the order of the roles'."""
RAW = (Feature("lengths", 2, 0, float(MOST), "packets of users and of sensors in the station's queues, those in work included", "queues"),)
SOFT = (Feature("log_lengths", 2, 0, HIGHEST, "packets of users and of sensors in the station's queues: ln(1 + n) / 3", "queues"),)
KNOWN = (
    Feature("backlog", 2, 0, HIGHEST, "packets that users and sensors of the station have not sent yet: ln(1 + n) / 3", "devices"),
    Feature("ages", 2, 0, HIGHEST, "mean steps since what was processed last of a user, of a sensor, was made: ln(1 + n) / 3", "devices"),
    Feature("data", 2, 0, 1, "data that users and sensors make in a step; x = 1 is all that can be received: x / (1 + x)", "demand"),
    Feature("work", 2, 0, 1, "the same of work; x = 1 is all that can be done", "demand"),
)
CONTROLS = ("bandwidth", "compute")


def features(config: Config) -> tuple[Feature, ...]:
    """What an agent senses of its station."""
    return RAW if config.observe == LENGTHS else (*SOFT, *(KNOWN if config.observe == FULL else ()))


def roles(config: Config) -> tuple[Role, ...]:
    """One ``orchestrator``, or ``bandwidth`` and ``compute``, or three of the role ``station``; all are paid the same."""

    def role(name: str, count: int, controls: tuple[str, ...]) -> Role:
        return Role(name, count, features(config), (), terms=("sync", "late"), continuous=controls, span=(0.0, 1.0))

    if config.form == DUO:
        return tuple(role(control, 1, (control,)) for control in CONTROLS)
    return (role("orchestrator" if config.form == SINGLE else "station", len(stations(config)), CONTROLS),)


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    count, users = len(stations(config)), pool(config.traffic, config.users)
    return (
        Feature("lengths", 2 * count, 0, HIGHEST, "packets of users and sensors in the queues of each station: ln(1 + n) / 3", "state"),
        Feature("backlog", 2 * count, 0, HIGHEST, "packets that users and sensors of each station have not sent: ln(1 + n) / 3", "state"),
        Feature("places", 2 * users, 0, 1.001, "x, y of each user; 200 m = 1", "state"),
        Feature("time_left", 1, 0, 1, "share of the episode that is left", "state"),
    )


@inlined
def observe(state, episodes, config, i, b, out):
    """Fill ``out`` [D] with what the agent of station ``b`` of environment ``i`` senses, in the order of ``features``."""
    for kind in range(2):
        length = min(F(state.network.queues[i, b, kind].count), MOST)
        out[kind] = length if config.observe == 0 else soft(length)
        if out.shape[0] > 2:
            devices = state.network.users if kind == REQUESTS else state.network.sensors
            survey(state, devices, config, i, b, kind, episodes.clock[i], out)


@inlined
def soft(number):
    """A number from 0 on, made comparable."""
    return log1p(number) * THIRD


@kernel
def survey(state, devices, config, i, b, kind, clock, out):
    """What an operator knows of the ``devices`` DEVICE [N, D] of one kind that are with station ``b``, besides queues."""
    here, age, reach = 0, 0, F(0)
    for d in range(devices.shape[1]):
        me = devices[i, d]
        if me.station == b and me.since <= clock < me.until:
            here += 1
            age += clock - 1 - me.processed
            reach += me.efficiency
    mix, count = state.network.mixes[i, kind], F(max(here, 1))
    rate = F(here) * F(mix.chance) / F(1 << 16) / F(mix.period)
    sendable = max(F(config.station.bandwidth_mhz) * F(config.station.units_per_mhz) * reach / count, F(1e-6))
    out[2 + kind] = soft(F(min(unsent(devices, i, b), 10000)))
    out[4 + kind] = soft(F(max(age, 0)) / count)
    data, work = rate * mix.size / sendable, rate * mix.load / F(config.station.compute)
    out[6 + kind], out[8 + kind] = data / (F(1) + data), work / (F(1) + work)


@inlined
def unsent(devices, i, b):
    """Packets that devices with station ``b`` have not sent yet."""
    total = 0
    for d in range(devices.shape[1]):
        if devices[i, d].station == b:
            total += devices[i, d].waiting
    return total


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    network, stations = state.network, state.boards.shape[1]
    first = state.avatars.shape[1] - network.users.shape[1]
    for i in range(start, stop):
        for b in range(stations):
            for kind in range(2):
                devices = network.users if kind == REQUESTS else network.sensors
                out[i, 2 * b + kind] = soft(min(F(network.queues[i, b, kind].count), MOST))
                out[i, 2 * (stations + b) + kind] = soft(F(min(unsent(devices, i, b), 10000)))
        for k in range(network.users.shape[1]):
            me = state.avatars[i, first + k]
            at = 4 * stations + 2 * k
            out[i, at], out[i, at + 1] = me.x / F(SIDE_M), me.y / F(SIDE_M)
        out[i, out.shape[1] - 1] = F(1) - F(episodes.clock[i]) / F(config[0].episode_steps)
