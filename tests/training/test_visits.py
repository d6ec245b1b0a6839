"""Visit counters count like a dictionary, and fail on the safe side when they are full."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.training.play.visits import VisitCounter, hashed_places


def arrive(counter: VisitCounter, places: list[list[int]], present: list[list[bool]] | None = None) -> list[list[list[float]]]:
    here = np.array(places, np.int64)
    found: list[list[list[float]]] = counter.arrive(here, np.ones_like(here, bool) if present is None else np.array(present)).tolist()
    return found


def test_visits_include_the_arrivals_of_all() -> None:
    counter = VisitCounter(1, 3, lifetime=False)
    assert arrive(counter, [[7, 7, -1]]) == [[[1, 1, 0], [1, 1, 0], [0, 0, 1]]]
    assert arrive(counter, [[7, -1, 7]]) == [[[2, 1, 1], [0, 1, 1], [2, 1, 1]]]


def test_environments_count_apart() -> None:
    counter = VisitCounter(2, 1, lifetime=False)
    arrive(counter, [[3], [4]])
    assert arrive(counter, [[3], [3]]) == [[[2]], [[1]]]


def test_the_absent_are_not_counted_but_remembered() -> None:
    counter = VisitCounter(1, 2, lifetime=False)
    arrive(counter, [[5, 5]])
    assert arrive(counter, [[5, 5]], [[True, False]]) == [[[2, 1], [0, 0]]]
    assert arrive(counter, [[5, 5]]) == [[[3, 2], [3, 2]]]


@pytest.mark.parametrize("lifetime", [False, True])
def test_episodes_are_forgotten_and_lives_are_not(lifetime: bool) -> None:
    counter = VisitCounter(2, 1, lifetime)
    arrive(counter, [[0], [0]])
    counter.forget(np.array([True, False]))
    assert arrive(counter, [[0], [0]]) == [[[2 if lifetime else 1]], [[2]]]


def test_counts_of_one_step_are_not_overwritten_by_the_next() -> None:
    counter = VisitCounter(1, 1, lifetime=False)
    places, present = np.zeros((1, 1), np.int64), np.ones((1, 1), bool)
    first = counter.arrive(places, present)
    counter.arrive(places, present)
    assert first.dtype == np.float32 and first.tolist() == [[[1]]]


PLACE = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
STEP = st.tuples(st.lists(PLACE, min_size=4, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4), st.sampled_from([None, 0, 1]))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=40), st.booleans())
def test_counter_agrees_with_a_dictionary(steps: list[tuple[list[int], list[bool], int | None]], lifetime: bool) -> None:
    counter, visits = VisitCounter(2, 2, lifetime), Counter[tuple[int, int, int]]()
    for places, present, ended in steps:
        rows = [[places[2 * i + a] for a in range(2)] for i in range(2)]
        here = [[present[2 * i + a] for a in range(2)] for i in range(2)]
        visits.update((i, rows[i][a], a) for i in range(2) for a in range(2) if here[i][a])
        expected = [[[visits[i, rows[i][a], m] if here[i][a] else 0 for m in range(2)] for a in range(2)] for i in range(2)]
        assert arrive(counter, rows, here) == expected
        if ended is not None:
            counter.forget(np.arange(2) == ended)
            visits = visits if lifetime else Counter({key: n for key, n in visits.items() if key[0] != ended})


def test_all_places_are_told_apart_until_the_table_is_half_full() -> None:
    counter = VisitCounter(1, 1, lifetime=False, capacity=2000)
    for n in (1, 2, 3):
        assert all(arrive(counter, [[place]]) == [[[n]]] for place in range(1024))


def test_when_full_counts_are_never_too_low() -> None:
    counter, visits = VisitCounter(1, 1, lifetime=True, capacity=64), Counter[int]()
    shared = 0
    for place in np.random.default_rng(0).integers(0, 500, 5000).tolist():
        visits[place] += 1
        counted = arrive(counter, [[place]])[0][0][0]
        assert counted >= visits[place]
        shared += counted > visits[place]
    assert shared > 1000


def test_forgetting_frees_a_full_table() -> None:
    counter = VisitCounter(1, 1, lifetime=False, capacity=64)
    for place in range(1000):
        arrive(counter, [[place]])
    counter.forget(np.array([True]))
    assert all(arrive(counter, [[place]]) == [[[1]]] for place in range(2000, 2032))


def observations(rows: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((rows, 150), np.float32)


def test_hashed_places_are_fixed_by_the_key() -> None:
    seen = observations(100)
    places = hashed_places(seen, key=3)
    assert places.dtype == np.int64 and places.shape == (100,)
    assert np.array_equal(places, hashed_places(seen.copy(), key=3))
    assert np.array_equal(places[10:20], hashed_places(seen[10:20], key=3))
    assert not np.array_equal(places, hashed_places(seen, key=4))


@pytest.mark.parametrize(("bits", "different"), [(1, 2), (16, 4000 * (1 - 4000 / 2**17)), (64, 4000)])
def test_observations_are_told_apart_by_their_bits(bits: int, different: float) -> None:
    places = hashed_places(observations(4000), key=0, bits=bits)
    assert len(set(places.tolist())) == pytest.approx(different, rel=0.02)
    assert bits == 64 or (places.min() >= 0 and places.max() < 2**bits)


def test_what_looks_alike_shares_its_place() -> None:
    seen = observations(2000)
    places = hashed_places(seen, key=0)
    assert np.array_equal(places, hashed_places(3 * seen, key=0))
    close = hashed_places(seen + np.float32(0.001) * observations(2000)[::-1], key=0)
    far = hashed_places(seen + observations(2000)[::-1], key=0)
    assert (places == close).mean() > 0.98 and (places == far).mean() < 0.1
