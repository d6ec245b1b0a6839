"""Connected components: which nodes of a graph can be reached from one another."""

import numpy as np


def components(linked: np.ndarray) -> np.ndarray:
    """The component of each node, int64 [P], called by its first node; ``linked`` is bool [P, P], read in both directions.

    >>> components(np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]], bool))
    array([0, 1, 0])
    """
    either = linked | linked.T | np.eye(len(linked), dtype=bool)
    found = np.full(len(linked), -1)
    for node in range(len(linked)):
        if found[node] < 0:
            inside, front = np.zeros(len(linked), bool), either[node]
            while front.any():
                inside |= front
                front = either[front].any(axis=0) & ~inside
            found[inside] = node
    return found
