"""Lines of sight that are drawn once, and signposts, say what drawing them anew would."""

import numpy as np
import pytest

from avatarium.worlds import make_batch
from avatarium.worlds.core import people, sight, signposts, speech
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.plan import in_sight


def test_what_is_read_off_lines_of_sight_is_what_looking_gives() -> None:
    batch, rng = make_batch("domination", num_envs=16), np.random.default_rng(0)
    batch.reset(0)
    for _ in range(100):
        batch.step(random_actions(batch, rng))
    plan, seen = batch.state.plan, 0
    for i in range(16):
        bodies = batch.state.avatars[i]
        sight.survey(plan, bodies, i)
        for a in np.flatnonzero(bodies["present"]).tolist():
            looked, read = np.zeros((2, people.SIZE), np.float32)
            people.look(plan, bodies, i, a, 5, looked)
            people.recognise(bodies, a, 5, read)
            assert np.array_equal(looked, read)
            seen += int(looked[0])
            first = a // 5 * 5
            heard, told = np.zeros((2, speech.SIZE), np.float32)
            speech.hear(plan, bodies[first : first + 5], i, a - first, heard)
            speech.overhear(bodies, a, first, first + 5, told)
            assert np.array_equal(heard, told)
    assert seen > 20


def test_signposts_lead_to_the_zone_by_the_shortest_way() -> None:
    batch = make_batch("domination", num_envs=4, walls=10)
    batch.reset(0)
    for i in range(4):
        width, height = batch.state.extent[i]
        field, posts = np.ascontiguousarray(batch.state.map[i, ..., 0]), np.zeros(batch.state.map.shape[1:3], np.uint16)
        signposts.put_up(field, width, height, 1, posts)
        for y, x in np.argwhere(field[:height, :width] < 65535).tolist():
            px, py = signposts.read.py_func(posts[y, x])
            cx, cy = int(2 * px), int(2 * py)
            step = int(field[y, x]) - int(field[cy, cx])
            assert step == (0 if field[y, x] == 0 else 5 if cx == x or cy == y else 7)
            assert in_sight(batch.state.plan, i, np.float32(0.5 * x + 0.25), np.float32(0.5 * y + 0.25), px, py, np.float32(0.2))


def test_a_line_of_sight_goes_both_ways() -> None:
    batch = make_batch("domination", num_envs=8)
    batch.reset(0)
    bits = batch.state.avatars["sees"][:, :, None] >> np.arange(10, dtype=np.uint32) & 1
    assert np.array_equal(bits, bits.transpose(0, 2, 1)) and not bits[:, range(10), range(10)].any()
    assert bits.sum() == pytest.approx(bits[:, :5, :5].sum() + bits[:, 5:, 5:].sum() + 2 * bits[:, :5, 5:].sum())
