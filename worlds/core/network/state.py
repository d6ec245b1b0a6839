"""All that a network remembers between steps.

Packets are not stored: what a device makes at a step is drawn by counter from the device's own seed, and drawn again whenever it is needed
(see ``traffic``). A queue is then no more than who made the packet, and when.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.network import channel, poisson
from avatarium.worlds.core.rng import mix

F = np.float32
REQUESTS, UPDATES = 0, 1
"""The two kinds of packets: of users, and of sensors."""
NEVER, ALWAYS = -1, 1 << 30
DEVICE_BITS = 8
"""The low bits of what is queued are the device, the others the step."""
DEVICE_MASK, MOST_DEVICES = (1 << DEVICE_BITS) - 1, 1 << DEVICE_BITS

DEVICE = np.dtype(
    [
        ("seed", "u8"),
        ("x", "f4"),  # m
        ("y", "f4"),  # m
        ("efficiency", "f4"),  # bit/s/Hz to its station
        ("station", "i4"),  # the nearest one
        ("since", "i4"),  # first step in which it is there
        ("until", "i4"),  # first step in which it is not any more
        ("waiting", "i4"),  # packets that are not sent yet
        ("head", "i4"),  # step in which the oldest of them was made
        ("left", "f4"),  # what of that one is still to be sent
        ("processed", "i4"),  # step in which the packet was made that was processed last; NEVER
        ("aori", "i4"),  # of a user: age of request information of that packet (steps)
        ("aosi", "i4"),  # of a user: age of sensing information of that packet (steps)
    ],
    align=True,
)
"""A user or a sensor."""

STATION = np.dtype([("x", "f4"), ("y", "f4")], align=True)
"""Where a station is (m)."""

QUEUE = np.dtype(
    [
        ("first", "i4"),  # where in the ring the oldest packet is
        ("count", "i4"),  # packets in the ring, that in work included
        ("left", "f4"),  # work still to be done on the oldest; below 0 where it was not begun
        ("synced", "i4"),  # step in which the sensor's packet was made that the oldest is synchronised with
        ("bandwidth", "f4"),  # MHz for devices of this kind in this step
        ("each", "f4"),  # MHz for each of them, where all get the same
        ("power", "f4"),  # units of work for packets of this kind that are left in this step
        ("connected", "i4"),  # devices of this kind that are there, and nearest to this station
        ("turn", "i4"),  # whose turn it is, round robin
        ("dropped", "i4"),  # packets that found the ring full, since the episode began
    ],
    align=True,
)
"""Packets of one kind at one station, first come, first served."""

MIX = np.dtype([("chance", "u4"), ("period", "i4"), ("row", "i4"), ("size", "f4"), ("load", "f4")], align=True)
"""What devices of one kind make: chance out of poisson.WHOLE; row of the size's table, that of the load following; mean size and load."""


class Network(NamedTuple):
    """Every field has the environments as its first axis; K users, S sensors, B stations, C packets at most in a queue, R traffics."""

    users: np.ndarray  # DEVICE [N, K]
    sensors: np.ndarray  # DEVICE [N, S]
    stations: np.ndarray  # STATION [N, B]
    queues: np.ndarray  # QUEUE [N, B, 2]
    rings: np.ndarray  # int32 [N, B, 2, C]: step * MOST_DEVICES + device
    mixes: np.ndarray  # MIX [N, 2]: the traffic of this episode
    tables: np.ndarray  # poisson.COLUMN [N, 2 R, 256]: sizes and loads; all environments share the same memory
    curves: np.ndarray  # float32 [N, points]: what distance does to data rates (see channel); the same memory as well


def allocate(
    num_envs: int, users: int, sensors: int, stations: Sequence[tuple[float, float]], link: Any, traffics: Sequence[Any], capacity: int
) -> Network:
    """A network of ``users`` and ``sensors`` around ``stations`` (x, y in m) with nothing under way.

    ``link`` is a ``config.Link``; ``traffics`` are ``config.Traffic``: the first is the users', the second the sensors', others may be put
    in their place episode by episode (``mixed``). Queues hold ``capacity`` packets, rounded up to a power of two, a packet that comes to a
    full one is lost and counted (``dropped``): ``devices * steps`` is always enough.
    """
    size = 1 << max(capacity - 1, 1).bit_length()
    tables = np.stack([poisson.table(mean) for one in traffics for mean in (one.size, one.load)])
    noise = channel.noise_dbm(link.channel, link.bandwidth_mhz)
    curve = channel.curve(link.frequency_mhz, link.power_dbm, link.mast_m, link.device_m, noise)
    network = Network(
        np.zeros((num_envs, users), DEVICE),
        np.zeros((num_envs, sensors), DEVICE),
        np.zeros((num_envs, len(stations)), STATION),
        np.zeros((num_envs, len(stations), 2), QUEUE),
        np.zeros((num_envs, len(stations), 2, size), np.int32),
        np.zeros((num_envs, 2), MIX),
        _shared(tables, num_envs),
        _shared(curve, num_envs),
    )
    network.stations["x"], network.stations["y"] = np.array(stations, F).T
    network.mixes[:] = mixed(traffics)[:2]
    return network


def _shared(array: np.ndarray, num_envs: int) -> np.ndarray:
    """``array`` with an axis of environments in front, all of which are the same memory."""
    return np.lib.stride_tricks.as_strided(array, (num_envs, *array.shape), (0, *array.strides))


def mixed(traffics: Sequence[Any]) -> np.ndarray:
    """MIX [R] of the ``traffics`` that a network was allocated with."""
    rows = [(round(t.probability * poisson.WHOLE), t.period, 2 * k, t.size, t.load) for k, t in enumerate(traffics)]
    return np.array(rows, MIX)


@kernel
def begin(network, i, seed):
    """Begin an episode of environment ``i``: nothing is under way, everybody is there; ``seed`` uint64 decides what they will make."""
    for kind in range(2):
        devices = network.users if kind == REQUESTS else network.sensors
        for d in range(devices.shape[1]):
            me = devices[i, d]
            me.seed = mix(seed, np.uint64(MOST_DEVICES * kind + d))
            me.since, me.until = 0, ALWAYS
            me.waiting, me.head, me.left = 0, NEVER, F(0)
            me.processed, me.aori, me.aosi = NEVER, 0, 0
    for b in range(network.stations.shape[1]):
        for kind in range(2):
            queue = network.queues[i, b, kind]
            queue.first, queue.count, queue.left, queue.synced = 0, 0, F(-1), NEVER
            queue.connected, queue.turn, queue.dropped = 0, -1, 0
            queue.bandwidth, queue.each, queue.power = F(0), F(0), F(0)
