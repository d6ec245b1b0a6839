"""PPO on RLlib with batched worlds; each role has one policy, shared by its avatars."""

from typing import Any, Self

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

from avatarium import worlds
from avatarium.training.env_runner import BatchedEnvRunner
from avatarium.training.learner import BatchedPPOTorchLearner
from avatarium.training.modules import ActorCriticModule
from avatarium.training.samplers import LocalSampler, RemoteSampler, Sampler
from avatarium.worlds.core.errors import UserError


def role_of(agent_id: str, *_: Any, **__: Any) -> str:
    """The role, and so the module, of an agent: ``walker_3`` is a ``walker``."""
    return agent_id.rpartition("_")[0]


class BatchedPPOConfig(PPOConfig):  # type: ignore[misc]
    """RLlib's PPOConfig for ``worlds.make_batch``: choose the world with ``world`` and the rest as in RLlib.

    ``num_envs_per_env_runner`` counts environments, ``minibatch_size`` counts decisions of single avatars.
    """

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or BatchedPPO)
        self.env_runner_cls = BatchedEnvRunner
        self.num_env_runners = 0
        self.use_kl_loss = False
        self.add_default_connectors_to_learner_pipeline = False
        self.disable_env_checking = True
        self.torch_skip_nan_gradients = True  # the learner looks at the losses itself, once per update
        self.env_runner_health_probe_timeout_s = 0.5  # how long each iteration waits for a runner that is being restarted
        self.delay_between_env_runner_restarts_s = 0.0
        self.ahead = True
        self.learner_threads = 0

    def world(self, name: str, threads: int = 1, **settings: Any) -> Self:
        """Train in ``worlds.make_batch(name, threads=threads, **settings)``; raises UserError when there is no such world or setting."""
        roles = worlds.make_batch(name, **settings).roles
        self.environment(env="avatarium", env_config={"name": name, "threads": threads, "settings": settings})
        return self.multi_agent(policies=set(roles), policy_mapping_fn=role_of)  # type: ignore[no-any-return]

    def speed(self, *, ahead: bool, learner_threads: int = 0) -> Self:
        """``ahead``: sample the next batch, with the policy before the update, while the learner works. Threads: 0 for one per CPU."""
        self.ahead, self.learner_threads = ahead, learner_threads
        return self

    def get_default_learner_class(self) -> type:
        """The learner that takes rollout batches."""
        return BatchedPPOTorchLearner

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """An actor-critic with two hidden layers of 128."""
        return RLModuleSpec(module_class=ActorCriticModule, model_config={"hidden": (128, 128)})

    def validate(self) -> None:
        """Raise UserError for what the batched path does not do."""
        self.train_batch_size_per_learner = self.minibatch_size  # RLlib wants it no smaller; a batch is one fragment of every runner
        super().validate()
        if self.num_learners:
            raise UserError(f"num_learners={self.num_learners}: batched PPO learns in the driver, set num_learners=0")
        if self.evaluation_interval:
            raise UserError("evaluation_interval is set: judge policies with avatarium.leaderboards instead")

    def validate_train_batch_size_vs_rollout_fragment_length(self) -> None:
        """A batch is one fragment of every runner; there is nothing to mismatch."""


class BatchedPPO(PPO):  # type: ignore[misc]
    """PPO whose runners and learner exchange whole columns; see ``BatchedPPOConfig``.

    Set ``lr_scale`` between iterations to anneal the learning rate; ``env_steps_before`` counts what a resumed run had played.
    """

    lr_scale = 1.0
    env_steps_before = 0
    _sampler: Sampler

    @classmethod
    def get_default_config(cls) -> BatchedPPOConfig:
        """The config to start from."""
        return BatchedPPOConfig()

    def setup(self, config: Any) -> None:
        """Make runners, learner and the sampler that stands between them."""
        super().setup(config)
        group = self.env_runner_group
        self._sampler = (
            RemoteSampler(group, self.config.sample_timeout_s) if self.config.num_env_runners else LocalSampler(group.local_env_runner)
        )

    def training_step(self) -> None:
        """Take the batch that was sampled, have the next one sampled meanwhile when ``ahead``, and learn."""
        with self.metrics.log_time((TIMERS, ENV_RUNNER_SAMPLING_TIMER)):
            self._sampler.request(self._acting_state())
            batches, results = self._sampler.collect()
            self.metrics.aggregate(results, key=ENV_RUNNER_RESULTS)
        if self.config.ahead:
            with self.metrics.log_time((TIMERS, SYNCH_WORKER_WEIGHTS_TIMER)):
                self._sampler.request(self._acting_state())
        with self.metrics.log_time((TIMERS, LEARNER_UPDATE_TIMER)):
            learned = self.learner_group.update(
                training_data=TrainingData(batches=batches),
                timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self._env_steps()},
                num_epochs=self.config.num_epochs,
                minibatch_size=self.config.minibatch_size,
                lr_scale=self.lr_scale,
            )
            self.metrics.aggregate(learned, key=LEARNER_RESULTS)

    def _env_steps(self) -> int:
        return self.env_steps_before + int(self.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), default=0))

    def _acting_state(self) -> dict[str, Any]:
        """What runners need to act as the learner would now."""
        state: dict[str, Any] = self.learner_group.get_state(components=f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}", inference_only=True)
        return {**state[COMPONENT_LEARNER], NUM_ENV_STEPS_SAMPLED_LIFETIME: self._env_steps()}

    def cleanup(self) -> None:
        """Stop sampling, runners and learner."""
        if hasattr(self, "_sampler"):
            self._sampler.close()
            self.learner_group.foreach_learner(lambda learner: learner.close())
        super().cleanup()

    def _setup_logdir(self) -> None:
        """Only Tune wants a folder; otherwise nothing is written behind the user's back."""
        if self._storage:
            super()._setup_logdir()
