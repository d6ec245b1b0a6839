"""The loss of a hand-computed case, minibatches, and what a batch becomes."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from avatarium.training import engine, learner
from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.learner import BatchedPPOTorchLearner, Table
from avatarium.training.plan import Plan
from avatarium.training.rollout import Fragment, RolloutBatch, join


@pytest.fixture
def algorithm(ray_running: None, plan: Plan) -> Iterator[BatchedPPO]:
    made = engine.config_for(plan).build_algo()
    yield made
    made.stop()


def learner_of(algorithm: BatchedPPO) -> BatchedPPOTorchLearner:
    return algorithm.learner_group._learner  # type: ignore[no-any-return]


def sampled(algorithm: BatchedPPO) -> RolloutBatch:
    return algorithm.env_runner_group.local_env_runner.sample()[0]  # type: ignore[no-any-return]


def test_the_loss_of_a_hand_computed_case(algorithm: BatchedPPO) -> None:
    """Heads of 3 and 2 choices, uniform logits: log-probability -log 6, entropy log 6; two rows, one of them clipped."""
    config = SimpleNamespace(clip_param=0.2, vf_loss_coeff=0.5, entropy_coeff=0.01)
    batch = {
        Columns.ACTIONS: torch.tensor([[0, 1], [2, 0]], dtype=torch.int32),
        Columns.ACTION_LOGP: torch.tensor([-np.log(6.0), -np.log(6.0) - np.log(2.0)]),  # ratios 1 and 2
        Postprocessing.ADVANTAGES: torch.tensor([3.0, 1.0]),
        Postprocessing.VALUE_TARGETS: torch.tensor([1.0, -1.0]),
    }
    out = {Columns.ACTION_DIST_INPUTS: torch.zeros(2, 5), Columns.VF_PREDS: torch.tensor([0.0, 1.0])}
    loss = learner_of(algorithm).compute_loss_for_module(module_id="walker", config=config, batch=batch, fwd_out=out)
    policy, value, entropy = -(3.0 + 1.2) / 2, (1.0 + 4.0) / 2, np.log(6.0)
    assert float(loss) == pytest.approx(policy + 0.5 * value - 0.01 * entropy, abs=1e-5)
    kl, clipped = learner_of(algorithm)._traces["walker"][0][3:].tolist()
    assert kl == pytest.approx((2 - 1 - np.log(2.0)) / 2, abs=1e-5)
    assert clipped == 0.5


def test_an_epoch_uses_every_row_once_in_every_module() -> None:
    tables = {name: Table({"x": torch.arange(rows)}, rows, 0.0, 0.0) for name, rows in (("many", 103), ("few", 7))}
    minibatches = list(learner._minibatches(tables, 25))
    assert len(minibatches) == 4
    for name, rows in (("many", 103), ("few", 7)):
        seen = torch.cat([rows[name] for rows in minibatches if name in rows])
        assert sorted(seen.tolist()) == list(range(rows))


def test_a_batch_is_learnt_by_advantages_of_mean_0_and_deviation_1(algorithm: BatchedPPO) -> None:
    fragment = sampled(algorithm).fragments["walker"]
    table = learner_of(algorithm)._table("walker", fragment)
    advantages = table.columns[Postprocessing.ADVANTAGES]
    assert table.rows == fragment.rewards.size == len(table.columns[Columns.OBS])
    assert float(advantages.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(advantages.std()) == pytest.approx(1.0, abs=1e-3)
    targets = table.columns[Postprocessing.VALUE_TARGETS]
    assert float(targets.std(correction=0)) == pytest.approx(1.0, abs=1e-3)  # in units of the returns


def test_who_was_absent_is_not_learnt_from(algorithm: BatchedPPO) -> None:
    fragment = sampled(algorithm).fragments["walker"]
    present = fragment.present.copy()
    present[5:, 3] = False
    observations = fragment.observations.copy()
    observations[5:-1, 3] = 77.0
    table = learner_of(algorithm)._table("walker", replace(fragment, present=present, observations=observations))
    assert table.rows == present.sum()
    assert float(table.columns[Columns.OBS].max()) <= 1.0


def test_final_observations_bootstrap_truncations_only(algorithm: BatchedPPO) -> None:
    """With gamma 1 and lambda 1 the target of a step before a truncation is its reward and the value of the final observation."""
    algorithm.config.get_config_for_module("walker")
    network = learner_of(algorithm)._network("walker")
    blank = sampled(algorithm).fragments["walker"]
    shape = blank.rewards.shape
    truncations, terminations = np.zeros(shape, bool), np.zeros(shape, bool)
    truncations[-1, 0], terminations[-1, 1] = True, True
    final = np.full((1, blank.observations.shape[-1]), 0.5, np.float32)
    fragment = Fragment(
        blank.observations, blank.actions, blank.log_probs, np.ones(shape, np.float32), terminations, truncations, blank.present,
        np.array([shape[0] - 1]), np.array([0]), final,
    )  # fmt: skip
    with torch.no_grad():
        worth = float(network.value(torch.from_numpy(final)))
        network.returns.count += 1  # from now on values are kept when the scale changes
    table = learner_of(algorithm)._table("walker", fragment)
    raw = table.columns[Postprocessing.VALUE_TARGETS] * network.returns.deviation + network.returns.mean
    last = raw.reshape(shape)[-1]
    gamma = algorithm.config.gamma
    assert float(last[0]) == pytest.approx(1.0 + gamma * worth, abs=1e-3)
    assert float(last[1]) == pytest.approx(1.0, abs=1e-3)


def test_an_update_changes_weights_then_statistics_and_reports(algorithm: BatchedPPO) -> None:
    network = learner_of(algorithm)._network("walker")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    algorithm.lr_scale = 0.25
    result = algorithm.train()
    moved = {name.split(".")[0] for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {"actor", "critic", "normalise", "returns"}
    assert float(network.normalise.count) == 16 * 20 * 2
    told = result["learners"]["walker"]
    assert set(learner.STATISTICS) <= set(told)
    assert told["default_optimizer_learning_rate"] >= 0


def test_the_learning_rate_is_scaled(algorithm: BatchedPPO) -> None:
    mine = learner_of(algorithm)
    mine._scale_learning_rate(0.5)
    (optimiser,) = mine._named_optimizers.values()
    assert float(optimiser.param_groups[0]["lr"]) == pytest.approx(0.5 * algorithm.config.lr)


def test_losses_that_are_not_numbers_end_training(algorithm: BatchedPPO) -> None:
    with torch.no_grad():
        learner_of(algorithm)._network("walker").actor[0].weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="walker"):
        algorithm.train()


def test_fragments_of_several_runners_are_laid_side_by_side(algorithm: BatchedPPO) -> None:
    runner = algorithm.env_runner_group.local_env_runner
    one, two = runner.sample()[0].fragments["walker"], runner.sample()[0].fragments["walker"]
    both = join([one, two])
    slots = one.rewards.shape[1]
    assert both.observations.shape[1] == 2 * slots
    assert np.array_equal(both.rewards[:, slots:], two.rewards)
    assert np.array_equal(both.final_slots, np.concatenate([one.final_slots, two.final_slots + slots]))
    assert np.array_equal(both.final_observations, np.concatenate([one.final_observations, two.final_observations]))
