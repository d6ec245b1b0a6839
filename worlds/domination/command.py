"""Orders and commands: which point each soldier is sent to, and how a distribution over the points becomes orders."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.domination.level import way
from avatarium.worlds.domination.state import FAR, MIDDLE, OWN, POINTS

F = np.float32
SOLDIER, ORDER, COMMANDER = 0, 1, 2


def distributions(soldiers: int) -> np.ndarray:
    """int64 [C, POINTS]: every way in which so many soldiers spread over middle, own and far point; C = (n + 2)(n + 1) / 2.

    >>> distributions(1).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    found = [(m, o, soldiers - m - o) for m in range(soldiers, -1, -1) for o in range(soldiers - m, -1, -1)]
    return np.array(found, np.int64)


@kernel
def distribution(soldiers, k):
    """(middle, own, far): the ``k``-th of the ``distributions``; an unknown one sends everybody to the middle."""
    for m in range(soldiers, -1, -1):
        if 0 <= k <= soldiers - m:
            return m, soldiers - m - k, k
        k -= soldiers - m + 1
    return soldiers, 0, 0


@kernel
def take(state, config, actions, i):
    """Take the orders or commands of both teams."""
    for team in range(2):
        if config.command == ORDER:
            for member in range(config.team):
                p = actions[team][i, member, 0]
                if 0 <= p < POINTS:
                    state.avatars[i, team * config.team + member].order = p
        else:
            middle, own, far = distribution(config.team, actions[team][i, 0, 0])
            spread(state, i, team, middle, own, far)


@kernel
def spread(state, i, team, middle, own, far):
    """Send ``middle``, ``own`` and ``far`` soldiers of a team to its points so that all their ways together are shortest.

    Dynamic programming over how many have been sent to the first two points: for three places as exact as the Hungarian method (Kuhn
    1955), and shorter.
    """
    soldiers, cost, choice = middle + own + far, state.cost[i], state.choice[i]
    cost[: middle + 1, : own + 1] = F(1e9)
    cost[0, 0] = F(0)
    for k in range(soldiers):
        me = state.avatars[i, team * soldiers + k]
        to_middle, to_own = way(state, i, team, MIDDLE, me.x, me.y), way(state, i, team, OWN, me.x, me.y)
        to_far = way(state, i, team, FAR, me.x, me.y)
        for m in range(min(middle, k + 1), -1, -1):  # downwards: what is still needed of the last round is written last
            for o in range(min(own, k + 1 - m), -1, -1):
                best, which = (cost[m, o] + to_far, FAR) if k - m - o >= 0 and k - m - o < far else (F(1e9), FAR)
                if m > 0 and cost[m - 1, o] + to_middle < best:
                    best, which = cost[m - 1, o] + to_middle, MIDDLE
                if o > 0 and cost[m, o - 1] + to_own < best:
                    best, which = cost[m, o - 1] + to_own, OWN
                cost[m, o], choice[k, m, o] = best, which
    m, o = middle, own
    for k in range(soldiers - 1, -1, -1):
        which = choice[k, m, o]
        state.avatars[i, team * soldiers + k].order = which
        m, o = m - (1 if which == MIDDLE else 0), o - (1 if which == OWN else 0)
