"""Copies are found by bytes, by weights and by deeds, and the earliest stands for all of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avatarium.leaderboards.ranking.clones import alike, clones


def acts(rng, count, probes=4096):
    return rng.integers(0, 6, (count, probes))


def test_copies_by_content_and_by_weights():
    shown = clones(["3", "1", "2", "4", "5"], ["x", "y", "x", "z", "u"], weights=["", "w", "", "w", ""])
    assert shown.tolist() == [2, 1, 2, 1, 4]


def test_copies_by_what_they_do():
    actions = acts(np.random.default_rng(0), 3)
    near, far = actions[0].copy(), actions[1].copy()
    near[:4], far[:5] = (near[:4] + 1) % 6, (far[:5] + 1) % 6  # 4 of 4,096 are less than 0.1 %, 5 are more
    shown = clones(list("abcde"), list("vwxyz"), actions=np.stack([*actions, near, far]))
    assert shown.tolist() == [0, 1, 2, 0, 4]


def test_likeness_is_passed_on():
    start = acts(np.random.default_rng(0), 1)[0]
    chain = np.stack([start] * 4)
    for k in range(1, 4):
        chain[k:, 3 * k : 3 * k + 3] = (chain[k, 3 * k : 3 * k + 3] + 1) % 6
    assert not alike(chain)[0, 3]
    assert clones(list("dcba"), list("wxyz"), actions=chain).tolist() == [3, 3, 3, 3]


def test_who_was_not_asked_is_like_nobody():
    assert clones(list("abc"), list("xyz"), actions=np.full((3, 10), -1)).tolist() == [0, 1, 2]
    assert clones(list("abc"), ["", "", ""], actions=np.zeros((3, 0), int)).tolist() == [0, 1, 2]


@given(st.lists(st.sampled_from("uvwxyz"), max_size=12), st.randoms())
def test_order_does_not_matter(content, random):
    submitted = [f"{random.randrange(100):03} {k}" for k in range(len(content))]
    shown = clones(submitted, content)
    order = list(range(len(content)))
    random.shuffle(order)
    again = clones([submitted[k] for k in order], [content[k] for k in order])
    assert [submitted[order[k]] for k in again] == [submitted[shown[k]] for k in order]
    assert all(content[k] == content[i] and submitted[k] <= submitted[i] for i, k in enumerate(shown))
