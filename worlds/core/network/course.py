"""A whole step of a network, for worlds that want the ages alone."""

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.network.processing import NOBODY, refresh, serve
from avatarium.worlds.core.network.traffic import make_packets
from avatarium.worlds.core.network.transmission import transmit


@kernel
def advance(network, link, i, step):
    """Let a step of environment ``i`` pass, once all is located and shared out (``locate``, ``share_out``).

    Afterwards, of each user, ``step - processed`` is the age of the request that was processed last, ``aori`` and ``aosi`` what they were
    when it was; of each sensor, ``processed`` is the step in which its last processed packet was made. Both are NEVER before the first.
    """
    for kind in range(2):
        make_packets(network, kind, i, step)
        transmit(network, kind, link, i, step)
    for b in range(network.stations.shape[1]):
        while serve(network, i, b, step) != NOBODY:
            pass
        refresh(network, i, b)
