"""How packets get from devices to stations: who is connected where, with how much bandwidth, and what is through in a step."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.network.channel import efficiency
from avatarium.worlds.core.network.state import DEVICE_BITS, REQUESTS, UPDATES
from avatarium.worlds.core.network.traffic import makes, size_of

F = np.float32
ROUND_ROBIN = 1
PUBLISHED = 0
TURN = 3
"""By how many devices the round moves on with every step, as published."""


@inlined
def locate(network, devices, link, i, d, x, y):
    """Put device ``d`` of ``devices`` at (x, y) in metres, and connect it to the nearest station; returns whether that is another one."""
    me, stations, best, best_m2 = devices[i, d], network.stations[i], 0, F(np.inf)
    me.x, me.y = x, y
    for b in range(stations.shape[0]):
        dx, dy = x - stations[b].x, y - stations[b].y
        if dx * dx + dy * dy < best_m2:
            best, best_m2 = b, dx * dx + dy * dy
    station = stations[best]
    if link.channel == PUBLISHED:
        dx, dy = F(np.int32(x)) - F(np.int32(station.x)), F(np.int32(y)) - F(np.int32(station.y))
        best_m2 = dx * dx + dy * dy
    me.efficiency = efficiency(network.curves, i, best_m2)
    moved = me.station != best
    me.station = best
    return moved


@inlined
def share_out(network, link, i, b, bandwidth, compute):
    """Give users ``bandwidth`` and ``compute``, shares in [0, 1], of what station ``b`` has in the next step, and sensors the rest."""
    bandwidth = min(bandwidth, F(1)) if bandwidth > F(0) else F(0)  # which is what no number comes to as well
    compute = min(compute, F(1)) if compute > F(0) else F(0)
    requests, updates = network.queues[i, b, REQUESTS], network.queues[i, b, UPDATES]
    requests.bandwidth, requests.power = F(link.bandwidth_mhz) * bandwidth, F(link.compute) * compute
    updates.bandwidth, updates.power = F(link.bandwidth_mhz) * (F(1) - bandwidth), F(link.compute) * (F(1) - compute)


@inlined
def transmit(network, kind, link, i, step):
    """Let the devices of one kind send for a step, each the oldest packet first; what is through joins the station's queue."""
    devices = network.users if kind == REQUESTS else network.sensors
    connect(network, devices, kind, i, step)
    for d in range(devices.shape[1]):
        me = devices[i, d]
        if me.since <= step < me.until:
            queue = network.queues[i, me.station, kind]
            megahertz = queue.each if link.scheduler != ROUND_ROBIN else deal(queue, link)
            if me.waiting > 0:
                send(network, kind, i, d, me, megahertz * me.efficiency * F(link.units_per_mhz))


@inlined
def send(network, kind, i, d, me, rate):
    """Let device ``d``, which is ``me`` and has something to send, send up to ``rate`` units of data."""
    mix, left = network.mixes[i, kind], me.left  # kept apart from memory while the loop goes on
    while rate >= left and rate > F(0):
        rate -= left
        join(network, kind, i, me.station, (me.head << DEVICE_BITS) + d)
        me.waiting -= 1
        if me.waiting == 0:
            return
        head = me.head + 1
        while not makes(me, mix, head):
            head += 1
        me.head, left = head, size_of(network, i, me, mix, head)
    me.left = left - rate


@inlined
def connect(network, devices, kind, i, step):
    """Count who is connected to which station, and pass the turn on."""
    for b in range(network.stations.shape[1]):
        network.queues[i, b, kind].connected = 0
    for d in range(devices.shape[1]):
        if devices[i, d].since <= step < devices[i, d].until:
            network.queues[i, devices[i, d].station, kind].connected += 1
    for b in range(network.stations.shape[1]):
        queue = network.queues[i, b, kind]
        if queue.connected > 0:
            queue.each = queue.bandwidth / F(queue.connected)
            queue.turn = (queue.turn + TURN) % queue.connected


@inlined
def deal(queue, link):
    """MHz for the next device of a queue's kind, when quanta are dealt out in turn until nothing is left."""
    place = (queue.connected - queue.turn) % queue.connected
    queue.turn = (queue.turn + queue.connected - 1) % queue.connected
    quantum = F(link.quantum_mhz)
    rounds = F(math.floor(queue.bandwidth / (quantum * F(queue.connected))))
    over = queue.bandwidth - rounds * quantum * F(queue.connected)
    return rounds * quantum + min(max(over - F(place) * quantum, F(0)), quantum)


@inlined
def join(network, kind, i, b, packet):
    """Put a packet at the end of a queue of station ``b``; where that is full, it is lost."""
    queue, ring = network.queues[i, b, kind], network.rings[i, b, kind]
    if queue.count == ring.shape[0]:
        queue.dropped += 1
    else:
        ring[(queue.first + queue.count) & (ring.shape[0] - 1)] = packet
        queue.count += 1
