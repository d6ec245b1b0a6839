"""Ratings find the skills behind the games, in no particular order, and know what they do not know."""

import json

import numpy as np
import pytest

from avatarium.training.league.outcome import ITSELF, Results
from avatarium.training.league.ratings import SCALE, Ratings, chance
from avatarium.worlds.core.errors import UserError


def one(first: str, second: str, lost: int, drawn: int, won: int) -> tuple[str, Results]:
    """Games of ``first`` on the first side."""
    return first, Results((second,), np.array([[[lost, drawn, won], [0, 0, 0]]], np.int64))


def entered(*names: str) -> Ratings:
    ratings = Ratings()
    for name in names:
        ratings = ratings.enter(name)
    return ratings


def ladder(seed: int) -> tuple[np.ndarray, Ratings]:
    """A dozen versions, the better the later, each of which met some earlier ones from both sides; the first side is worth 2 points."""
    rng = np.random.default_rng(seed)
    skills = np.cumsum(rng.uniform(2.0, 6.0, 12))
    ratings = entered("v0")
    for k in range(1, 12):
        ratings = ratings.enter(f"v{k}", f"v{k - 1}")
        for other in range(max(0, k - 4), k):
            counts = np.zeros((1, 2, 3), np.int64)
            for side, sign in ((0, 1), (1, -1)):
                half = (skills[k] - skills[other] + sign * 2.0) / SCALE / 2
                weights = np.exp([-half, -1.0, half])
                counts[0, side] = rng.multinomial(200, weights / weights.sum())
            ratings = ratings.record(f"v{k}", Results((f"v{other}",), counts))
    return skills, ratings


def test_a_difference_of_8_3_wins_four_games_of_five() -> None:
    assert chance(8.3) == pytest.approx(0.8)
    ratings = entered("a", "b").record(*one("a", "b", 1000, 0, 4000)).record(*one("b", "a", 4000, 0, 1000))
    table = ratings.fit().table("b")
    assert table["b"].value == 0.0
    assert table["a"].value == pytest.approx(8.3, abs=0.1)


def test_skills_are_found_with_honest_deviations() -> None:
    surprises, advantages = [], []
    for seed in range(20):
        skills, ratings = ladder(seed)
        fitted = ratings.fit()
        table = fitted.table("v0")
        errors = np.array([table[f"v{k}"].value - (skills[k] - skills[0]) for k in range(1, 12)])
        deviations = np.array([table[f"v{k}"].deviation for k in range(1, 12)])
        assert np.abs(errors).max() < 3.5
        assert deviations[-1] > 1.5 * deviations[0], "the longer the chain of games to the anchor, the less is known"
        surprises.append(errors / deviations)
        advantages.append(fitted.advantage)
    assert 0.75 < np.sqrt(np.mean(np.square(surprises))) < 1.3
    assert np.mean(advantages) == pytest.approx(2.0, abs=0.1)


def test_order_does_not_matter() -> None:
    games = [one("a", "b", 3, 1, 9), one("c", "a", 5, 0, 2), one("b", "c", 4, 4, 4), one("a", "b", 0, 0, 1)]
    forward, backward = entered("a", "b", "c"), entered("a", "b", "c")
    for game in games:
        forward = forward.record(*game)
    for game in reversed(games):
        backward = backward.record(*game)
    for mine, other in zip(forward.fit().table().values(), backward.fit().table().values(), strict=True):
        assert mine.value == pytest.approx(other.value, abs=1e-6)
        assert mine.games == other.games


def test_without_games_a_rating_is_that_of_the_parent() -> None:
    ratings = entered("random", "v0").record(*one("v0", "random", 0, 0, 50)).enter("v1", "v0")
    table = ratings.fit().table()
    assert table["random"].value < 25 < table["v0"].value == pytest.approx(table["v1"].value)
    assert table["v1"].deviation ** 2 == pytest.approx(table["v0"].deviation ** 2 + (25 / 3) ** 2, rel=1e-6)


def test_games_on_the_second_side_and_against_itself_count() -> None:
    counts = np.array([[[0, 0, 1], [0, 0, 6]], [[4, 1, 5], [0, 0, 0]]], np.int64)
    ratings = entered("a", "b").record("a", Results(("b", ITSELF), counts))
    assert ratings.games == {("a", "b"): (0, 0, 1), ("b", "a"): (6, 0, 0), ("a", "a"): (4, 1, 5)}
    table = ratings.fit().table()
    assert table["a"].value > table["b"].value
    assert (table["a"].games, table["b"].games) == (27, 7)


def test_draws_alone_make_equals() -> None:
    table = entered("a", "b").record(*one("a", "b", 0, 500, 0)).fit().table()
    assert table["a"].value == pytest.approx(table["b"].value, abs=1e-6)


def test_the_state_goes_through_json() -> None:
    _, ratings = ladder(0)
    again = Ratings.from_json(json.loads(json.dumps(ratings.to_json())))
    assert again == ratings
    assert again.fit().table("v0") == ratings.fit().table("v0")


def test_strangers_are_refused() -> None:
    with pytest.raises(UserError, match="enter first"):
        entered("a").record(*one("a", "b", 1, 0, 0))
    with pytest.raises(UserError, match="unique"):
        entered("a").enter("a")
    with pytest.raises(UserError, match="zero"):
        entered("a").fit().table("random")
