"""Normalisation, the critic's scale, and what the outputs say about actions."""

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Normal

from avatarium.agents.networks import heads
from avatarium.agents.networks.mlp import ActorCritic
from avatarium.agents.networks.normalise import RunningNormalisation


def test_running_statistics_are_those_of_all_rows() -> None:
    rows = torch.randn(1000, 3) * torch.tensor([1.0, 5.0, 0.1]) + torch.tensor([0.0, -3.0, 100.0])
    normalise = RunningNormalisation(3)
    for part in rows.split([10, 500, 1, 489]):
        normalise.update(part)
    kept = torch.cat([rows[:510], rows[511:]])  # a single row says nothing about a deviation and is left out
    torch.testing.assert_close(normalise.mean, kept.mean(0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(normalise.deviation, kept.std(0, correction=0), rtol=1e-3, atol=1e-4)
    assert float(normalise.count) == 999


def test_normalised_values_are_bounded_even_where_a_feature_stood_still() -> None:
    normalise = RunningNormalisation(2, limit=10.0)
    normalise.update(torch.zeros(50, 2))
    out = normalise(torch.tensor([[0.05, 1e6]]))
    torch.testing.assert_close(out, torch.tensor([[5.0, 10.0]]))


def test_statistics_travel_with_the_weights() -> None:
    one, other = ActorCritic(4, [3], 0, [8]), ActorCritic(4, [3], 0, [8])
    one.normalise.update(torch.randn(100, 4) + 3)
    other.load_state_dict(one.state_dict())
    observation = torch.randn(5, 4)
    assert torch.equal(one(observation), other(observation))


def test_a_new_scale_of_returns_leaves_the_values_alone() -> None:
    network, observation = ActorCritic(4, [3], 0, [8]), torch.randn(50, 4)
    network.rescale_returns(torch.randn(200) * 30 + 100)
    before = network.value(observation)
    network.rescale_returns(torch.randn(500) * 3 - 20)
    torch.testing.assert_close(network.value(observation), before, rtol=1e-4, atol=1e-3)
    assert float(network.returns.mean) == pytest.approx(100 * 200 / 700 - 20 * 500 / 700, abs=3.0)


def test_the_first_policy_is_nearly_uniform() -> None:
    log_prob, entropy = heads.discrete(ActorCritic(10, [5, 3], 0, [32])(torch.randn(64, 10)), [5, 3], torch.zeros(64, 2, dtype=torch.int64))
    torch.testing.assert_close(entropy, torch.full((64,), float(np.log(15))), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(log_prob, torch.full((64,), -float(np.log(15))), rtol=0.02, atol=0.02)


def test_discrete_heads_agree_with_torch() -> None:
    logits, actions = torch.randn(20, 7), torch.stack([torch.randint(0, 4, (20,)), torch.randint(0, 3, (20,))], dim=1)
    log_prob, entropy = heads.discrete(logits, [4, 3], actions)
    one, two = Categorical(logits=logits[:, :4]), Categorical(logits=logits[:, 4:])
    torch.testing.assert_close(log_prob, one.log_prob(actions[:, 0]) + two.log_prob(actions[:, 1]))
    torch.testing.assert_close(entropy, one.entropy() + two.entropy())


def test_gaussian_controls_agree_with_torch() -> None:
    parameters, actions = torch.randn(20, 6), torch.randn(20, 3)
    log_prob, entropy = heads.gaussian(parameters, actions)
    normal = Normal(parameters[:, :3], parameters[:, 3:].exp())
    torch.testing.assert_close(log_prob, normal.log_prob(actions).sum(-1))
    torch.testing.assert_close(entropy, normal.entropy().sum(-1))
