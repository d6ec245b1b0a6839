"""Sums hold what a table needs of episodes, in whatever order these come, and fit the season or are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.leaderboards.database.models import PUBLIC, Episode
from avatarium.leaderboards.standings.sums import Sums, shape, sums, unpack
from avatarium.worlds.core.errors import UserError


def seeds(part):
    return part.seeds(part.alone[0], PUBLIC)


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_packed_sums_are_what_they_were(part, number):
    rng = np.random.default_rng(number)
    scenarios, metrics, width = shape(part)
    shares = np.where(rng.random((2, scenarios, metrics, width)) < 0.1, np.nan, rng.normal(size=(2, scenarios, metrics, width)))
    made = Sums(shares, rng.random((scenarios, width)) < 0.2)
    found = unpack(part, made.pack())
    assert found.shares.tobytes() == shares.tobytes()
    assert found.failed.tolist() == made.failed.tolist()
    assert found.sha256 == made.sha256


def test_another_fault_is_another_hash(part, made):
    one = made.sums(part, 0.5)
    failed = one.failed.copy()
    failed[0, 0] = True
    assert one._replace(failed=failed).sha256 != one.sha256


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b""])
def test_sums_of_another_size_are_refused(part, made, spoil):
    with pytest.raises(UserError, match="the stored sums of walker in wayfinding do not fit the season"):
        unpack(part, spoil(made.sums(part, 0.5).pack()))


@settings(max_examples=20)
@given(st.randoms())
def test_the_order_of_episodes_does_not_matter(part, made, random):
    played = made.episodes(part, "ada", 0.5, faults=[(2, seeds(part)[1])])
    moved = played.copy()
    random.shuffle(moved)
    assert sums(part, seeds(part), moved).pack() == sums(part, seeds(part), played).pack()


def test_sums_are_of_the_scenarios_that_count_and_of_these_seeds_alone(part, made):
    played = made.episodes(part, "ada", 0.5, faults=[(2, seeds(part)[1])])
    found = sums(part, seeds(part), played)
    assert found.complete
    assert np.argwhere(found.failed).tolist() == [[2, 1]]
    assert found.shares[:, 0, 0, 0].tolist() == played[0].shares[part.metrics[0]]
    strange = [{"scenario": "another"}, {"seed": 1}, {"partner": made.key("eve")}]
    for about in strange:
        other = {"scenario": part.keys[0], "seed": seeds(part)[0], "partner": "", **about}
        told = Episode(submission="", steps=1, shares={name: [99.0, 1.0] for name in part.metrics}, fault="late", **other)
        assert sums(part, seeds(part), [*played, told]).pack() == found.pack()


def test_what_is_not_there_is_no_number_and_what_is_not_told_is_nothing(part, made):
    played = made.episodes(part, "ada", 0.5)
    played[0].shares = {name: share for name, share in played[0].shares.items() if name != "spl"}
    found = sums(part, seeds(part), played[:1])
    assert not found.complete
    assert found.shares[:, 0, part.metrics.index("spl"), 0].tolist() == [0.0, 0.0]
    assert np.isnan(found.shares[:, 0, 0, 1:]).all()
