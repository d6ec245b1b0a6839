"""Sampling draws what the outputs say; advantages are those of a plain reference."""

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Normal

from avatarium.agents.networks import heads
from avatarium.agents.networks.normalise import RunningNormalisation
from avatarium.training.learn.kernels import estimate_advantages
from avatarium.training.play import kernels
from avatarium.training.play.drawing import one_key
from avatarium.worlds.core.rng import mix

CHOICES = np.array([3, 1, 5], np.int64)
F = np.float32


def draw(logits: np.ndarray, key: int, greedy: bool = False) -> tuple[np.ndarray, np.ndarray]:
    actions = np.zeros((len(logits), len(CHOICES)), np.int32)
    log_probs = np.zeros(len(logits), F)
    kernels.sample_discrete(logits.copy(), CHOICES, one_key(key), greedy, actions, log_probs, 0, len(logits))
    return actions, log_probs


def reference(rewards, values, terminations, truncations, final_values, present, gamma, lam):  # type: ignore[no-untyped-def]
    """Advantages by the definition: the discounted sum of temporal differences until the episode ends."""
    steps, slots = rewards.shape
    found = np.zeros((steps, slots))
    for s in range(slots):
        for t in range(steps):
            weight = 1.0
            for u in range(t, steps):
                if not present[u, s]:
                    break
                after = values[u + 1, s]
                if terminations[u, s]:
                    after = 0.0
                elif truncations[u, s]:
                    after = final_values[u, s]
                found[t, s] += weight * (rewards[u, s] + gamma * after - values[u, s])
                if terminations[u, s] or truncations[u, s]:
                    break
                weight *= gamma * lam
    return found


@pytest.mark.parametrize("seed", range(5))
def test_advantages_are_the_reference_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (40, 7)
    terminations, truncations = rng.random(shape) < 0.1, rng.random(shape) < 0.1
    present = np.ones(shape, bool)
    for s in (0, 1):  # who terminated in these slots stays away for three steps
        for t in np.flatnonzero(terminations[:-4, s]):
            present[t + 1 : t + 4, s] = False
    terminations, truncations = terminations & present, truncations & present
    rewards, final_values = rng.normal(size=shape).astype(F), rng.normal(size=shape).astype(F)
    values = rng.normal(size=(41, 7)).astype(F)
    found = np.full(shape, np.nan, F)
    estimate_advantages(rewards, values, terminations, truncations, final_values, present, F(0.97), F(0.9), found, 0, found.shape[1])
    np.testing.assert_allclose(found, reference(rewards, values, terminations, truncations, final_values, present, 0.97, 0.9), atol=1e-4)


def test_choices_are_drawn_as_often_as_the_logits_say() -> None:
    rows = 60_000
    logits = np.tile(np.array([0.3, -1.0, 1.2, 5.0, 0.0, 2.0, -3.0, 1.0, 0.5], F), (rows, 1))
    actions, _ = draw(logits, key=7)
    start = 0
    for head, count in enumerate(CHOICES):
        expected = Categorical(logits=torch.from_numpy(logits[0, start : start + count])).probs.numpy()
        seen = np.bincount(actions[:, head], minlength=count) / rows
        assert np.all(np.abs(seen - expected) < 4.5 * np.sqrt(expected * (1 - expected) / rows) + 1e-9)
        start += count


def test_log_probs_are_those_of_the_drawn_actions() -> None:
    logits = np.random.default_rng(0).normal(scale=3, size=(500, int(CHOICES.sum()))).astype(F)
    actions, log_probs = draw(logits, key=3)
    parts = torch.split(torch.from_numpy(logits), CHOICES.tolist(), dim=-1)
    expected = sum(Categorical(logits=part).log_prob(torch.from_numpy(actions[:, k])) for k, part in enumerate(parts))
    np.testing.assert_allclose(log_probs, np.asarray(expected), atol=1e-5)


def test_what_is_forbidden_is_never_drawn_not_even_by_rounding() -> None:
    """The key gives the largest random number there is, with which the sum of the weights is used up to the last bit, and beyond."""
    key, rng, choices = np.uint64(26011594), np.random.default_rng(0), np.array([8], np.int64)
    assert int(mix(key, np.uint64(0))) >> 40 == 0xFFFFFF
    actions, log_probs = np.zeros((1, 1), np.int32), np.zeros(1, F)
    for _ in range(200):
        logits = rng.normal(scale=2, size=(1, 8)).astype(F)
        logits[:, 5:] = heads.FORBIDDEN
        kernels.sample_discrete(logits, choices, one_key(key), False, actions, log_probs, 0, 1)
        assert actions[0, 0] == 4  # the last that is allowed
        assert np.isfinite(log_probs[0])


def test_a_key_decides_the_draw_and_greedy_takes_the_likeliest() -> None:
    logits = np.random.default_rng(1).normal(size=(300, int(CHOICES.sum()))).astype(F)
    assert np.array_equal(draw(logits, key=1)[0], draw(logits, key=1)[0])
    assert not np.array_equal(draw(logits, key=1)[0], draw(logits, key=2)[0])
    assert np.array_equal(draw(logits, key=1, greedy=True)[0][:, 0], logits[:, :3].argmax(axis=1))


def test_controls_are_drawn_from_normal_distributions() -> None:
    rows = 40_000
    parameters = np.tile(np.array([0.5, -2.0, -1.0, 0.3], F), (rows, 1))  # means, then log-deviations
    actions, log_probs = np.zeros((rows, 2), F), np.zeros(rows, F)
    kernels.sample_gaussian(parameters, one_key(5), False, actions, log_probs, 0, rows)
    mean, deviation = torch.tensor([0.5, -2.0]), torch.tensor([-1.0, 0.3]).exp()
    np.testing.assert_allclose(actions.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(actions.std(axis=0), deviation, rtol=0.02)
    assert abs(np.corrcoef(actions.T)[0, 1]) < 0.02
    expected = Normal(mean, deviation).log_prob(torch.from_numpy(actions)).sum(-1)
    np.testing.assert_allclose(log_probs, expected, atol=1e-4)
    kernels.sample_gaussian(parameters, one_key(5), True, actions, log_probs, 0, rows)
    np.testing.assert_allclose(actions[0], mean)


def test_observations_are_normalised_as_in_the_network() -> None:
    torch.manual_seed(0)
    network = RunningNormalisation(5, limit=2.0)
    network.absorb(200, torch.ones(5), torch.tensor([1.0, 3.0, 0.1, 1e-6, 1.0]).square())
    observations = torch.randn(50, 5) * 4
    found = np.zeros((50, 5), F)
    kernels.normalise(observations.numpy(), network.mean.numpy(), (1 / network.deviation).numpy(), F(network.limit), found)
    np.testing.assert_allclose(found, network(observations), rtol=1e-6)
    assert (np.abs(found) == 2.0).any()
