"""What decisions turn out to be worth: values where episodes are cut, none where they end, and bonuses on one scale."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.agents.networks.actor_critic import Inputs
from avatarium.training.learn.tables import ADVANTAGES, AFTER, OBSERVATIONS, PRESENT, TARGETS, Table
from avatarium.training.play.rollout import Fragment

Playing = Callable[..., Any]
COMING_AND_GOING = {"walkers": 3, "leaving": True, "late": 4, "episode_steps": 13, "pace": 0.4}
GAMMA = 0.9


def raw_targets(play: Any, table: Table, shape: tuple[int, ...]) -> np.ndarray:
    """Targets in the units of rewards, [T, S, K]."""
    returns = play.network.returns
    found = table.columns[TARGETS] * returns.deviation + returns.mean
    return found.unflatten(0, shape).numpy()  # type: ignore[no-any-return]


def one_by_one(play: Any, fragment: Fragment) -> tuple[np.ndarray, np.ndarray]:
    """Values [T + 1, S] and values of final observations [T, S], avatar by avatar and step by step."""
    network = play.network
    steps, slots = fragment.rewards.shape
    values, finals = np.zeros((steps + 1, slots)), np.zeros((steps, slots))
    ended = {(int(t), int(s)): k for k, (t, s) in enumerate(zip(fragment.final_steps, fragment.final_slots, strict=True))}

    def value(observation: np.ndarray, central: np.ndarray, state: tuple[torch.Tensor, ...]) -> tuple[float, tuple[torch.Tensor, ...]]:
        begun = torch.zeros(1, 1, dtype=torch.bool)
        wide = torch.from_numpy(central)[None, None] if len(central) else None
        seen = Inputs(torch.from_numpy(observation)[None, None], wide, begun, state)
        found, after = network.evaluate(seen)
        return float(found[0, 0, 0]), tuple(part[0] for part in after)

    for s in range(slots):
        state = tuple(torch.from_numpy(part[s : s + 1]) for part in fragment.state)
        env = fragment.central_of[s]
        for t in range(steps + 1):
            if fragment.starts[t, s]:
                state = network.initial(1)
            values[t, s], state = value(fragment.observations[t, s], fragment.central[t, env], state)
            if (t, s) in ended:
                k = ended[t, s]
                finals[t, s] = value(fragment.final_observations[k], fragment.final_central[k], state)[0]
    return values, finals


@torch.no_grad()
@pytest.mark.parametrize(("core", "central"), [("mlp", False), ("gru", False), ("lstm", True)])
def test_what_follows_is_the_final_observation_where_an_episode_is_cut_and_nothing_where_it_ends(
    playing: Playing, core: str, central: bool
) -> None:
    """With lambda 0 the target of a decision is its reward and the discounted value of what follows it."""
    play = playing(core=core, central=central, **COMING_AND_GOING)
    play.fragment()
    fragment = play.fragment()
    here, cut = fragment.present, fragment.truncations & ~fragment.terminations
    values, finals = one_by_one(play, fragment)
    assert (cut & here).sum() > 5
    assert (fragment.terminations & here).sum() > 3
    assert np.abs(finals[cut & here] - values[1:][cut & here]).min() > 1e-4  # another observation than the one that comes next
    follows = np.where(fragment.terminations, 0.0, np.where(cut, finals, values[1:]))
    found = raw_targets(play, play.table(fragment, gamma=GAMMA, lam=0.0), here.shape)[..., 0]
    np.testing.assert_allclose(found[here], (fragment.rewards + GAMMA * follows)[here], atol=1e-4)


def test_final_observations_are_those_of_the_end_and_not_of_the_beginning(playing: Playing) -> None:
    play = playing(central=True, **COMING_AND_GOING)
    play.fragment()
    fragment = play.fragment()
    ends = set(zip(*np.nonzero((fragment.terminations | fragment.truncations) & fragment.present), strict=True))
    assert set(zip(fragment.final_steps.tolist(), fragment.final_slots.tolist(), strict=True)) == ends
    place = fragment.final_observations[:, 0]
    for k, (t, s) in enumerate(zip(fragment.final_steps, fragment.final_slots, strict=True)):
        assert fragment.final_central[k, s % 3] == place[k]  # the global state of lanes is where everybody is
        assert abs(place[k] - fragment.observations[t, s, 0]) <= COMING_AND_GOING["pace"] + 1e-6
    assert (np.abs(place) > 0.95).any()  # who arrived left
    assert not np.array_equal(place, fragment.observations[fragment.final_steps + 1, fragment.final_slots, 0])


def test_intrinsic_return_goes_on_when_an_episode_ends_and_stops_when_nobody_is_there(playing: Playing) -> None:
    """With a bonus of 1 a step, values of 0 and nothing discounted, it counts the steps to come."""
    play = playing(curiosity="rnd", **COMING_AND_GOING)
    play.fragment()
    fragment = play.fragment()
    nothing = torch.zeros(*fragment.observations.shape[:2], 2), torch.zeros(*fragment.rewards.shape, 2)
    bonus = fragment.present.astype(np.float32)
    for episodic in (False, True):
        play.wonder = play.module._wonder = replace(play.wonder, gamma=1.0, episodic=episodic)
        found = play.estimator(gamma=0.0, lam=1.0)._advantages(fragment, nothing, torch.from_numpy(bonus)).numpy()
        np.testing.assert_allclose(found[..., 0][fragment.present], fragment.rewards[fragment.present])  # its own discount
        expected, ahead = np.zeros_like(bonus), np.zeros(fragment.slots)
        over = fragment.terminations | fragment.truncations
        for t in reversed(range(len(bonus))):
            ahead = (1 + np.where(over[t] & episodic, 0.0, ahead)) * fragment.present[t]
            expected[t] = ahead
        np.testing.assert_allclose(found[..., 1], expected)


def test_advantages_have_mean_0_and_deviation_1_and_targets_the_unit_of_returns(playing: Playing) -> None:
    play = playing(**COMING_AND_GOING)
    play.network.returns.count.zero_()  # as if these were the first returns ever
    table = play.table(play.fragment())
    here = table.columns[PRESENT]
    assert (~here).any()
    for name in (ADVANTAGES, TARGETS):
        column = table.columns[name][here]
        assert float(column.mean()) == pytest.approx(0.0, abs=1e-5)
        assert float(column.std(correction=0)) == pytest.approx(1.0, abs=1e-3)


def test_who_was_absent_changes_nothing(playing: Playing) -> None:
    play = playing(**COMING_AND_GOING)
    fragment = play.fragment()
    away = ~fragment.present
    spoilt = {"rewards": np.where(away, 1e6, fragment.rewards).astype(np.float32), "log_probs": np.where(away, -9.0, fragment.log_probs)}
    seen = fragment.observations.copy()
    seen[:-1][away] = 77.0
    one, two = (play.table(f) for f in (fragment, replace(fragment, observations=seen, **spoilt)))
    here = one.columns[PRESENT]
    assert torch.equal(one.drawn, torch.nonzero(here).flatten())
    torch.testing.assert_close(one.columns[ADVANTAGES][here], two.columns[ADVANTAGES][here], rtol=1e-4, atol=1e-4)
    assert float(two.take(two.drawn).inputs.observation.max()) <= 1.0


def test_bonuses_see_what_followed_and_the_final_observation_where_an_episode_ended(playing: Playing) -> None:
    play = playing(curiosity="counts", **COMING_AND_GOING)
    fragment = play.fragment()
    table = play.table(fragment)
    after = table.columns[AFTER].unflatten(0, fragment.rewards.shape).numpy()
    over = (fragment.terminations | fragment.truncations) & fragment.present
    going = fragment.present & ~over
    assert np.array_equal(after[going], fragment.observations[1:][going])
    at = fragment.final_steps, fragment.final_slots
    assert np.array_equal(after[at], fragment.final_observations)
    assert torch.equal(table.columns[OBSERVATIONS], torch.from_numpy(fragment.observations[:-1]).flatten(0, 1))


def test_bonuses_of_any_size_come_to_one_scale_and_are_weighed(playing: Playing) -> None:
    """Counting novelty a thousandfold changes nothing; its weight does."""
    play = playing(curiosity="counts:0.5", **COMING_AND_GOING)
    fragment = play.fragment()
    (bonus,) = play.module.curiosity.values()
    plain = bonus.bonus
    found = {}
    for factor in (1.0, 1000.0):
        bonus.bonus = lambda t, factor=factor: factor * plain(t)
        play.module.scales["counts"].count.zero_()
        found[factor] = play.table(fragment)
    bonus.bonus = lambda t: torch.full((len(t.before),), 3.0)  # the same everywhere: nothing to be told apart, and nothing to blow up
    play.module.scales["counts"].count.zero_()
    constant = play.table(fragment)
    assert found[1000.0].told["bonus_counts"] == pytest.approx(1000 * found[1.0].told["bonus_counts"], rel=1e-4)
    assert found[1000.0].told["intrinsic_reward"] == pytest.approx(found[1.0].told["intrinsic_reward"], rel=1e-3)
    for table in (*found.values(), constant):
        assert 0.1 < table.told["intrinsic_reward"] < 5.0
    whole = playing(curiosity="counts", **COMING_AND_GOING)
    assert whole.table(whole.fragment()).told["intrinsic_reward"] == pytest.approx(2 * found[1.0].told["intrinsic_reward"], rel=1e-3)
