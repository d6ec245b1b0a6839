"""Orders and commands: which point each soldier is sent to, and how a distribution over the points becomes orders."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.speech import utter
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


@inlined
def spreads(soldiers):
    """How many ``distributions`` there are, C."""
    return (soldiers + 2) * (soldiers + 1) // 2


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
                me, p = state.avatars[i, team * config.team + member], int(actions[team][i, member, 0])
                if 0 <= p < POINTS:
                    me.order = p
                utter(me, int(actions[team][i, member, 1]))
        else:
            k = int(actions[team][i, 0, 0])
            state.chosen[i, team] = k if 0 <= k < spreads(config.team) else 0
            middle, own, far = distribution(config.team, state.chosen[i, team])
            spread(state, i, team, middle, own, far)


@kernel
def show_open(state, config, out, i):
    """Show which choices are open next: all where decisions are due, else only the one that stands."""
    for team in range(2):
        for member in range(out[team].present.shape[1]):
            if config.command == ORDER:
                me, words = state.avatars[i, team * config.team + member], out[team].allowed[i, member, POINTS:]
                words[:] = state.due[i]
                words[me.word] = True
                mine, stands = out[team].allowed[i, member, :POINTS], me.order
            else:
                mine, stands = out[team].allowed[i, member], state.chosen[i, team]
            mine[:] = state.due[i]
            mine[stands] = True


@kernel
def spread(state, i, team, middle, own, far):
    """Send ``middle``, ``own`` and ``far`` soldiers of a team to its points by the shortest ways."""
    first, soldiers = team * (middle + own + far), middle + own + far
    ways, sent = state.lengths[i, :soldiers], state.sent[i, :soldiers]
    for k in range(soldiers):
        me = state.avatars[i, first + k]
        for p in range(POINTS):
            ways[k, p] = way(state, i, team, p, me.x, me.y)
    match(ways, middle, own, state.cost[i], state.choice[i], sent)
    for k in range(soldiers):
        state.avatars[i, first + k].order = sent[k]


@kernel
def match(ways, middle, own, cost, choice, sent):
    """Fill ``sent`` [n] so that ``middle`` and ``own`` of n soldiers go to the first two points, the others to the third, and all their
    ``ways`` [n, POINTS] together are shortest.

    Dynamic programming over how many have been sent to the first two: for three places as exact as the Hungarian method (Kuhn 1955), and
    shorter. ``cost`` [n + 1, n + 1] and ``choice`` [n, n + 1, n + 1] are working memory.
    """
    soldiers = ways.shape[0]
    far = soldiers - middle - own
    cost[: middle + 1, : own + 1] = F(1e9)
    cost[0, 0] = F(0)
    for k in range(soldiers):
        for m in range(min(middle, k + 1), -1, -1):  # downwards: what the last round left is read before it is overwritten
            for o in range(min(own, k + 1 - m), -1, -1):
                best, which = F(1e9), FAR
                if 0 <= k - m - o < far:
                    best = cost[m, o] + ways[k, FAR]
                if m > 0 and cost[m - 1, o] + ways[k, MIDDLE] < best:
                    best, which = cost[m - 1, o] + ways[k, MIDDLE], MIDDLE
                if o > 0 and cost[m, o - 1] + ways[k, OWN] < best:
                    best, which = cost[m, o - 1] + ways[k, OWN], OWN
                cost[m, o], choice[k, m, o] = best, which
    m, o = middle, own
    for k in range(soldiers - 1, -1, -1):
        sent[k] = choice[k, m, o]
        m, o = m - (1 if sent[k] == MIDDLE else 0), o - (1 if sent[k] == OWN else 0)
