"""What stations do with packets, in the order in which they came, and how old information is when they are done.

AoRI and AoSI are those of Ohri et al. 2025, arXiv 2510.25705.
"""

import numpy as np

from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.network.state import DEVICE_BITS, DEVICE_MASK, NEVER, REQUESTS, UPDATES
from avatarium.worlds.core.network.traffic import load_of

F = np.float32
NOBODY = -1


@inlined
def serve(network, i, b, step):
    """Let station ``b`` work on requests until one is done: returns its user, whose ``aori`` and ``aosi`` are then those of the request.

    Returns NOBODY when the power for this step is used up, or nothing is left to be done. A request that comes to the head of the queue is
    synchronised with what was processed last of the sensor nearest to its user; while there is nothing, it waits, and all behind it.
    """
    queue, ring, mix = network.queues[i, b, REQUESTS], network.rings[i, b, REQUESTS], network.mixes[i, REQUESTS]
    while queue.power > F(0) and queue.count > 0:
        packet = ring[queue.first]
        born, k = packet >> DEVICE_BITS, packet & DEVICE_MASK
        me = network.users[i, k]
        if queue.left < F(0):
            queue.synced = network.sensors[i, nearest_sensor(network, i, me.x, me.y)].processed
            if queue.synced == NEVER:
                return NOBODY
            queue.left = load_of(network, i, me, mix, born)
        if work(queue, ring):
            me.aori, me.aosi, me.processed = step - born, abs(queue.synced - born), born
            return k
    return NOBODY


@inlined
def refresh(network, i, b):
    """Let station ``b`` work on what sensors sent, as far as the power for this step goes."""
    queue, ring, mix = network.queues[i, b, UPDATES], network.rings[i, b, UPDATES], network.mixes[i, UPDATES]
    while queue.power > F(0) and queue.count > 0:
        packet = ring[queue.first]
        born, me = packet >> DEVICE_BITS, network.sensors[i, packet & DEVICE_MASK]
        if queue.left < F(0):
            queue.left = load_of(network, i, me, mix, born)
        if work(queue, ring):
            me.processed = born


@inlined
def work(queue, ring):
    """Work on the oldest packet of a queue with the power there is; returns whether it is done, and so gone."""
    done = min(queue.left, queue.power)
    queue.power -= done
    queue.left -= done
    if queue.left > F(0):
        return False
    queue.left = F(-1)
    queue.first = (queue.first + 1) & (ring.shape[0] - 1)
    queue.count -= 1
    return True


@inlined
def nearest_sensor(network, i, x, y):
    """The number of the sensor nearest to (x, y) in metres."""
    sensors, best, best_m2 = network.sensors[i], 0, F(np.inf)
    for s in range(sensors.shape[0]):
        dx, dy = sensors[s].x - x, sensors[s].y - y
        if dx * dx + dy * dy < best_m2:
            best, best_m2 = s, dx * dx + dy * dy
    return best
