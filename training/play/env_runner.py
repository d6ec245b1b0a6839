"""Plays batches of worlds with the current policies and brings home columns instead of episodes."""

from collections.abc import Collection
from typing import Any

import gymnasium
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.core.rl_module import MultiRLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME, WEIGHTS_SEQ_NO

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.play import arena
from avatarium.training.play.actor import key_of
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import RolloutBatch
from avatarium.training.play.stage import Stage
from avatarium.training.play.stages import Stages

Spaces = dict[str, tuple[gymnasium.Space[Any], gymnasium.Space[Any]]]
ORDERS = "orders"
"""Key of the orders in a runner's state."""
BYTES_MOVED = "bytes_moved"
"""Metric: what a runner elsewhere takes in and gives out by the object store, weights and batches."""


class BatchedEnvRunner(EnvRunner, Checkpointable):  # type: ignore[misc]
    """RLlib's env runner over batched worlds: one inference per role and step for all environments, no Python per avatar.

    ``config.env_config`` says where to play: ``address`` and ``settings`` of an arena, ``threads``, and the ``casting`` of its roles.
    The arrays of a batch are the runner's own: they are overwritten by the next but one ``sample``.
    """

    module: MultiRLModule
    num_env_steps_sampled_lifetime: int

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.env = None  # RLlib asks for it; the environments are the stages'
        self.spaces: Spaces = kwargs.get("spaces") or {}
        self._weights_seq_no = 0
        self._weights_bytes = 0
        self._seed = self.config.seed or 0
        self._orders = Orders()
        self._stages: Stages | None = None
        if self.worker_index:
            torch.set_num_threads(1)
        if self.worker_index or self.config.num_env_runners == 0:
            self.make_env()
        self.make_module()

    def make_env(self) -> None:
        """Learn what roles there are; environments are made by the first ``sample``."""
        where = self.config.env_config
        self._casting: Casting = where["casting"]
        self._arena = arena.find(where["address"], where["settings"])
        spaces = {role: (found.observation_space, found.action_space) for role, found in self._arena.roles.items()}
        self.spaces = {module: spaces[role] for role, module in self._casting.modules.items()}

    def make_module(self) -> None:
        """Build the policies, without critics."""
        self.module = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=True).build()

    def get_spaces(self) -> Spaces:
        """Observation and action space of every module, and of all of them together under RLlib's names for that."""
        modules = {name: pair for name, pair in self.spaces.items() if name not in (INPUT_ENV_SPACES, INPUT_ENV_SINGLE_SPACES)}
        seen, done = (gymnasium.spaces.Dict({name: pair[k] for name, pair in modules.items()}) for k in (0, 1))
        whole = (seen, done)
        return {**modules, INPUT_ENV_SPACES: whole, INPUT_ENV_SINGLE_SPACES: whole}

    def assert_healthy(self) -> None:
        """Fail unless there are policies."""
        assert self.module is not None

    def stop(self) -> None:
        """Close the worlds."""
        if self._stages is not None:
            self._stages.close()

    def rollout(self, state: dict[str, Any]) -> tuple[RolloutBatch, Any]:
        """Take over ``state`` (see ``set_state``) and play one fragment: it, and the metrics since the last call."""
        self.set_state(state)
        (batch,) = self.sample()
        self.metrics.log_value(BYTES_MOVED, batch.nbytes + self._weights_bytes, reduce="sum")
        return batch, self.get_metrics()

    def rollout_ref(self, state: dict[str, Any]) -> tuple[ray.ObjectRef, Any]:
        """As ``rollout``, but the batch stays in the object store of this node, and a reference to it is returned."""
        batch, metrics = self.rollout(state)
        return ray.put(batch), metrics

    def sample(self, *, explore: bool | None = None, **_: Any) -> list[RolloutBatch]:
        """Play ``rollout_fragment_length`` steps of every environment; without ``explore`` the likeliest actions are taken."""
        if self._stages is None:
            self._stages = self._make_stages()
        greedy = not (self.config.explore if explore is None else explore)
        taken = self._stages.play(greedy, self._orders, self.num_env_steps_sampled_lifetime)
        self.num_env_steps_sampled_lifetime += taken.env_steps
        self._stages.log(self.metrics, taken)
        return [taken]

    def _make_stages(self) -> Stages:
        config = self.config
        networks = {module: self._network(module) for module in self._casting.modules.values()}
        seed, steps = key_of(self._seed, self.worker_index or 0), int(config.rollout_fragment_length)
        return Stages(Stage, config.env_config, config.num_envs_per_env_runner, steps, networks, seed)

    def _network(self, module: str) -> ActorCritic:
        network: ActorCritic = self.module[module].unwrapped().network
        return network

    def get_metrics(self) -> Any:
        """What was logged since the last call."""
        return self.metrics.reduce()

    def get_state(
        self, components: str | Collection[str] | None = None, *, not_components: str | Collection[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Number of environment steps taken and, unless excluded, the policies' weights."""
        state: dict[str, Any] = {NUM_ENV_STEPS_SAMPLED_LIFETIME: self.num_env_steps_sampled_lifetime}
        if self._check_component(COMPONENT_RL_MODULE, components, not_components):
            state[COMPONENT_RL_MODULE] = self.module.get_state(
                components=self._get_subcomponents(COMPONENT_RL_MODULE, components),
                not_components=self._get_subcomponents(COMPONENT_RL_MODULE, not_components),
                **kwargs,
            )
            state[WEIGHTS_SEQ_NO] = self._weights_seq_no
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over orders, the number of steps, and weights unless they are older than those in use."""
        version = state.get(WEIGHTS_SEQ_NO, 0)
        if COMPONENT_RL_MODULE in state and (version == 0 or version > self._weights_seq_no):
            found = state[COMPONENT_RL_MODULE]
            weights = ray.get(found) if isinstance(found, ray.ObjectRef) else found
            self.module.set_state(weights)
            self._weights_bytes = sum(getattr(part, "nbytes", 8) for parts in weights.values() for part in parts.values())
            self._weights_seq_no = version
        self.num_env_steps_sampled_lifetime = state.get(NUM_ENV_STEPS_SAMPLED_LIFETIME, self.num_env_steps_sampled_lifetime)
        self._orders = state.get(ORDERS, self._orders)

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How to build another runner like this one."""
        return (), {"config": self.config}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        """The policies."""
        return [(COMPONENT_RL_MODULE, self.module)]
