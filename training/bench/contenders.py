"""Who is compared: batched PPO, stock RLlib PPO and the plain loop, all alike behind two functions."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ray.rllib.algorithms.ppo.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.execution.rollout_ops import synchronous_parallel_sample

from avatarium.training.adapters.rllib import WorldEnv
from avatarium.training.algorithms.ppo import BatchedPPO, role_of
from avatarium.training.bench.tight import Loop, RecurrentLoop
from avatarium.training.bench.workload import Workload
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.play.samplers import LocalSampler
from avatarium.training.run import engine


def nothing() -> None:
    """There is nothing to wait for or to let go of."""


@dataclass(frozen=True)
class Contender:
    """Somebody who samples, or samples and learns."""

    name: str
    iterate: Callable[[], int]
    """One batch; returns how many decisions it has, by its shape."""
    finish: Callable[[], None] = nothing
    """Waits for what goes on in the background."""
    close: Callable[[], None] = nothing
    processes: Sequence[int] = field(default_factory=tuple)
    """Other processes that work for it."""


Maker = Callable[[], Contender]


@dataclass(frozen=True)
class Stock:
    """How stock RLlib is set up."""

    runners: int
    envs: int
    """In each runner."""
    default_network: bool = False
    """RLlib's own instead of ours."""

    def __str__(self) -> str:
        network = ", its own network" if self.default_network else ""
        return f"stock RLlib, {self.runners} runners, {self.envs} environments each{network}"


def ours(workload: Workload, name: str, runners: int = 0, **changes: Any) -> Contender:
    """Batched PPO, with some hyper-parameters changed."""
    algorithm = engine.config_for(workload.plan(runners=runners, **changes)).build_algo()
    return Contender(name, counted(algorithm.train, workload), lambda: finish(algorithm), algorithm.stop, processes_of(algorithm))


def counted(iterate: Callable[[], Any], workload: Workload) -> Callable[[], int]:
    """The same, but it returns how many decisions a batch has."""

    def count() -> int:
        iterate()
        return workload.agent_steps

    return count


def finish(algorithm: BatchedPPO) -> None:
    """Wait for the fragments that are being played ahead."""
    sampler = algorithm._sampler
    if isinstance(sampler, LocalSampler):
        wait([sampler._pending] if sampler._pending else [])
    else:
        algorithm.env_runner_group.foreach_env_runner(lambda runner: None, local_env_runner=False)


def sampling(workload: Workload) -> Contender:
    """Our runner alone, in this process."""
    algorithm = engine.config_for(workload.plan(ahead=False)).build_algo()
    runner = algorithm.env_runner_group.local_env_runner

    def sample() -> None:
        runner.sample()
        runner.get_metrics()

    return Contender("batched PPO's runner", counted(sample, workload), close=algorithm.stop)


def processes_of(algorithm: Any) -> list[int]:
    """The ids of its remote runners."""
    found: Iterable[int] = algorithm.env_runner_group.foreach_env_runner(_process, local_env_runner=False)
    return list(found)


def _process(_: Any) -> int:
    import os

    return os.getpid()


def stock(workload: Workload, setting: Stock) -> Contender:
    """RLlib as it comes, over our adapter, with the same hyper-parameters."""
    algorithm = stock_config(workload, setting).build_algo()
    return Contender(str(setting), counted(algorithm.train, workload), close=algorithm.stop, processes=processes_of(algorithm))


def stock_sampling(workload: Workload, setting: Stock) -> Contender:
    """RLlib's runners alone."""
    algorithm = stock_config(workload, setting).build_algo()
    steps = workload.agent_steps // workload.agents
    how = {"max_env_steps": steps, "_uses_new_env_runners": True, "_return_metrics": True}
    sample = partial(synchronous_parallel_sample, worker_set=algorithm.env_runner_group, **how)
    return Contender(str(setting), counted(sample, workload), close=algorithm.stop, processes=processes_of(algorithm))


def stock_config(workload: Workload, setting: Stock) -> PPOConfig:
    """RLlib's own PPO on its new API stack, for the same batch."""
    h = workload.hyperparameters
    steps = h.envs * h.fragment
    world = {"name": workload.world, "settings": workload.settings}
    config = PPOConfig().environment(WorldEnv, env_config=world, disable_env_checking=True)
    config.env_runners(
        num_env_runners=setting.runners,
        num_envs_per_env_runner=setting.envs,
        rollout_fragment_length=max(1, steps // (max(setting.runners, 1) * setting.envs)),
    )
    config.multi_agent(policies={workload.role}, policy_mapping_fn=role_of)
    if setting.default_network:
        shape = workload.architecture
        model = DefaultModelConfig(
            fcnet_hiddens=list(shape.hidden),
            fcnet_activation="tanh",
            vf_share_layers=True,
            use_lstm=True,
            lstm_cell_size=shape.units,
            max_seq_len=h.sequence,
        )
        config.rl_module(model_config=model)
    else:
        ours = {"architecture": workload.architecture, "max_seq_len": h.sequence}
        config.rl_module(rl_module_spec=RLModuleSpec(module_class=ActorCriticModule, model_config=ours))
    engine.ppo_settings(config, h)
    config.training(train_batch_size_per_learner=steps, use_kl_loss=False, vf_clip_param=1e9)
    return config.debugging(seed=0, log_level="ERROR")


def tight(workload: Workload) -> Contender:
    """The plain loop."""
    loop = RecurrentLoop(workload) if workload.architecture.core == "lstm" else Loop(workload)
    return Contender("plain loop", loop.iterate, close=loop.batch.close)
