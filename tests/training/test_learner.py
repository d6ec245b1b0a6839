"""The loss of a hand-computed case, minibatches, and what an update changes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.learner.training_data import TrainingData

from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.learn import learner, losses
from avatarium.training.learn.learner import BatchedPPOTorchLearner
from avatarium.training.learn.losses import Weights
from avatarium.training.learn.tables import ACTIONS, ADVANTAGES, LOG_PROBS, PRESENT, TARGETS, Minibatch, Table
from avatarium.training.play.rollout import RolloutBatch
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan

STEPS = 16 * 20


@pytest.fixture
def algorithm(ray_running: None, plan: Plan) -> Iterator[BatchedPPO]:
    made = engine.config_for(plan).build_algo()
    yield made
    made.stop()


@pytest.fixture
def curious(ray_running: None, plan: Plan) -> Iterator[BatchedPPO]:
    """Two roles, both of them curious."""
    hyperparameters = replace(plan.hyperparameters, curiosity="rnd:1:lr=0.02+counts:0.5+progress:0.1:lr=0.02")
    made = engine.config_for(replace(plan, settings={"callers": 1}, hyperparameters=hyperparameters)).build_algo()
    yield made
    made.stop()


def learner_of(algorithm: BatchedPPO) -> BatchedPPOTorchLearner:
    return algorithm.learner_group._learner  # type: ignore[no-any-return]


def sampled(algorithm: BatchedPPO) -> RolloutBatch:
    return algorithm.env_runner_group.local_env_runner.sample()[0]  # type: ignore[no-any-return]


def rates_of(learner: BatchedPPOTorchLearner) -> Callable[[], dict[str, float]]:
    """A function that tells the rate of every optimiser at the last step of an update."""
    seen: dict[str, float] = {}
    for name, optimiser in learner._named_optimizers.items():
        optimiser.register_step_pre_hook(lambda o, *_, name=name: seen.update({name: o.param_groups[0]["lr"]}))
    return lambda: seen


def uniform(values: torch.Tensor) -> Any:
    """A network whose choices, three and two, are all alike, and that values decisions so."""
    shape = values.shape[:-1]
    return SimpleNamespace(both=lambda inputs: (torch.zeros(*shape, 5), values), controls=0, choices=(3, 2))


COLUMNS = {
    ACTIONS: torch.tensor([[0, 1], [2, 0]], dtype=torch.int32),
    LOG_PROBS: torch.tensor([-np.log(6.0), -np.log(6.0) - np.log(2.0)]),  # ratios 1 and 2
    ADVANTAGES: torch.tensor([3.0, 1.0]),
    TARGETS: torch.tensor([[1.0, 0.0], [-1.0, 0.5]]),
    PRESENT: torch.ones(2, dtype=torch.bool),
}
VALUES = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
LOG_6, LOG_2 = float(np.log(6.0)), float(np.log(2.0))


@pytest.mark.parametrize("sequences", [False, True])
def test_the_loss_of_a_hand_computed_case(sequences: bool) -> None:
    """Two rows, one of them clipped; as sequences of two steps they are followed by one in which nobody was there."""
    columns, values, starts = COLUMNS, VALUES, None
    if sequences:
        columns = {name: torch.stack([column, torch.full_like(column, 1)]).transpose(0, 1)[:, :1] for name, column in COLUMNS.items()}
        columns = {name: torch.cat([column, column[:1]]) for name, column in columns.items()}
        columns[PRESENT] = torch.tensor([[True], [True], [False]])
        values, starts = torch.cat([VALUES, torch.full((1, 2), 9.0)])[:, None], torch.zeros(3, 1, dtype=torch.bool)
    inputs = SimpleNamespace(starts=starts)
    minibatch = Minibatch(inputs, columns, torch.zeros(2))  # type: ignore[arg-type]
    loss, statistics = losses.ppo(uniform(values), minibatch, Weights(clip=0.2, value=0.5, entropy=0.01))
    policy, value = -(3.0 + 1.2) / 2, (1.0 + 4.0 + 0.25) / 2
    assert float(loss) == pytest.approx(policy + 0.5 * value - 0.01 * LOG_6, abs=1e-5)
    assert statistics.tolist() == pytest.approx([policy, value, LOG_6, (2 - 1 - LOG_2) / 2, 0.5], abs=1e-5)
    loss, statistics = losses.cloning(uniform(values), minibatch, Weights(clip=0.2, value=0.5, entropy=0.01))
    assert float(loss) == pytest.approx(LOG_6 + 0.5 * value - 0.01 * LOG_6, abs=1e-5)
    assert statistics.tolist() == pytest.approx([LOG_6, value, LOG_6, 0, 0], abs=1e-5)


def table_of(rows: int, present: int | None = None) -> Table:
    here = torch.arange(rows) < (rows if present is None else present)
    return Table({PRESENT: here}, torch.nonzero(here).flatten(), 1, (), torch.zeros(1, 1, 0), torch.zeros(1), torch.zeros(1), rows, {})


def test_an_epoch_uses_every_row_once_in_every_module() -> None:
    tables = {"many": table_of(103), "few": table_of(7), "some": table_of(90, present=40)}
    minibatches = list(learner._minibatches(tables, 25))
    assert len(minibatches) == 4
    for name, rows in (("many", 103), ("few", 7), ("some", 40)):
        assert sorted(torch.cat([drawn[name] for drawn in minibatches]).tolist()) == list(range(rows))
    assert len(list(learner._minibatches(tables, None))) == 1


def test_an_update_changes_weights_then_statistics_and_reports(algorithm: BatchedPPO) -> None:
    network = learner_of(algorithm)._network("walker")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    rates = rates_of(learner_of(algorithm))
    algorithm.lr_scale = 0.25
    result = algorithm.train()
    moved = {name.split(".")[0] for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {"actor", "critic", "normalise", "returns"}
    assert float(network.normalise.count) == STEPS * 2
    told = result["learners"]["walker"]
    assert set(learner.STATISTICS) <= set(told)
    assert told["num_module_steps_trained"] == STEPS * 2 * 2  # epochs
    assert told["entropy"] == pytest.approx(LOG_6, abs=0.01)
    assert rates() == {"walker_default_optimizer": pytest.approx(0.25 * algorithm.config.lr)}


def test_what_is_curious_learns_by_its_own_optimiser(curious: BatchedPPO) -> None:
    mine = learner_of(curious)
    rates = rates_of(mine)
    curious.lr_scale = 0.5
    before = {m: {n: p.clone() for n, p in mine._rl_module(m).state_dict().items()} for m in ("walker", "caller")}
    told = curious.train()["learners"]
    for name, parameters in before.items():
        now = mine._rl_module(name).state_dict()
        moved = {".".join(key.split(".")[:3]) for key, old in parameters.items() if not torch.equal(old, now[key])}
        learnt = {"curiosity.rnd.predictor", "curiosity.progress.model", "curiosity.progress.slow"}  # the last one after the update
        assert {key for key in moved if key.startswith("curiosity")} == learnt
        assert {key for key in moved if key.startswith("scales")} == {
            f"scales.{b}.{p}"
            for b in ("rnd", "counts", "progress")
            for p in ("mean", "variance", "count")
            if (b, p) != ("progress", "mean")
        }
        assert {"bonus_rnd", "bonus_counts", "intrinsic_reward", "intrinsic_value_mean", "vf_explained_var"} <= set(told[name])
    own = {f"{name}_curiosity_{bonus}": pytest.approx(0.01) for name in before for bonus in ("rnd", "progress")}
    assert rates() == own | {f"{name}_default_optimizer": pytest.approx(0.5 * curious.config.lr) for name in before}


def test_a_module_that_nobody_needed_stands_still(curious: BatchedPPO) -> None:
    """Callers are not there in the second batch: their network, its optimiser and its statistics stay as they were."""
    mine = learner_of(curious)
    curious.train()
    batch = sampled(curious)
    gone = replace(batch.fragments["caller"], present=np.zeros_like(batch.fragments["caller"].present))
    before = engine.learner_state(curious)
    found = mine.update(
        training_data=TrainingData(batch=replace(batch, fragments=batch.fragments | {"caller": gone})), num_epochs=1, minibatch_size=100
    )
    after = engine.learner_state(curious)
    assert_same(before["rl_module"]["caller"], after["rl_module"]["caller"])
    for name in before["optimizer"]:
        if name.startswith("caller"):
            assert_same(before["optimizer"][name]["state"]["state"], after["optimizer"][name]["state"]["state"])
    assert not np.array_equal(
        before["rl_module"]["walker"]["network.actor.0.weight"], after["rl_module"]["walker"]["network.actor.0.weight"]
    )
    assert np.isfinite(found["walker"]["policy_loss"].peek())
    assert np.isnan(found["caller"]["policy_loss"].peek())  # nothing to tell


def assert_same(one: Any, two: Any) -> None:
    """Nested dicts of arrays are equal."""
    assert one.keys() == two.keys()
    for name, value in one.items():
        if isinstance(value, dict):
            assert_same(value, two[name])
        else:
            assert np.array_equal(np.asarray(value), np.asarray(two[name])), name


def test_parts_of_a_minibatch_give_the_gradient_of_the_whole(
    algorithm: BatchedPPO, playing: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of parts, and although sequences with absent steps weigh less."""
    play = playing(core="gru", walkers=3, leaving=True, late=4, episode_steps=13, pace=0.4)
    table, mine = play.table(play.fragment()), learner_of(algorithm)
    parameters = list(play.network.parameters())
    parameters.remove(play.network.log_std) if play.network.controls else None
    monkeypatch.setattr(mine, "_rl_module", lambda module_id: play.module)
    monkeypatch.setattr(mine, "get_parameters", lambda module: parameters)
    found = []
    for rows in (1 << 30, 5 * 4):
        monkeypatch.setattr(mine, "_rows_at_once", rows)
        gradients = mine._gradients({"walker": table}, {"walker": table.drawn})
        found.append((list(gradients.values()), mine._traces.pop("walker")[0]))
    assert len(found[0][0]) == len(parameters)
    for one, two in zip(found[0][0], found[1][0], strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)


def test_losses_that_are_not_numbers_end_training(algorithm: BatchedPPO) -> None:
    with torch.no_grad():
        learner_of(algorithm)._network("walker").actor[0].weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="walker"):
        algorithm.train()


def test_transposed_gradients_are_laid_out_like_their_weights() -> None:
    """Fused Adam would otherwise take them for others."""
    weight, gradient = torch.nn.Parameter(torch.zeros(3, 2)), torch.arange(6.0).reshape(2, 3).T
    (found,), _ = learner._summed([(4, (gradient,), torch.zeros(1))], [weight], 1)
    assert found.stride() == weight.stride()
    assert torch.equal(found, gradient)
