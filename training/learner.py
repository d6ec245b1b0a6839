"""PPO updates on whole rollout batches: advantages, minibatches and loss, with RLlib's gradient hooks."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import ALL_MODULES
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.utils.metrics import NUM_ENV_STEPS_TRAINED, NUM_MODULE_STEPS_TRAINED, NUM_MODULE_STEPS_TRAINED_LIFETIME
from torch import Tensor

from avatarium.agents.networks import heads
from avatarium.agents.networks.mlp import ActorCritic
from avatarium.training import kernels
from avatarium.training.rollout import Fragment, RolloutBatch, join
from avatarium.training.workers import Workers

ROWS_AT_ONCE = 2048
"""Rows that a thread works on in one go: their activations stay in its cache."""
STATISTICS_ROWS = 1 << 14
"""Observations of a batch, chosen at random, that are taken into the running statistics."""
STATISTICS = ("policy_loss", "vf_loss", "entropy", "kl", "clip_fraction")


Rows = dict[str, Tensor]
"""Row numbers int64 [B] of each module's table."""


@dataclass(frozen=True)
class Table:
    """All decisions of one module in one batch, a row each, ready to be cut into minibatches."""

    columns: dict[str, Tensor]
    rows: int
    value_mean: float
    explained_variance: float


class BatchedPPOTorchLearner(PPOTorchLearner):  # type: ignore[misc]
    """RLlib's PPO learner, fed with RolloutBatches.

    The critic's values and the advantages are computed here, for the whole batch at once. Observation and return statistics of a
    network are brought up to date after its update, so that the policy that learns starts as the one that sampled.
    """

    def build(self) -> None:
        """Build modules and optimisers."""
        super().build()
        self._traces: dict[str, list[Tensor]] = defaultdict(list)
        self._workers = Workers(self.config.learner_threads)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam in one fused kernel per step, with the epsilon that PPO is used to (Andrychowicz et al. 2021)."""
        parameters = self.get_parameters(self._module[module_id])
        optimiser = torch.optim.Adam(parameters, lr=config.lr, eps=1e-5, fused=True)
        self.register_optimizer(module_id=module_id, optimizer=optimiser, params=parameters, lr_or_lr_schedule=config.lr)

    def update(
        self,
        *,
        training_data: TrainingData,
        timesteps: dict[str, Any] | None = None,
        num_epochs: int = 1,
        minibatch_size: int | None = None,
        lr_scale: float = 1.0,
        **_: Any,
    ) -> Any:
        """Learn from ``training_data.batches``, a list of RolloutBatch; ``lr_scale`` multiplies the learning rate. Returns metrics."""
        self._check_is_built()
        self.before_gradient_based_update(timesteps=timesteps or {})
        self._weights_seq_no += 1
        batches: list[RolloutBatch] = training_data.batches
        tables: dict[str, Table] = {}
        for module_id in batches[0].fragments:
            if self.should_module_be_updated(module_id, None):
                tables[module_id] = self._table(module_id, join([b.fragments[module_id] for b in batches]))
        self._scale_learning_rate(lr_scale)
        for _epoch in range(num_epochs):
            for rows in _minibatches(tables, minibatch_size):
                self.apply_gradients(self.postprocess_gradients(self._gradients(tables, rows)))
        for module_id, table in tables.items():
            seen = table.columns[Columns.OBS]
            chosen = torch.randint(table.rows, (STATISTICS_ROWS,)) if table.rows > STATISTICS_ROWS else slice(None)
            self._network(module_id).normalise.update(seen[chosen])
        self._log(tables, sum(b.env_steps for b in batches), num_epochs)
        self.after_gradient_based_update(timesteps=timesteps or {})
        return self.metrics.reduce()

    def close(self) -> None:
        """End the learner's threads."""
        self._workers.close()

    def _gradients(self, tables: dict[str, Table], minibatch: Rows) -> dict[Any, Tensor]:
        """Gradients of the mean loss over a minibatch, by parameter; the threads share its rows, and the sum is the same for any number."""
        parts = [(m, part, len(part) / len(rows)) for m, rows in minibatch.items() for part in torch.split(rows, ROWS_AT_ONCE)]
        parameters = {module_id: self.get_parameters(self.module[module_id]) for module_id in minibatch}

        def gradients_of(part: tuple[str, Tensor, float]) -> tuple[Tensor, ...]:
            module_id, rows, weight = part
            batch = {module_id: {name: column.index_select(0, rows) for name, column in tables[module_id].columns.items()}}
            (loss,) = self.compute_losses(fwd_out=self.module.forward_train(batch), batch=batch).values()
            gradients: tuple[Tensor, ...] = torch.autograd.grad(loss * weight, parameters[module_id])
            return gradients

        total: dict[Any, Tensor] = {}
        for (module_id, _, _), found in zip(parts, self._workers.map(gradients_of, parts), strict=True):
            for parameter, gradient in zip(parameters[module_id], found, strict=True):
                reference = self.get_param_ref(parameter)
                total[reference] = total[reference] + gradient if reference in total else gradient
        return total

    def _network(self, module_id: str) -> ActorCritic:
        network: ActorCritic = self.module[module_id].unwrapped().network
        return network

    def _scale_learning_rate(self, scale: float) -> None:
        for name, optimiser in self._named_optimizers.items():
            config = self.config.get_config_for_module(self._optimizer_name_to_module[name])
            self._set_optimizer_lr(optimiser, config.lr * scale)

    def _table(self, module_id: str, fragment: Fragment) -> Table:
        """Values, advantages and return targets of a fragment, flattened to the decisions that were taken."""
        config, network = self.config.get_config_for_module(module_id), self._network(module_id)
        observations = _tensor(fragment.observations)
        steps, slots = fragment.rewards.shape
        values = self._values(network, observations.flatten(0, 1)).numpy().reshape(steps + 1, slots)
        final_values = np.zeros_like(fragment.rewards)
        final_values[fragment.final_steps, fragment.final_slots] = self._values(network, _tensor(fragment.final_observations)).numpy()
        advantages = np.empty_like(fragment.rewards)
        kernels.estimate_advantages(
            fragment.rewards,
            values,
            fragment.terminations,
            fragment.truncations,
            final_values,
            fragment.present,
            np.float32(config.gamma),
            np.float32(config.lambda_),
            advantages,
        )
        targets = torch.from_numpy(advantages + values[:-1])
        columns = {
            Columns.OBS: observations[:-1],
            Columns.ACTIONS: _tensor(fragment.actions),
            Columns.ACTION_LOGP: _tensor(fragment.log_probs),
            Postprocessing.ADVANTAGES: torch.from_numpy(advantages),
            Postprocessing.VALUE_TARGETS: targets,
        }
        columns = {name: column.flatten(0, 1) for name, column in columns.items()}
        if not fragment.present.all():
            here = torch.from_numpy(np.flatnonzero(fragment.present))
            columns = {name: column.index_select(0, here) for name, column in columns.items()}
        return self._scaled(network, columns)

    def _values(self, network: ActorCritic, observations: Tensor) -> Tensor:
        """The critic's estimates [B] of ``observations`` [B, D]."""

        def values_of(part: Tensor) -> Tensor:
            with torch.no_grad():  # which holds for this thread alone
                return network.value(part)

        return torch.cat(self._workers.map(values_of, torch.split(observations, ROWS_AT_ONCE)))

    def _scaled(self, network: ActorCritic, columns: dict[str, Tensor]) -> Table:
        """Advantages to mean 0 and deviation 1; targets in the critic's units, which are brought up to date first."""
        advantages, targets = columns[Postprocessing.ADVANTAGES], columns[Postprocessing.VALUE_TARGETS]
        unexplained = float(advantages.var() / targets.var().clamp_min(1e-12)) if len(targets) > 1 else 1.0
        network.rescale_returns(targets)
        scaled = {
            Postprocessing.ADVANTAGES: (advantages - advantages.mean()) / (advantages.std() + 1e-6) if len(advantages) > 1 else advantages,
            Postprocessing.VALUE_TARGETS: (targets - network.returns.mean) / network.returns.deviation,
        }
        return Table(columns | scaled, len(targets), float(targets.mean()), 1.0 - unexplained)

    def compute_loss_for_module(self, *, module_id: str, config: Any, batch: dict[str, Any], fwd_out: dict[str, Any]) -> Tensor:
        """The clipped surrogate, value and entropy losses (Schulman et al. 2017, https://arxiv.org/abs/1707.06347, equation 9)."""
        network = self._network(module_id)
        outputs, actions = fwd_out[Columns.ACTION_DIST_INPUTS], batch[Columns.ACTIONS]
        if network.controls:
            log_probs, entropy = heads.gaussian(outputs, actions)
        else:
            log_probs, entropy = heads.discrete(outputs, network.choices, actions.long())
        shift = log_probs - batch[Columns.ACTION_LOGP]
        ratio, advantages = shift.exp(), batch[Postprocessing.ADVANTAGES]
        clipped = ratio.clamp(1 - config.clip_param, 1 + config.clip_param)
        policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean()
        value_loss = (fwd_out[Columns.VF_PREDS] - batch[Postprocessing.VALUE_TARGETS]).square().mean()
        entropy = entropy.mean()
        with torch.no_grad():  # Schulman's low-variance estimate of the divergence, http://joschu.net/blog/kl-approx.html
            kl, outside = (ratio - 1 - shift).mean(), (ratio != clipped).float().mean()
        self._traces[module_id].append(torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), kl, outside]))
        loss: Tensor = policy_loss + config.vf_loss_coeff * value_loss - config.entropy_coeff * entropy
        return loss

    def _log(self, tables: dict[str, Table], env_steps: int, epochs: int) -> None:
        """Means over the update; fails when they are not numbers any more."""
        for module_id, table in tables.items():
            means = torch.stack(self._traces.pop(module_id)).mean(0).tolist()
            if not np.isfinite(means).all():
                raise FloatingPointError(f"the losses of {module_id} are no longer finite: {dict(zip(STATISTICS, means, strict=True))}")
            shown = dict(zip(STATISTICS, means, strict=True))
            shown |= {"vf_explained_var": table.explained_variance, "value_mean": table.value_mean}
            self.metrics.log_dict(shown, key=module_id, window=1)
            trained = table.rows * epochs
            self.metrics.log_value((module_id, NUM_MODULE_STEPS_TRAINED), trained, reduce="sum")
            self.metrics.log_value((module_id, NUM_MODULE_STEPS_TRAINED_LIFETIME), trained, reduce="lifetime_sum")
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED), env_steps * epochs, reduce="sum")


def _minibatches(tables: dict[str, Table], size: int | None) -> Iterator[Rows]:
    """One epoch: every row once, in random order. All modules are cut into the same number of minibatches, the largest into ``size``."""
    most = max(table.rows for table in tables.values())
    count = max(1, round(most / (size or most)))
    orders = {module_id: torch.randperm(table.rows).tensor_split(count) for module_id, table in tables.items()}
    for i in range(count):
        yield {module_id: parts[i] for module_id, parts in orders.items() if len(parts[i])}


def _tensor(array: np.ndarray) -> Tensor:
    """The array as a tensor; those out of Ray's object store are read-only, which torch does not know: they are copied."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
