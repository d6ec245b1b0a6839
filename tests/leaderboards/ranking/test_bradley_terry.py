"""The fit is the maximum: by known solutions, by brute force, and in the corners where a plain fit runs away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.leaderboards.ranking import bradley_terry
from avatarium.leaderboards.ranking.bradley_terry import chances, fit, information, met, share, slopes
from avatarium.leaderboards.ranking.tally import tally


def two(won, drawn, lost):
    """Counts of two players."""
    return np.array([[0, won], [lost, 0]]), np.array([[0, drawn], [drawn, 0]])


def test_two_players_have_a_known_solution():
    """Davidson's: the odds are wins over losses, the weight of draws is draws over the geometric mean of both."""
    found = fit(*two(400_000, 300_000, 100_000))
    assert found.skills[0] - found.skills[1] == pytest.approx(np.log(4), abs=1e-4)
    assert np.exp(found.log_tie) == pytest.approx(300_000 / 200_000, abs=1e-4)


def test_two_players_without_draws_have_the_virtual_games_as_well():
    """Half a win and half a loss each against skill 0: by symmetry the skills are x and -x, where the slope is 0."""
    found = fit(*two(3, 0, 1))
    x, tie = found.skills[0], np.exp(found.log_tie)
    assert found.skills[1] == pytest.approx(-x)
    won = np.exp(x) / (np.exp(x) + np.exp(-x) + tie)
    lost = np.exp(-x) / (np.exp(x) + np.exp(-x) + tie)
    assert (3 - 1) / 2 - 4 * (won - lost) / 2 + 0.5 - 1 / (1 + np.exp(-x)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_brute_force_finds_the_same(seed):
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(seed)
    games = [(i, j, k, n) for i in range(4) for j in range(i) for k, n in enumerate(rng.integers(0, 6, 3).tolist())]

    def unlikely(at):
        total = 0.0
        for i, j, outcome, times in games:  # the model as the paper writes it, with strengths instead of their logarithms
            a, b, tie = np.exp(at[i]), np.exp(at[j]), np.exp(at[4])
            shares = b, tie * np.sqrt(a * b), a
            total += times * np.log(shares[outcome] / sum(shares))
        for i in range(4):
            total += 0.5 * np.log(np.exp(at[i]) / (1 + np.exp(at[i])) / (1 + np.exp(at[i])))
        tie = np.exp(at[4])
        return -(total + np.log(tie / (2 + tie)) / 3 + 2 / 3 * np.log(1 / (2 + tie)))

    wins, draws = np.zeros((4, 4), int), np.zeros((4, 4), int)
    for i, j, outcome, times in games:
        wins[i, j] += times * (outcome == 2)
        wins[j, i] += times * (outcome == 0)
        draws[i, j] += times * (outcome == 1)
    found = fit(wins, draws + draws.T)
    best = optimize.minimize(unlikely, np.zeros(5), tol=1e-12)
    np.testing.assert_allclose([*found.skills, found.log_tie], best.x, atol=2e-5)


@pytest.mark.parametrize("seed", range(3))
def test_planted_skills_are_found(seed, played):
    skills = np.random.default_rng(seed).normal(0, 1, 20)
    games = tally(*played(skills, 40_000, log_tie=-0.3, seed=seed))
    found = fit(games.wins, games.draws)
    assert np.abs(found.skills - found.skills.mean() - (skills - skills.mean())).max() < 0.12
    assert found.log_tie == pytest.approx(-0.3, abs=0.05)


COUNTS = st.integers(2, 6).flatmap(lambda p: st.lists(st.integers(0, 1_000_000) | st.just(0), min_size=2 * p * p, max_size=2 * p * p))


@given(COUNTS)
def test_any_counts_have_finite_skills_at_which_the_slope_is_level(numbers):
    size = int(np.sqrt(len(numbers) // 2))
    wins, draws = np.array(numbers, float).reshape(2, size, size)
    np.fill_diagonal(wins, 0)
    draws = np.triu(draws, 1) + np.triu(draws, 1).T
    found = fit(wins, draws)
    assert np.isfinite(found.skills).all()
    slope, curvature = slopes(np.append(found.skills, found.log_tie), met(wins, draws))
    assert np.abs(np.linalg.solve(curvature, slope)).max() < bradley_terry.TOLERANCE
    assert np.linalg.eigvalsh(found.curvature).min() > 0


@pytest.mark.parametrize("counts", [(1_000_000, 0, 0), (0, 1_000_000, 0), (0, 0, 0)])
def test_who_never_lost_never_won_or_never_played_has_a_finite_skill(counts):
    found = fit(*two(*counts))
    assert np.isfinite(found.skills).all()
    assert np.isfinite(found.log_tie)
    assert (found.skills[0] - found.skills[1] > 1e-9) == (counts[0] > 0)


def test_whole_steps_that_would_run_away_are_shortened(monkeypatch):
    wins, draws = np.zeros((3, 3), int), np.zeros((3, 3), int)
    wins[1, 2], wins[2, 0], wins[2, 1], draws[1, 2], draws[2, 1] = 38, 25, 57, 8_979_168, 8_979_168
    assert np.isfinite(fit(wins, draws).skills).all()
    monkeypatch.setattr(bradley_terry, "share", lambda length: 1.0)
    with np.errstate(all="ignore"), pytest.raises((ArithmeticError, np.linalg.LinAlgError)):
        fit(wins, draws)


@given(COUNTS)
def test_along_a_step_the_slope_leads_uphill_to_its_end_or_the_step_is_short(numbers):
    size = int(np.sqrt(len(numbers) // 2))
    wins, draws = np.array(numbers, float).reshape(2, size, size)
    games, at = met(wins, np.triu(draws, 1) + np.triu(draws, 1).T), np.zeros(size + 1)
    slope, curvature = slopes(at, games)
    step = np.linalg.solve(curvature, slope)
    length = np.abs(step).max()
    ahead = slopes(at + share(length) * step, games)[0] @ step
    assert length <= 0.5 or ahead >= -1e-9 * (slope @ step)


def test_a_season_takes_few_steps_also_where_nothing_is_drawn(monkeypatch, played):
    first, second, scores, matches = played(np.random.default_rng(0).normal(0, 1.5, 30), 6000, log_tie=-40.0)
    games, steps = tally(first, second, scores, matches), []
    monkeypatch.setattr(bradley_terry, "share", lambda length: steps.append(length) or share(length))
    fit(games.wins, games.draws)
    assert len(steps) <= 10


def test_more_wins_are_a_higher_skill_but_ten_to_nothing_is_not_certainty():
    skills = [fit(*two(n, 0, 0)).skills[0] for n in (1, 10, 100)]
    assert skills == sorted(skills)
    assert 1.0 < 2 * skills[1] < 8.0


def test_the_curvature_is_how_the_slope_changes():
    rng = np.random.default_rng(0)
    wins, draws = rng.integers(0, 9, (3, 3)), np.zeros((3, 3), int)
    np.fill_diagonal(wins, 0)
    draws[0, 1] = draws[1, 0] = 4
    at = rng.normal(size=4)
    games = met(wins, draws)
    curvature = slopes(at, games)[1]
    by_slope = [(slopes(at - s, games)[0] - slopes(at + s, games)[0]) / 2e-5 for s in 1e-5 * np.eye(4)]
    np.testing.assert_allclose(curvature, by_slope, atol=1e-5)


def test_chances_add_up_and_extremes_do_not_overflow():
    lost, drawn, won = chances(np.array([-2000.0, -1.0, 0.0, 2000.0]), 0.5)
    np.testing.assert_allclose(lost + drawn + won, 1.0)
    assert (won[3], lost[0]) == (1.0, 1.0)


def test_the_chance_of_a_draw_does_not_overflow_either():
    lost, drawn, won = chances(np.array([0.0, 1700.0]), 800.0)
    assert drawn.tolist() == pytest.approx([1.0, 0.0])
    assert (lost[1], won[1]) == (0.0, 1.0)


def test_only_pairs_that_met_are_looked_at():
    wins, draws = np.zeros((4, 4), int), np.zeros((4, 4), int)
    wins[2, 0], draws[1, 3], draws[3, 1] = 2, 5, 5
    found = met(wins, draws)
    assert [one.tolist() for one in found] == [[0, 1], [2, 3], [0.0, 0.0], [0.0, 5.0], [2.0, 0.0]]


def test_the_covariance_is_the_inverse_of_the_curvature():
    found = fit(*two(9, 2, 4))
    np.testing.assert_allclose(found.covariance @ found.curvature, np.eye(3), atol=1e-12)


def test_a_game_between_equals_tells_most():
    told = information(np.array([0.0, 1.0, 5.0]), -1.0)
    assert told[0] > told[1] > told[2] > 0
    assert information(np.zeros(1), -50.0)[0] == pytest.approx(0.25)


def test_too_few_steps_are_no_result(monkeypatch):
    monkeypatch.setattr(bradley_terry, "STEPS", 1)
    with pytest.raises(ArithmeticError, match="did not converge in 1 steps"):
        fit(*two(9, 1, 0))
