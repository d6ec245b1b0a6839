"""Seats: the same for everybody who is judged, in turn for every avatar, and nobody moves when the judged policy is left out."""

import numpy as np
import pytest

from avatarium.leaderboards import seating

SEEDS = [*range(1_000_000, 1_000_064), 2**63 + 5, 2**64 - 1, 0]


@pytest.mark.parametrize(("avatars", "count"), [(8, 2), (8, 6), (4, 1), (1, 1), (5, 2)])
def test_as_many_seats_as_are_asked_for(avatars, count):
    mine = seating.focal(SEEDS, avatars, count)
    assert mine.shape == (len(SEEDS), avatars)
    assert (mine.sum(axis=1) == count).all()
    assert seating.focal(SEEDS, avatars, 0).all()


def test_every_avatar_has_its_turn_equally_often_and_not_always_beside_the_same():
    mine = seating.focal(range(1_000_000, 1_000_000 + 800), 8, 2)
    assert (mine.sum(axis=0) == 200).all()
    pairs = {tuple(np.flatnonzero(row)) for row in mine}
    assert len(pairs) == 28


def test_a_seed_has_its_seats_whatever_else_is_played():
    together = seating.shared(SEEDS, 8, 3, 2)
    for seed, row in zip(SEEDS, together, strict=True):
        assert (seating.shared([seed], 8, 3, 2)[0] == row).all()


def test_the_others_sit_where_they_sat_when_nobody_is_judged():
    for others in (1, 2, 3):
        beside, alone = (seating.shared(SEEDS, 8, count, others) for count in (3, 0))
        assert ((beside == alone) | (beside == seating.FOCAL)).all()
        assert (alone > 0).all()
        assert (beside == seating.FOCAL).sum() == 3 * len(SEEDS)


def test_all_of_the_others_come_along():
    seats = seating.shared(range(1_000_000, 1_000_240), 8, 2, 3)
    counts = np.bincount(seats.ravel())
    assert counts[0] == 480
    assert np.ptp(counts[1:]) < 0.15 * counts[1:].mean()


def test_another_role_is_one_policys_for_an_episode():
    assert seating.whole([5, 6, 7], 2, 2).tolist() == [[1, 1], [0, 0], [1, 1]]
