"""Plays a batch of worlds with the current policies and brings home columns instead of episodes."""

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import MultiRLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME, WEIGHTS_SEQ_NO

from avatarium import worlds
from avatarium.training import kernels
from avatarium.training.rollout import Fragment, RolloutBatch, allocate
from avatarium.training.tally import Tally
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.rng import mix

Draw = Callable[[np.ndarray, np.uint64, bool, np.ndarray, np.ndarray], None]
Spaces = dict[str, tuple[gymnasium.Space[Any], gymnasium.Space[Any]]]


class BatchedEnvRunner(EnvRunner, Checkpointable):  # type: ignore[misc]
    """RLlib's env runner over ``worlds.make_batch``: one inference per role and step for all environments, no Python per avatar.

    Every role is moved by the module of the same name. ``config.env_config`` holds the arguments of ``make_batch`` (``name``,
    ``threads`` and ``settings``). The arrays of a batch are the runner's own: they are overwritten by the next but one ``sample``.
    """

    env: Batch | None
    module: MultiRLModule
    num_env_steps_sampled_lifetime: int

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.spaces: Spaces = kwargs.get("spaces") or {}
        self._weights_seq_no = 0
        self._draws = 0
        self._seed = self.config.seed or 0
        if self.worker_index:
            torch.set_num_threads(1)
        if self.worker_index or self.config.num_env_runners == 0:
            self.make_env()
        self.make_module()

    def make_env(self) -> None:
        """Make the worlds; the first ``sample`` resets them."""
        arguments = self.config.env_config
        self.env = worlds.make_batch(
            arguments["name"], num_envs=self.config.num_envs_per_env_runner, threads=arguments["threads"], **arguments["settings"]
        )
        roles = self.env.roles
        self.spaces = {name: (role.observation_space, role.action_space) for name, role in roles.items()}
        self._draw = {name: _sampler(role.action_space) for name, role in roles.items()}
        self._steps = int(self.config.rollout_fragment_length)
        self._memory: Iterator[dict[str, Fragment]] = itertools.cycle(
            [{name: allocate(role, self._steps, self.env.num_envs) for name, role in roles.items()} for _ in range(2)]
        )
        self._tally = Tally(self.env)
        self._begun = False

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
        """Fail unless there are worlds and policies."""
        assert self.env is not None and self.module is not None

    def stop(self) -> None:
        """Close the worlds."""
        if self.env is not None:
            self.env.close()

    def rollout(self, state: dict[str, Any]) -> tuple[RolloutBatch, Any]:
        """Take over ``state`` (see ``set_state``), play one fragment, and return it with the metrics since the last call."""
        self.set_state(state)
        return self.sample()[0], self.get_metrics()

    def sample(self, *, explore: bool | None = None, **_: Any) -> list[RolloutBatch]:
        """Play ``rollout_fragment_length`` steps of every environment; without ``explore`` the likeliest actions are taken."""
        assert self.env is not None
        batch = self.env
        if not self._begun:
            self._begin(batch)
        greedy = not (self.config.explore if explore is None else explore)
        fragments = next(self._memory)
        finals: dict[str, list[tuple[int, np.ndarray, np.ndarray]]] = {name: [] for name in batch.roles}
        with torch.inference_mode():
            for t in range(self._steps):
                step = batch.step({name: self._act(name, fragments[name], t, greedy) for name in batch.roles})
                for name, fragment in fragments.items():
                    _record(fragment, name, step, t, finals[name])
                self._tally.step(step)
        for name, fragment in fragments.items():
            fragment.observations[-1] = batch.observations[name].reshape(fragment.observations.shape[1:])
            fragments[name] = _with_finals(fragment, finals[name])
        taken = RolloutBatch(dict(fragments), self._steps * batch.num_envs)
        self.num_env_steps_sampled_lifetime += taken.env_steps
        self._tally.log(self.metrics, taken)
        return [taken]

    def _begin(self, batch: Batch) -> None:
        """Reset all environments, spread over the course of an episode so that they do not all end in the same step."""
        origin = mix(np.uint64(self._seed), np.uint64(self.worker_index or 0))
        batch.reset(int(mix(np.uint64(origin), np.uint64(self.num_env_steps_sampled_lifetime))))
        self._key = mix(np.uint64(origin), np.uint64(self.num_env_steps_sampled_lifetime + 1))
        length = getattr(batch.config, "episode_steps", 0)
        batch.clock[:] = np.arange(batch.num_envs) * length // batch.num_envs
        self._tally.begin()
        self._begun = True

    def _act(self, role: str, fragment: Fragment, t: int, greedy: bool) -> np.ndarray:
        """Observe and decide for every avatar of ``role``; returns actions [N, A, heads]."""
        assert self.env is not None
        fragment.observations[t] = self.env.observations[role].reshape(fragment.observations.shape[1:])
        fragment.present[t] = self.env.present[role].reshape(-1)
        outputs = self.module[role].forward_exploration({Columns.OBS: torch.from_numpy(fragment.observations[t])})
        self._draws += 1
        key = mix(np.uint64(self._key), np.uint64(self._draws))
        self._draw[role](outputs[Columns.ACTION_DIST_INPUTS].numpy(), np.uint64(key), greedy, fragment.actions[t], fragment.log_probs[t])
        actions = fragment.actions[t].reshape(self.env.num_envs, -1, fragment.actions.shape[-1])
        return np.asarray(np.clip(actions, -1.0, 1.0) if actions.dtype == np.float32 else actions)

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
        """Take over weights, unless they are older than those in use, and the number of steps."""
        version = state.get(WEIGHTS_SEQ_NO, 0)
        if COMPONENT_RL_MODULE in state and (version == 0 or version > self._weights_seq_no):
            weights = state[COMPONENT_RL_MODULE]
            self.module.set_state(ray.get(weights) if isinstance(weights, ray.ObjectRef) else weights)
            self._weights_seq_no = version
        self.num_env_steps_sampled_lifetime = state.get(NUM_ENV_STEPS_SAMPLED_LIFETIME, self.num_env_steps_sampled_lifetime)

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How to build another runner like this one."""
        return (), {"config": self.config}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        """The policies."""
        return [(COMPONENT_RL_MODULE, self.module)]


def _sampler(space: gymnasium.Space[Any]) -> Draw:
    """The kernel that draws actions of ``space``."""
    if isinstance(space, gymnasium.spaces.Box):
        return kernels.sample_gaussian  # type: ignore[no-any-return]
    choices = np.asarray(space.nvec, np.int64)  # type: ignore[attr-defined]
    return lambda logits, key, greedy, actions, log_probs: kernels.sample_discrete(logits, choices, key, greedy, actions, log_probs)


def _record(fragment: Fragment, role: str, step: Step, t: int, finals: list[tuple[int, np.ndarray, np.ndarray]]) -> None:
    """Write down what step ``t`` brought the avatars of ``role``."""
    fragment.rewards[t] = step.reward[role].reshape(-1)
    fragment.terminations[t] = step.termination[role].reshape(-1)
    fragment.truncations[t] = step.truncation[role].reshape(-1)
    cut = np.flatnonzero(fragment.truncations[t] & ~fragment.terminations[t] & fragment.present[t])
    if len(cut):
        rows = step.final_observation[role].reshape(fragment.observations.shape[1:])
        finals.append((t, cut, rows[cut]))


def _with_finals(fragment: Fragment, finals: list[tuple[int, np.ndarray, np.ndarray]]) -> Fragment:
    """The fragment with its final observations."""
    if not finals:
        size = fragment.observations.shape[-1]
        return replace(
            fragment,
            final_steps=np.zeros(0, np.int64),
            final_slots=np.zeros(0, np.int64),
            final_observations=np.zeros((0, size), np.float32),
        )
    return replace(
        fragment,
        final_steps=np.concatenate([np.full(len(slots), t, np.int64) for t, slots, _ in finals]),
        final_slots=np.concatenate([slots for _, slots, _ in finals]),
        final_observations=np.concatenate([rows for _, _, rows in finals]),
    )
