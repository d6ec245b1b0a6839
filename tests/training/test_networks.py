"""Networks with and without memory, normalisation, the critic's scale, and what the outputs say about actions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Normal

from avatarium.agents.networks import heads
from avatarium.agents.networks.actor_critic import CORES, ActorCritic, Architecture, Inputs, Interface
from avatarium.agents.networks.normalise import RunningNormalisation

SEES = Interface(observation=4, choices=(3, 2))
L, B = 7, 5


def network_for(core: str = "mlp", interface: Interface = SEES) -> ActorCritic:
    torch.manual_seed(0)
    return ActorCritic(interface, Architecture(core, (8, 8), units=6))


def sequences(network: ActorCritic) -> Inputs:
    """Random observations [L, B, D] in which some episodes begin, and, of a central critic, global states."""
    torch.manual_seed(1)
    wide = network.interface.central
    starts = torch.zeros(L, B, dtype=torch.bool)
    starts[3, 1], starts[0, 2], starts[L - 1, 4] = True, True, True
    state = tuple(torch.randn(B, 6) for _ in network.state_names)
    return Inputs(torch.randn(L, B, 4), torch.randn(L, B, wide) if wide else None, starts, state)


def absorb(normalise: RunningNormalisation, rows: torch.Tensor) -> None:
    normalise.absorb(len(rows), rows.mean(0), rows.var(0, correction=0))


@pytest.mark.parametrize("core", CORES)
def test_acting_step_by_step_is_what_is_learnt_from(core: str) -> None:
    """``act`` and ``act_on`` in the runner, ``both``, ``evaluate`` and ``remember`` in the learner tell the same."""
    network = network_for(core)
    network.rescale_returns(10, torch.tensor([3.0]), torch.tensor([4.0]))
    absorb(network.normalise, torch.randn(100, 4) * 3)
    given = sequences(network)
    assert given.starts is not None
    with torch.no_grad():
        outputs, values = network.both(given)
        returns, states = network.evaluate(given)
        remembered, after = network.remember(given)
        torch.testing.assert_close(returns, values * 2 + 3)
        state = acted = given.state
        for t in range(L):
            decided, acted = network.act_on(network.normalise(given.observation[t]), given.starts[t], acted)
            torch.testing.assert_close(outputs[t], decided, rtol=1e-4, atol=1e-6)
            state = tuple(part * ~given.starts[t][:, None] for part in state)
            now, state = network.act(given.observation[t], state)
            torch.testing.assert_close(outputs[t], now, rtol=1e-4, atol=1e-6)
            torch.testing.assert_close(remembered[t], now, rtol=1e-4, atol=1e-6)
            for part, one, other, another in zip(state, states, after, acted, strict=True):
                torch.testing.assert_close(another, part, rtol=1e-4, atol=1e-6)
                torch.testing.assert_close(one[t], part, rtol=1e-4, atol=1e-6)
                torch.testing.assert_close(other[t], part, rtol=1e-4, atol=1e-6)
    assert (len(states) > 0) == network.recurrent == (core != "mlp")
    assert [part.shape for part in network.initial(9)] == [(9, 6)] * len(network.state_names)


@pytest.mark.parametrize("core", CORES)
def test_a_central_critic_sees_the_global_state_and_the_policy_does_not(core: str) -> None:
    network = network_for(core, replace(SEES, central=3))
    given = sequences(network)
    assert given.central is not None
    other = given._replace(central=given.central + 1.0)
    (policy, value), (same, another) = network.both(given), network.both(other)
    assert torch.equal(policy, same)
    assert (value != another).all()
    assert network.act(given.observation[0], given.state)[0].shape == (B, 5)  # it needs no global state to act


@pytest.mark.parametrize("core", ["lstm", "gru"])
def test_a_policy_remembers_and_forgets_where_an_episode_begins(core: str) -> None:
    network = network_for(core)
    given = sequences(network)
    seen = given.observation.clone()
    seen[2, 1] += 1.0  # in sequence 1 an episode begins at step 3
    seen[2, 0] += 1.0  # in sequence 0 none does
    changed = (network.remember(given)[0] - network.remember(given._replace(observation=seen))[0]).abs().sum(-1) > 1e-9
    assert changed[2:, 0].all()
    assert not changed[:2].any()
    assert changed[2, 1]
    assert not changed[3:, 1].any()


def test_two_returns_have_two_scales() -> None:
    network = network_for(interface=replace(SEES, values=2))
    observation = torch.randn(50, 4)
    mean, variance = torch.tensor([100.0, -0.1]), torch.tensor([900.0, 0.01])
    network.rescale_returns(200, mean, variance)
    returns, _ = network.evaluate(Inputs(observation))
    torch.testing.assert_close(returns, network.both(Inputs(observation))[1] * variance.sqrt() + mean)


def test_a_new_scale_of_returns_leaves_the_values_alone() -> None:
    network, observation = network_for(interface=replace(SEES, values=2)), torch.randn(50, 4)
    network.rescale_returns(200, torch.tensor([100.0, 1.0]), torch.tensor([900.0, 0.1]))
    before, _ = network.evaluate(Inputs(observation))
    network.rescale_returns(500, torch.tensor([-20.0, 3.0]), torch.tensor([9.0, 25.0]))
    torch.testing.assert_close(network.evaluate(Inputs(observation))[0], before, rtol=1e-4, atol=1e-3)
    assert float(network.returns.mean[0]) == pytest.approx((100 * 200 - 20 * 500) / 700)
    kept = {name: part.clone() for name, part in network.state_dict().items()}
    network.rescale_returns(0, torch.zeros(2), torch.ones(2))  # nobody was there
    assert all(torch.equal(part, kept[name]) for name, part in network.state_dict().items())


def test_running_statistics_are_those_of_all_rows() -> None:
    rows = torch.randn(1000, 3) * torch.tensor([1.0, 5.0, 0.1]) + torch.tensor([0.0, -3.0, 100.0])
    normalise = RunningNormalisation(3)
    for part in rows.split([10, 500, 1, 489]):
        absorb(normalise, part)
    kept = torch.cat([rows[:510], rows[511:]])  # a single row says nothing about a deviation and is left out
    torch.testing.assert_close(normalise.mean, kept.mean(0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(normalise.deviation, kept.std(0, correction=0), rtol=1e-3, atol=1e-4)
    assert float(normalise.count) == 999


def test_normalised_values_are_bounded_even_where_a_feature_stood_still() -> None:
    normalise = RunningNormalisation(2, limit=10.0)
    absorb(normalise, torch.zeros(50, 2))
    out = normalise(torch.tensor([[0.05, 1e6]]))
    torch.testing.assert_close(out, torch.tensor([[5.0, 10.0]]))


@pytest.mark.parametrize("core", CORES)
def test_statistics_travel_with_the_weights(core: str) -> None:
    one, other = network_for(core), ActorCritic(SEES, Architecture(core, (8, 8), units=6))
    absorb(one.normalise, torch.randn(100, 4) + 3)
    other.load_state_dict(one.state_dict())
    given = sequences(one)
    assert all(torch.equal(a, b) for a, b in zip(one.both(given), other.both(given), strict=True))


@pytest.mark.parametrize("core", CORES)
def test_the_first_policy_is_nearly_uniform(core: str) -> None:
    network = network_for(core, replace(SEES, choices=(5, 3)))
    outputs, _ = network.act(torch.randn(64, 4), network.initial(64))
    log_prob, entropy = heads.discrete(outputs, [5, 3], torch.zeros(64, 2, dtype=torch.int64))
    torch.testing.assert_close(entropy, torch.full((64,), float(np.log(15))), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(log_prob, torch.full((64,), -float(np.log(15))), rtol=0.02, atol=0.02)


def test_discrete_heads_agree_with_torch() -> None:
    logits, actions = torch.randn(20, 7), torch.stack([torch.randint(0, 4, (20,)), torch.randint(0, 3, (20,))], dim=1)
    log_prob, entropy = heads.discrete(logits, [4, 3], actions)
    one, two = Categorical(logits=logits[:, :4]), Categorical(logits=logits[:, 4:])
    torch.testing.assert_close(log_prob, one.log_prob(actions[:, 0]) + two.log_prob(actions[:, 1]))
    torch.testing.assert_close(entropy, one.entropy() + two.entropy())
    sequences = logits.view(4, 5, 7), actions.view(4, 5, 2)
    torch.testing.assert_close(heads.discrete(sequences[0], [4, 3], sequences[1])[0].flatten(), log_prob)


def test_masked_heads_agree_with_torch() -> None:
    logits, allowed = torch.randn(20, 7), torch.rand(20, 7) < 0.5
    allowed[:, 0] = allowed[:, 4] = True
    actions = torch.zeros(20, 2, dtype=torch.int64)
    log_prob, entropy = heads.discrete(heads.masked(logits, allowed), [4, 3], actions)
    parts = [Categorical(logits=logits[:, some].masked_fill(~allowed[:, some], -1e8)) for some in (slice(0, 4), slice(4, 7))]
    torch.testing.assert_close(log_prob, sum(part.log_prob(actions[:, 0]) for part in parts))
    torch.testing.assert_close(entropy, sum(part.entropy() for part in parts))


def test_gaussian_controls_agree_with_torch() -> None:
    parameters, actions = torch.randn(20, 6), torch.randn(20, 3)
    log_prob, entropy = heads.gaussian(parameters, actions)
    normal = Normal(parameters[:, :3], parameters[:, 3:].exp())
    torch.testing.assert_close(log_prob, normal.log_prob(actions).sum(-1))
    torch.testing.assert_close(entropy, normal.entropy().sum(-1))


def test_the_deviation_of_controls_is_bounded() -> None:
    network = network_for(interface=Interface(observation=4, controls=2))
    with torch.no_grad():
        network.log_std.copy_(torch.tensor([-50.0, 50.0]))
    outputs, _ = network.act(torch.randn(3, 4))
    assert outputs.shape == (3, 4)
    torch.testing.assert_close(outputs[:, 2:], torch.tensor([heads.LOG_STD_RANGE]).expand(3, 2))
