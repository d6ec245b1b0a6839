"""Ray for as long as a run lasts, and RLlib's algorithm as a plan wants it."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.rllib.algorithms.ppo.ppo import PPOConfig
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_OPTIMIZER, COMPONENT_RL_MODULE

from avatarium.training.algorithms.cloning import CloningConfig
from avatarium.training.algorithms.evolution import EvolutionConfig
from avatarium.training.algorithms.ppo import BatchedPPO, BatchedPPOConfig
from avatarium.training.cluster import cpus, gpus, joining
from avatarium.training.cluster.machines import HERE, Machines
from avatarium.training.league import surgery
from avatarium.training.run.checkpoint import NETWORK, Checkpoint
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters
from avatarium.worlds.core.errors import UserError

LEAST_STORE = 1 << 27
"""Bytes of shared memory that Ray gets at least."""
SAMPLE_TIMEOUT_S = 600.0
"""How long it may take until any runner delivers anything: on a new node, kernels are compiled first."""
QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONWARNINGS": "ignore",
}
"""Environment variables that keep Ray from talking; whoever has set them otherwise is heard."""


@contextmanager
def ray_for(plan: Plan, log: Path, where: Machines = HERE) -> Iterator[None]:
    """Ray on this machine with a CPU for each runner and learner of the plan, or a cluster that is joined; one in use already is taken.

    What was started here ends here; a cluster goes on. What Ray's native code has to say goes to the file ``log``. Raises UserError,
    before anything has started, when there are not enough CPUs or GPUs, and when there is no such cluster.
    """
    if ray.is_initialized():
        cpus.check_ray(plan)
        gpus.check(plan, where)
        yield
        return
    if not (where.address or where.oversubscribed):
        cpus.check_here(plan)
    if not where.address:
        gpus.check(plan, where)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray.rllib").setLevel(logging.ERROR)
    logging.getLogger("ray.rllib.utils.actor_manager").setLevel(logging.CRITICAL)  # it dumps the whole error of a lost runner
    with native_errors_to(log), complaints_to(log):
        if where.address:
            joining.join(plan, where)
        else:
            _start(plan)
        try:
            yield
        finally:
            ray.shutdown()


def _start(plan: Plan) -> None:
    """Ray for this run alone, whatever else of Ray there is on this machine."""
    remote = plan.runners or plan.learners
    ray.init(
        address="local",
        num_cpus=max(1, cpus.wanted(plan)),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=max(LEAST_STORE, 4 * batch_bytes(plan)) if remote else LEAST_STORE,
    )


@contextmanager
def native_errors_to(log: Path) -> Iterator[None]:
    """Within, file descriptor 2 leads to the file ``log``, while Python's ``sys.stderr`` goes on writing where it did."""
    before, shown = os.dup(2), sys.stderr
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file, os.fdopen(os.dup(2), "w", buffering=1) as aside:
        os.dup2(file.fileno(), 2)
        if shown is sys.__stderr__:
            sys.stderr = aside
        try:
            yield
        finally:
            sys.stderr = shown
            os.dup2(before, 2)
            os.close(before)
    with contextlib.suppress(FileNotFoundError):  # what else runs into the same folder may have taken it away
        if not log.stat().st_size:
            log.unlink()


@contextmanager
def complaints_to(log: Path) -> Iterator[None]:
    """Within, what nodes and processes that have died leave behind goes to the file ``log``; Ray would print pages of it."""
    worker, shown = ray._private.worker, ray._private.worker.print_to_stdstream

    def keep(data: dict[str, Any], **_: Any) -> None:
        with log.open("a") as file:
            file.writelines(f"{line}\n" for line in data["lines"])

    worker.print_to_stdstream = keep
    try:
        yield
    finally:
        worker.print_to_stdstream = shown


def batch_bytes(plan: Plan) -> int:
    """About how many bytes a batch of the plan takes; observations are by far the most of it."""
    counting = plan.wonder is not None and plan.wonder.counts
    roles = plan.arena.roles.values()
    floats = sum(r.count * (r.observation_size + r.action_size + r.mask_size // 4 + 6 + r.count * counting) for r in roles) + plan.central
    return 4 * floats * plan.hyperparameters.envs * (plan.hyperparameters.fragment + 1)


def config_for(plan: Plan, where: Machines = HERE) -> BatchedPPOConfig:
    """RLlib's config for a plan; ``build_algo()`` makes the algorithm. Ray has to be running."""
    h = plan.hyperparameters
    config = _blank(plan).world(plan.world, h.world_threads, plan.casting, **plan.settings)
    config.env_runners(
        num_env_runners=plan.runners,
        num_envs_per_env_runner=h.envs // max(plan.runners, 1),
        rollout_fragment_length=h.fragment,
        sample_timeout_s=SAMPLE_TIMEOUT_S,
        num_cpus_per_env_runner=cpus.of_runner(plan),
    )
    config.learners(num_learners=plan.learners, num_cpus_per_learner=cpus.of_learner(plan), num_gpus_per_learner=gpus.of_learner(where))
    foresees = max((found.outputs for found in plan.foresight.values()), default=0)
    config.network(plan.architecture, plan.central, plan.wonder, h.sequence, foresees, h.precision)
    ppo_settings(config, h)
    config.tell({plan.casting.modules[role]: found for role, found in plan.telling.items()})
    config.foresee({plan.casting.modules[role]: found for role, found in plan.foresight.items()})
    config.training(minibatch_size=max(1, h.minibatch // max(plan.learners, 1)))  # RLlib counts those of each learner
    config.debugging(seed=plan.seed, log_level="ERROR")
    config.limits(finite=h.finite)
    config.place(where.device)
    return config.speed(ahead=h.ahead, learner_threads=h.learner_threads)


def _blank(plan: Plan) -> BatchedPPOConfig:
    """The config of the plan's algorithm."""
    if plan.hyperparameters.algorithm == "cloning":
        return CloningConfig().demonstrated(plan.demos, plan.skip_private)
    if plan.search:
        return EvolutionConfig().searching(plan.search)
    return BatchedPPOConfig()


def ppo_settings(config: PPOConfig, h: Hyperparameters) -> None:
    """What RLlib's PPO calls otherwise than we do."""
    config.training(
        lr=h.lr,
        gamma=h.gamma,
        lambda_=h.lam,
        clip_param=h.clip,
        entropy_coeff=h.entropy,
        vf_loss_coeff=h.value,
        grad_clip=h.gradient_clip,
        num_epochs=h.epochs,
        minibatch_size=h.minibatch,
    )


def stop(algorithm: BatchedPPO) -> None:
    """End an algorithm. Runners are not asked, because one whose node has died would never answer."""
    algorithm.env_runner_group.reset([])
    algorithm.stop()


def abandon(algorithm: BatchedPPO) -> None:
    """End an algorithm of which something has died: learners may be waiting for one that will never answer."""
    for learner in algorithm.learner_group._workers or ():
        ray.kill(learner)
    with contextlib.suppress(ray.exceptions.RayError):
        stop(algorithm)


def learner_state(algorithm: BatchedPPO) -> dict[str, Any]:
    """Weights, statistics and optimisers, as ``checkpoint.save`` takes them."""
    parts = [f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}", f"{COMPONENT_LEARNER}/{COMPONENT_OPTIMIZER}"]
    state: dict[str, Any] = algorithm.learner_group.get_state(components=parts)[COMPONENT_LEARNER]
    return state


def module_arrays(algorithm: BatchedPPO) -> dict[str, Any]:
    """What has been learnt: by module, parameters and statistics by their names."""
    state = algorithm.learner_group.get_state(components=f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}")
    found: dict[str, Any] = state[COMPONENT_LEARNER][COMPONENT_RL_MODULE]
    return found


def restore(algorithm: BatchedPPO, checkpoint: Checkpoint) -> None:
    """Put a fresh algorithm where the checkpoint was."""
    state = learner_state(algorithm)
    optimisers = state[COMPONENT_OPTIMIZER]
    for name, memory in checkpoint.optimisers.items():
        optimisers[name]["state"]["state"] = {k: {part: np.array(a) for part, a in m.items()} for k, m in memory.items()}
    algorithm.learner_group.set_state({COMPONENT_LEARNER: {COMPONENT_RL_MODULE: checkpoint.modules, COMPONENT_OPTIMIZER: optimisers}})
    algorithm.env_steps_before, algorithm.updates_before = checkpoint.progress.env_steps, checkpoint.progress.iteration


def network_weights(algorithm: BatchedPPO, module: str) -> dict[str, np.ndarray]:
    """What acting with a module's network needs, by parameter."""
    part = f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}"
    state = algorithm.learner_group.get_state(components=part, inference_only=True)[COMPONENT_LEARNER][COMPONENT_RL_MODULE]
    weights = ray.get(state) if isinstance(state, ray.ObjectRef) else state
    return {name.removeprefix(NETWORK): np.array(array) for name, array in weights[module].items() if name.startswith(NETWORK)}


def inherit(algorithm: BatchedPPO, plan: Plan, parent: Checkpoint) -> None:
    """Begin with the policies of another run, without its optimisers.

    Where this run's networks are larger, or see or do more, the other's are grown so that they act as before. Raises UserError where that
    is impossible.
    """
    modules = learner_state(algorithm)[COMPONENT_RL_MODULE]
    for role, module in plan.casting.modules.items():
        if role not in parent.roles:
            raise UserError(f"{parent.folder} has no policy for role {role}: it has those of {', '.join(parent.roles)}")
        arrays = parent.modules[parent.plan.casting.modules[role]]
        given = {name.removeprefix(NETWORK): array for name, array in arrays.items() if name.startswith(NETWORK)}
        before, after = parent.plan.fit(role), plan.fit(role)
        grown = given if before == after else surgery.operate(given, before, after, seed=plan.seed)
        modules[module] |= {NETWORK + name: array for name, array in grown.items()}
    algorithm.learner_group.set_state({COMPONENT_LEARNER: {COMPONENT_RL_MODULE: modules}})
