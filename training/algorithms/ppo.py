"""PPO on RLlib with batched worlds; each role, or several alike, has one policy that its avatars share."""

from typing import Any, Self

import ray
from ray.rllib.algorithms.ppo.ppo import PPO, PPOConfig
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_RL_MODULE
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    ENV_RUNNER_SAMPLING_TIMER,
    LEARNER_RESULTS,
    LEARNER_UPDATE_TIMER,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    SYNCH_WORKER_WEIGHTS_TIMER,
    TIMERS,
)

from avatarium.agents.networks.actor_critic import Architecture
from avatarium.training.gpu.sampler import GpuSampler
from avatarium.training.learn.foresight import Foresight
from avatarium.training.learn.learner import BatchedPPOTorchLearner
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.learn.telling import Telling
from avatarium.training.learn.wishes import Wonder
from avatarium.training.play import arena
from avatarium.training.play.env_runner import ORDERS, BatchedEnvRunner
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import RolloutBatch
from avatarium.training.play.samplers import LocalSampler, RemoteSampler, Sampler
from avatarium.worlds.core.errors import UserError

LOOK_S = 1.0
"""How often it is looked whether learners that learn are still alive."""
ANSWER_S = 30.0
"""How long a learner that may have died gets to answer."""


class LearnerLost(RuntimeError):  # noqa: N818  # the name says what happened
    """A learner has died, and the others cannot go on without it: begin again from the last checkpoint."""


def role_of(agent_id: str, *_: Any, **__: Any) -> str:
    """The role, and so the module, of an agent: ``walker_3`` is a ``walker``."""
    return agent_id.rpartition("_")[0]


class BatchedPPOConfig(PPOConfig):  # type: ignore[misc]
    """RLlib's PPOConfig for batched worlds: choose the world with ``world``, networks with ``network``, and the rest as in RLlib.

    ``num_envs_per_env_runner`` counts environments, ``minibatch_size`` counts decisions of single avatars.
    """

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or BatchedPPO)
        self.env_runner_cls = BatchedEnvRunner
        self.num_env_runners = 0
        self.rollout_fragment_length = 64
        self.use_kl_loss = False
        self.add_default_connectors_to_learner_pipeline = False
        self.disable_env_checking = True
        self.torch_skip_nan_gradients = True  # the learner looks at the losses itself, once per update
        self.env_runner_health_probe_timeout_s = 0.5  # how long each iteration waits for a runner that is being restarted
        self.delay_between_env_runner_restarts_s = 0.0
        self.ahead = True
        self.learner_threads = 0
        self.sequence = 1
        self.finite = False
        self.telling: dict[str, Telling] = {}
        self.foresight: dict[str, Foresight] = {}

    def world(self, address: str, threads: int = 1, casting: Casting | None = None, **settings: Any) -> Self:
        """Train in the arena at ``address`` (see ``arena.find``) under these settings; by default every role learns by itself.

        Raises UserError when there is no such world or setting.
        """
        roles = arena.find(address, settings).roles
        cast = casting or Casting({name: name for name in roles})
        where = {"address": address, "threads": threads, "settings": settings, "casting": cast}
        self.environment(env="avatarium", env_config=where | {"visits": False, "lifetime": False})
        return self.multi_agent(policies=set(cast.modules.values()), policy_mapping_fn=role_of)  # type: ignore[no-any-return]

    def network(
        self,
        architecture: Architecture,
        central: int = 0,
        wonder: Wonder | None = None,
        sequence: int = 16,
        foresees: int = 0,
        precision: str = "float32",
    ) -> Self:
        """Networks of this architecture; ``central``: features of the global state that critics see; ``wonder``: what they are curious of.

        ``sequence``: steps through which gradients of recurrent networks flow; ``foresees``: numbers that they foretell, at most (see
        ``foresee``); ``precision``: float32 or bfloat16, of products of matrices. Comes after ``world``.
        """
        self.sequence = 1 if architecture.core == "mlp" else sequence
        self.env_config |= {"visits": wonder is not None and wonder.counts, "lifetime": wonder is not None and wonder.lifetime}
        config = {"architecture": architecture, "central": central, "wonder": wonder, "foresees": foresees, "precision": precision}
        return self.rl_module(rl_module_spec=RLModuleSpec(module_class=ActorCriticModule, model_config=config))  # type: ignore[no-any-return]

    def tell(self, telling: dict[str, Telling]) -> Self:
        """Modules that are made to tell something, by name."""
        self.telling = telling
        return self

    def foresee(self, foresight: dict[str, Foresight]) -> Self:
        """Modules that are made to foresee something, by name."""
        self.foresight = foresight
        return self

    def limits(self, *, finite: bool) -> Self:
        """``finite``: a time limit ends a return; else what would come after it is expected as the critic thinks (Pardo et al. 2018)."""
        self.finite = finite
        return self

    def place(self, device: str) -> Self:
        """Where worlds are stepped: ``arena.CPU``, or ``arena.CUDA`` by every learner on its own GPU. Comes after ``world``."""
        self.env_config |= {"device": device}
        return self

    @property
    def on_gpu(self) -> bool:
        """Whether learners step worlds on their GPUs."""
        return bool(self.env_config.get("device", arena.CPU) == arena.CUDA)

    def speed(self, *, ahead: bool, learner_threads: int = 0) -> Self:
        """``ahead``: sample the next batch, with the policy before the update, while the learner works. Threads: 0 for one per CPU."""
        self.ahead, self.learner_threads = ahead, learner_threads
        return self

    def get_default_learner_class(self) -> type:
        """The learner that takes rollout batches."""
        return BatchedPPOTorchLearner

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """An actor-critic with two hidden layers of 128."""
        return RLModuleSpec(module_class=ActorCriticModule, model_config={})

    def validate(self) -> None:
        """Raise UserError for what the batched path does not do."""
        self.train_batch_size_per_learner = self.minibatch_size  # RLlib wants it no smaller; a batch is one fragment of every runner
        super().validate()
        if self.in_evaluation:  # RLlib derives a config for that, with runners and fragments of its own, which is never used
            return
        if not isinstance(self.rollout_fragment_length, int) or self.rollout_fragment_length % self.sequence:
            raise UserError(f"rollout_fragment_length={self.rollout_fragment_length}: choose a multiple of sequence={self.sequence}")
        if self.evaluation_interval:
            raise UserError("evaluation_interval is set: judge policies with avatarium.leaderboards instead")
        shared = self.num_env_runners or self.num_envs_per_env_runner
        if self.num_learners and shared % self.num_learners:
            what = "runners" if self.num_env_runners else "environments"
            raise UserError(f"{shared} {what} cannot be shared out evenly over {self.num_learners} learners: choose a multiple of it")

    def validate_train_batch_size_vs_rollout_fragment_length(self) -> None:
        """A batch is one fragment of every runner; there is nothing to mismatch."""


class BatchedPPO(PPO):  # type: ignore[misc]
    """PPO whose runners and learners exchange whole columns; see ``BatchedPPOConfig``.

    Set ``lr_scale`` between iterations to anneal the learning rates, and ``orders`` to tell the runners something new;
    ``env_steps_before`` and ``updates_before`` count what a resumed run had played, and how often it had learnt; ``data`` are the hashes of
    recordings that it learns from, ``notes`` what the user should know of them.
    """

    lr_scale = 1.0
    data: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    env_steps_before = 0
    updates_before = 0
    orders = Orders()
    _sampler: Sampler

    @classmethod
    def get_default_config(cls) -> BatchedPPOConfig:
        """The config to start from."""
        return BatchedPPOConfig()

    def setup(self, config: Any) -> None:
        """Make runners, learners and the sampler that stands between them."""
        super().setup(config)
        self._sampler = self._make_sampler()

    def _make_sampler(self) -> Sampler:
        if self.config.on_gpu:
            return GpuSampler(self.learner_group)
        group, learners = self.env_runner_group, self.config.num_learners
        if self.config.num_env_runners:
            return RemoteSampler(group, self.config.sample_timeout_s, by_reference=learners > 0)
        return LocalSampler(group.local_env_runner, max(1, learners), self.config.ahead)

    def training_step(self) -> None:
        """Take the batch that was sampled, have the next one sampled meanwhile when ``ahead``, and learn. Raises LearnerLost."""
        try:
            self._step()
        except Exception as fault:
            if lost := self._dead_learners():
                raise LearnerLost(f"{lost} of {self.config.num_learners} learners died: go on from the last checkpoint") from fault
            raise

    def _step(self) -> None:
        with self.metrics.log_time((TIMERS, ENV_RUNNER_SAMPLING_TIMER)):
            self._sampler.request(self._acting_state())
            batches, results = self._sampler.collect()
            self.metrics.aggregate(results, key=ENV_RUNNER_RESULTS)
        if self.config.ahead and not self.config.on_gpu:
            with self.metrics.log_time((TIMERS, SYNCH_WORKER_WEIGHTS_TIMER)):
                self._sampler.request(self._acting_state())
        with self.metrics.log_time((TIMERS, LEARNER_UPDATE_TIMER)):
            learned = self._learn(self._delivered(batches))
            self.metrics.aggregate(learned, key=LEARNER_RESULTS)

    def _learn(self, batches: list[RolloutBatch]) -> list[Any]:
        """An update of every learner. Whether one dies is looked at meanwhile: the others may wait for it for as long as half an hour."""
        told = {
            "timesteps": {NUM_ENV_STEPS_SAMPLED_LIFETIME: self._env_steps()},
            "num_epochs": self.config.num_epochs,
            "minibatch_size": self.config.minibatch_size,
            "lr_scale": self.lr_scale,
        }
        if self.learner_group.is_local:
            return self.learner_group.update(training_data=TrainingData(batches=batches), **told)  # type: ignore[no-any-return]
        manager, learned = self.learner_group._worker_manager, list[Any]()
        shares = [{"training_data": TrainingData(batch=batch), **told} for batch in batches]
        if manager.foreach_actor_async("update", tag="update", kwargs=shares) < len(shares):
            raise RuntimeError("a learner takes no part any more")
        while len(learned) < len(shares):
            for result in manager.fetch_ready_async_reqs(tags="update", timeout_seconds=LOOK_S):
                if not result.ok:
                    raise result.get()
                learned.append(result.get())
        return learned

    def _delivered(self, batches: list[Any]) -> list[RolloutBatch]:
        """What is handed to the learners: the batches, or nothing where they have fetched them themselves already."""
        learners = self.config.num_learners
        if not learners or not self.config.num_env_runners:
            return batches
        missing: list[tuple[int, Any]] = [(k % learners, reference) for k, reference in enumerate(batches)]
        while missing:  # before anyone learns everyone has to have everything, or learners would wait for one another forever
            shares = [[reference for k, reference in missing if k == learner] for learner in range(learners)]
            lost = [k for number, lacks in self._receive(shares) for k in [number] * len(lacks)]
            missing = list(zip(lost, self._sampler.replace(len(lost)), strict=True)) if lost else []
        return [RolloutBatch({}, 0)] * learners

    def _receive(self, shares: list[list[Any]]) -> list[tuple[int, list[int]]]:
        found = list(self.learner_group.foreach_learner(lambda learner: learner.receive(shares)))
        for result in found:
            if not result.ok:
                raise result.get()
        return [result.get() for result in found]

    def _dead_learners(self) -> int:
        """How many learners do not answer any more; one that failed and lives is not dead, though RLlib does not ask it again."""
        found = self.learner_group.foreach_learner(lambda learner: None, healthy_only=False, timeout_seconds=ANSWER_S)
        return sum(not result.ok and isinstance(result.get(), ray.exceptions.RayActorError) for result in found)

    def _env_steps(self) -> int:
        return self.env_steps_before + int(self.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), default=0))

    def _acting_state(self) -> dict[str, Any]:
        """What is needed to act as the learner would now."""
        told = {NUM_ENV_STEPS_SAMPLED_LIFETIME: self._env_steps(), ORDERS: self.orders}
        if self.config.on_gpu:  # learners play themselves
            return told
        state: dict[str, Any] = self.learner_group.get_state(components=f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}", inference_only=True)
        return {**state[COMPONENT_LEARNER], **told}

    def cleanup(self) -> None:
        """Stop sampling, runners and learners."""
        if hasattr(self, "_sampler"):
            self._sampler.close()
            self.learner_group.foreach_learner(lambda learner: learner.close())
        super().cleanup()

    def _setup_logdir(self) -> None:
        """Only Tune wants a folder; otherwise nothing is written behind the user's back."""
        if self._storage:
            super()._setup_logdir()
