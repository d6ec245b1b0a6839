"""Pairings come as often as the table says, from both sides, and are the same for the same keys."""

import numpy as np

from avatarium.training.league.matchmaking import MAIN, Pairings, Table, draw, episode_keys
from avatarium.training.league.pool import Pool, Rules
from avatarium.worlds.core.episodes import origins

KEYS = episode_keys(origins(5, 1), np.zeros(1, np.int64)) + np.arange(40_000, dtype=np.uint64)
TABLE = Table(("a", "b", "c"), np.array([0.5, 0.5, 1.0]), 0.2)


def test_opponents_and_sides_come_as_often_as_they_should() -> None:
    drawn = draw(TABLE, KEYS)
    assert drawn.opponents.dtype == np.int32
    assert drawn.sides.dtype == np.int8
    counts = np.bincount(drawn.opponents + 1, minlength=4) / len(KEYS)
    np.testing.assert_allclose(counts, [0.8, 0.1, 0.0, 0.1], atol=0.01)
    for opponent in (MAIN, 0, 2):
        assert abs(drawn.sides[drawn.opponents == opponent].mean() - 0.5) < 0.03


def test_equal_keys_give_equal_pairings_whatever_else_is_drawn() -> None:
    whole, part = draw(TABLE, KEYS[:100]), draw(TABLE, KEYS[40:60])
    np.testing.assert_array_equal(whole.opponents[40:60], part.opponents)
    np.testing.assert_array_equal(whole.sides[40:60], part.sides)


def test_without_members_everybody_plays_against_themselves() -> None:
    assert (draw(Pool((), Rules(past=1.0)).table(), KEYS[:50]).opponents == MAIN).all()


def test_a_pool_s_table_holds_its_probabilities() -> None:
    pool = Pool.of(("a", "b"), Rules(past=1.0, alike=0.1)).join("c", 10)
    table = pool.table()
    assert table.names == ("a", "b", "c")
    np.testing.assert_allclose(np.diff(table.cumulative, prepend=0), pool.probabilities())
    assert table.cumulative[-1] == 1.0
    assert (draw(table, KEYS[:1000]).opponents >= 0).all()


def test_who_moves_a_side() -> None:
    pairings = Pairings(np.array([MAIN, MAIN, 4, 4], np.int32), np.array([0, 1, 0, 1], np.int8))
    np.testing.assert_array_equal(pairings.movers(0), [MAIN, MAIN, MAIN, 4])
    np.testing.assert_array_equal(pairings.movers(1), [MAIN, MAIN, 4, MAIN])


def test_every_episode_of_every_environment_has_a_key_of_its_own() -> None:
    keys = [episode_keys(origins(seed, 50), np.full(50, count)) for seed in range(3) for count in range(20)]
    assert len(np.unique(np.concatenate(keys))) == 3 * 20 * 50
