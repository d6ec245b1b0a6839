"""PPO updates on whole rollout batches: advantages, minibatches and loss, with RLlib's gradient hooks."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import ray
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import ALL_MODULES
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.utils.metrics import NUM_ENV_STEPS_TRAINED, NUM_MODULE_STEPS_TRAINED, NUM_MODULE_STEPS_TRAINED_LIFETIME
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger
from torch import Tensor

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.gpu.memory import enough_memory
from avatarium.training.learn import across, losses
from avatarium.training.learn.estimation import Discounts, Estimator, transitions
from avatarium.training.learn.losses import Weights
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.learn.tables import OBSERVATIONS, PRESENT, Minibatch, Table
from avatarium.training.play.actor import key_of
from avatarium.training.play.orders import Orders
from avatarium.training.play.rollout import RolloutBatch, join
from avatarium.training.play.stages import Stages
from avatarium.training.threads import Workers

ROWS_AT_ONCE = 2048
"""Decisions that a thread finds gradients from in one go: their activations stay in its cache."""
STATISTICS_ROWS = 1 << 14
"""Observations of a batch, chosen at random, that are taken into the running statistics."""
STATISTICS = ("policy_loss", "vf_loss", "entropy", "kl", "clip_fraction")
FORESIGHT = "foresight_loss"
"""What is told besides of modules that are to foresee something."""
CURIOSITY = "curiosity_"
"""Prefix of the optimisers of bonuses."""

Drawn = dict[str, Tensor]
"""Some of ``Table.drawn`` by module."""


class BatchedPPOTorchLearner(PPOTorchLearner):  # type: ignore[misc]
    """RLlib's PPO learner, fed with RolloutBatches.

    The critic's values, the bonuses and the advantages are computed here, for the whole batch at once. Observation and return statistics
    of a network are brought up to date after its update, so that the policy that learns starts as the one that sampled. Several learners
    sum their gradients and statistics once per minibatch and learn what one would from all of their data.
    """

    loss = staticmethod(losses.ppo)

    def build(self) -> None:
        """Build modules and optimisers."""
        self._rates: dict[str, float] = {}
        self._received: list[RolloutBatch] = []
        self._stages: Stages | None = None
        self._learning: dict[str, list[Any]] = {}
        super().build()
        self._traces: dict[str, list[Tensor]] = defaultdict(list)
        on_cpu = torch.device(self._device).type == "cpu"
        self._workers = Workers(self.config.learner_threads if on_cpu else 1)
        self._rows_at_once = ROWS_AT_ONCE if on_cpu else 1 << 30
        if not on_cpu:
            torch.set_float32_matmul_precision("high")  # products of 10 bits on tensor cores, summed in float32

    def _make_modules_ddp_if_necessary(self) -> None:
        """Begin alike. Nothing is wrapped: gradients are summed in one piece per minibatch instead of one by one (see ``_summed``)."""
        for module_id in self._module.keys():  # noqa: SIM118  # RLlib's collection of modules is no dict
            across.alike(self._rl_module(module_id).state_dict().values())

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam in one fused kernel per step, with the epsilon that PPO is used to (Andrychowicz et al. 2021); one more for each bonus."""
        module = self._rl_module(module_id)
        foreseeing = module.foresight.parameters() if module.foresight else ()
        self._optimise(module_id, "", [*module.network.parameters(), *foreseeing], config.lr)
        for name, bonus in module.bonus_items():
            learnt = [p for p in bonus.parameters() if p.requires_grad]
            if learnt:
                self._optimise(module_id, CURIOSITY + name, learnt, bonus.settings.lr)

    def _optimise(self, module_id: str, name: str, parameters: list[Any], lr: float) -> None:
        optimiser = torch.optim.Adam(parameters, lr=lr, eps=1e-5, fused=True)
        names = {"optimizer_name": name} if name else {}
        self.register_optimizer(module_id=module_id, optimizer=optimiser, params=parameters, lr_or_lr_schedule=lr, **names)
        self._rates[self._module_optimizers[module_id][-1]] = lr

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
        """Learn from what was received, else from RolloutBatches in ``training_data``; ``lr_scale`` multiplies learning rates."""
        self._check_is_built()
        self.before_gradient_based_update(timesteps=timesteps or {})
        self._weights_seq_no += 1
        self._learning.clear()
        batches = self._received or _batches(training_data)
        self._received = []
        tables: dict[str, Table] = {}
        self._scale_learning_rates(lr_scale)
        with enough_memory():
            for module_id in batches[0].fragments:
                if self.should_module_be_updated(module_id, None):
                    fragment = join([b.fragments[module_id] for b in batches])
                    tables[module_id] = self._estimator(module_id).table(fragment)
            for _epoch in range(num_epochs):
                for drawn in _minibatches(tables, minibatch_size):
                    self.apply_gradients(self.postprocess_gradients(self._gradients(tables, drawn)))
        for module_id, table in tables.items():
            self._settle(module_id, table)
        self._log(tables, sum(b.env_steps for b in batches), num_epochs)
        self.after_gradient_based_update(timesteps=timesteps or {})
        return self.metrics.reduce()

    def play(self, orders: Orders, played: int) -> Any:
        """Play a fragment where this learner computes, with the policies that it learns, for its next update; returns metrics of RLlib.

        ``played``: steps of environments so far. Raises UserError where there is no room for so many environments.
        """
        metrics = MetricsLogger()
        with enough_memory():
            if self._stages is None:
                self._stages = self._make_stages()
            self._received = [self._stages.play(False, orders, played)]
        self._stages.log(metrics, self._received[0])
        return metrics.reduce()

    def _make_stages(self) -> Stages:
        from avatarium.training.gpu.stage import GpuStage  # which looks for CUDA

        config, modules = self.config, self.config.env_config["casting"].modules.values()
        envs, seed = config.num_envs_per_env_runner // max(1, config.num_learners), key_of(config.seed or 0, self._learner_index)
        networks = {module: self._network(module) for module in modules}
        return Stages(GpuStage, config.env_config, envs, int(config.rollout_fragment_length), networks, seed)

    def receive(self, shares: list[list[ray.ObjectRef]]) -> tuple[int, list[int]]:
        """Fetch this learner's share of the batches for the next update; returns the learner's number and which could not be had."""
        lost = []
        for k, reference in enumerate(shares[self._learner_index]):
            try:
                self._received.append(ray.get(reference))
            except ray.exceptions.RayError:  # its runner or node has died
                lost.append(k)
        return self._learner_index, lost

    def postprocess_gradients_for_module(self, *, module_id: str, config: Any = None, module_gradients_dict: dict[Any, Tensor]) -> Any:
        """Clip by the norm of all gradients of an optimiser, as RLlib does, but all of them at once and without a look at each norm."""
        if not config.grad_clip or config.grad_clip_by != "global_norm" or config.log_gradients:
            return super().postprocess_gradients_for_module(module_id=module_id, config=config, module_gradients_dict=module_gradients_dict)
        for _, optimiser in self.get_optimizers_for_module(module_id):
            mine = list(self.filter_param_dict_for_optimizer(module_gradients_dict, optimiser).values())
            if mine:
                norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(mine)))
                torch._foreach_mul_(mine, config.grad_clip / (norm + 1e-6).clamp_min(config.grad_clip))
        return module_gradients_dict

    def apply_gradients(self, gradients_dict: dict[Any, Tensor]) -> None:
        """One step of every optimiser; those of modules that have no gradients this time stand still."""
        for parameter in self._params.values():
            parameter.grad = None
        super().apply_gradients(gradients_dict)

    def close(self) -> None:
        """End the learner's threads, and the worlds where it plays itself."""
        self._workers.close()
        if self._stages is not None:
            self._stages.close()

    def _rl_module(self, module_id: str) -> ActorCriticModule:
        module: ActorCriticModule = self._module[module_id].unwrapped()
        return module

    def _network(self, module_id: str) -> ActorCritic:
        return self._rl_module(module_id).network

    def _estimator(self, module_id: str) -> Estimator:
        module, config = self._rl_module(module_id), self.config.get_config_for_module(module_id)
        discounts = Discounts(config.gamma, config.lambda_, self.config.sequence, self.config.finite)
        foresight = self.config.foresight.get(module_id)
        return Estimator(module.network, module.bonuses(), discounts, self._workers, self._device, foresight)

    def _gradients(self, tables: dict[str, Table], drawn: Drawn) -> dict[Any, Tensor]:
        """Gradients of the mean loss over a minibatch, by parameter; the threads share its rows, and the sum is the same for any number."""
        parts = [
            (module_id, part)
            for module_id, some in drawn.items()
            for part in torch.split(some, max(1, self._rows_at_once // tables[module_id].length))
            if len(part)
        ]
        parameters = {module_id: self._learnt(module_id) for module_id in drawn}

        def gradients_of(part: tuple[str, Tensor]) -> tuple[int, tuple[Tensor, ...], Tensor]:
            module_id, some = part
            minibatch = tables[module_id].take(some)
            loss, statistics = self._loss(module_id, minibatch)
            found: tuple[Tensor, ...] = torch.autograd.grad(loss, parameters[module_id], allow_unused=True, materialize_grads=True)
            return minibatch.decisions, found, statistics

        found = self._workers.map(gradients_of, parts)
        total: dict[Any, Tensor] = {}
        for module_id, mine in parameters.items():
            own = [result for (name, _), result in zip(parts, found, strict=True) if name == module_id]
            gradients, statistics = _summed(own, mine, len(self._statistics(module_id)))
            if gradients:
                self._traces[module_id].append(statistics)
                total |= {self.get_param_ref(p): gradient for p, gradient in zip(mine, gradients, strict=True)}
        return total

    def _statistics(self, module_id: str) -> tuple[str, ...]:
        """Names of what the loss of a module tells."""
        return (*STATISTICS, FORESIGHT) if module_id in self.config.foresight else STATISTICS

    def _learnt(self, module_id: str) -> list[Any]:
        """The parameters of a module that learn; looked up once per update, because walking through a module takes a while."""
        if module_id not in self._learning:
            self._learning[module_id] = [p for p in self.get_parameters(self.module[module_id]) if p.requires_grad]
        return self._learning[module_id]

    def _loss(self, module_id: str, minibatch: Minibatch) -> losses.Loss:
        """The loss of the network and of its bonuses, which share no parameters."""
        module, config = self._rl_module(module_id), self.config.get_config_for_module(module_id)
        foresight = self.config.foresight.get(module_id)
        foreseeing = (module.foresight, foresight.weight) if foresight and module.foresight else None
        weights = Weights(config.clip_param, config.vf_loss_coeff, config.entropy_coeff, self.config.telling.get(module_id), foreseeing)
        loss, statistics = self.loss(module.network, minibatch, weights)
        if module.curiosity:
            here = minibatch.columns[PRESENT]
            columns = {name: column[here] for name, column in minibatch.columns.items()}
            with torch.no_grad():
                seen = transitions(module.network, columns, minibatch.who[here])
            for _, bonus in module.bonus_items() if here.any() else ():
                more = bonus.loss(seen)
                loss = loss if more is None else loss + more
        return loss, statistics

    def _settle(self, module_id: str, table: Table) -> None:
        """Take what was seen into the running statistics."""
        module = self._rl_module(module_id)
        seen = table.columns[OBSERVATIONS]
        every = torch.nonzero(table.columns[PRESENT]).flatten()
        chosen = every[torch.randint(len(every), (STATISTICS_ROWS,), device=every.device)] if len(every) > STATISTICS_ROWS else every
        moments = across.moments(seen[chosen])
        module.network.normalise.absorb(*moments)
        if table.central.shape[-1]:
            module.network.normalise_central.absorb(*across.moments(table.central.flatten(0, 1)))
        for _, bonus in module.bonus_items() if moments[0] else ():  # nobody was there, with any learner: nothing has been learnt
            bonus.after_update()

    def _scale_learning_rates(self, scale: float) -> None:
        for name, optimiser in self._named_optimizers.items():
            self._set_optimizer_lr(optimiser, self._rates[name] * scale)

    def _log(self, tables: dict[str, Table], env_steps: int, epochs: int) -> None:
        """Means over the update; fails when they are not numbers any more."""
        for module_id, table in tables.items():
            if module_id not in self._traces:  # nobody was there to be moved by it
                continue
            means = torch.stack(self._traces.pop(module_id)).mean(0).tolist()
            named = dict(zip(self._statistics(module_id), means, strict=True))
            if not np.isfinite(means).all():
                raise FloatingPointError(f"the losses of {module_id} are no longer finite: {named}")
            self.metrics.log_dict(named | table.told, key=module_id, window=1)
            trained = int(table.columns[PRESENT].sum()) * epochs
            self.metrics.log_value((module_id, NUM_MODULE_STEPS_TRAINED), trained, reduce="sum")
            self.metrics.log_value((module_id, NUM_MODULE_STEPS_TRAINED_LIFETIME), trained, reduce="lifetime_sum")
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED), env_steps * epochs, reduce="sum")


def _batches(training_data: TrainingData) -> list[RolloutBatch]:
    """The batches of one learner, however RLlib handed them over."""
    if training_data.batch is not None:
        return [training_data.batch]
    found: list[RolloutBatch] = training_data.batches
    return found


def _minibatches(tables: dict[str, Table], size: int | None) -> Iterator[Drawn]:
    """One epoch: everything once, in random order.

    All modules are cut into the same number of minibatches, the largest of the largest learner into about ``size`` decisions; so that
    number is the same in every learner.
    """
    largest = max(tables.values(), key=lambda table: table.capacity)
    most = across.most(largest.capacity, largest.drawn.device)
    count = max(1, round(most / (size or most)))
    orders = {
        module_id: table.drawn[torch.randperm(len(table.drawn), device=table.drawn.device)].tensor_split(count)
        for module_id, table in tables.items()
    }
    for i in range(count):
        yield {module_id: parts[i] for module_id, parts in orders.items()}


def _summed(parts: list[tuple[int, tuple[Tensor, ...], Tensor]], parameters: list[Any], told: int) -> tuple[list[Tensor], Tensor]:
    """Means of gradients and of ``told`` statistics over the decisions of all parts, of all learners; no gradients without any decision."""
    if len(parts) == 1 and not across.together():  # fused Adam reads memory as it lies: a transposed gradient would move the wrong weights
        return [gradient.contiguous() for gradient in parts[0][1]], parts[0][2]
    flat = torch.zeros(sum(p.numel() for p in parameters) + told + 1, device=parameters[0].device)
    for decisions, gradients, statistics in parts:
        flat[1:] += decisions * torch.cat([*(g.flatten() for g in gradients), statistics])
        flat[0] += decisions
    across.total(flat)
    decided, flat = float(flat[0]), flat[1:] / flat[0].clamp_min(1.0)
    if not decided:
        return [], flat[-told:]
    pieces = torch.split(flat[:-told], [p.numel() for p in parameters])
    return [piece.view_as(p) for piece, p in zip(pieces, parameters, strict=True)], flat[-told:]
