"""Components are found over any number of steps, and called by their first node."""

import numpy as np
import pytest

from avatarium.leaderboards.ranking.graph import components


def test_a_long_chain_is_one_component():
    assert components(np.eye(50, k=1, dtype=bool)).tolist() == [0] * 50


def test_they_are_those_of_scipy():
    graph = pytest.importorskip("scipy.sparse.csgraph")
    rng = np.random.default_rng(0)
    for _ in range(30):
        linked = rng.random((30, 30)) < 0.03
        count, labels = graph.connected_components(linked, directed=False)
        found = components(linked)
        assert len(set(found.tolist())) == count
        assert found.tolist() == [int(np.flatnonzero(labels == label)[0]) for label in labels]


def test_nobody_has_none():
    assert components(np.zeros((0, 0), bool)).shape == (0,)
