"""How large a cluster has to be: runners, learners and network for a rate of decisions, from figures that are measured on one core here."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import torch
from ray.rllib.core.learner.training_data import TrainingData

from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan

FLOAT = 4
"""Bytes of a gradient's number."""
BUSY = 0.8
"""Share of the time in which runners and learners of a cluster are taken to work; the rest they wait for one another."""


@dataclass(frozen=True)
class Figures:
    """What one core does, and what it sends. A decision is one action of one avatar."""

    sampling: float
    """Decisions per CPU second of a runner."""
    learning: float
    """Decisions per CPU second of a learner, each learnt from as often as there are epochs."""
    fragment: int
    """Decisions that a runner brings at once."""
    batch_bytes: float
    """Per decision, from runner to learner."""
    weights_bytes: int
    """To a runner, for every fragment."""
    gradient_bytes: float
    """Per decision, from each learner to the others and back, when there are many."""
    cpu_share: float
    """Least share of a core that the measurement got; well below 1 means that something else was running."""


@dataclass(frozen=True)
class Size:
    """What a rate takes."""

    rate: float
    runners: int
    """Of one core each."""
    learners: int
    batch: int
    """Decisions per update."""
    gathered: float
    """Gbit/s from all runners together into the learners."""
    sent: float
    """Gbit/s of weights to all runners together, when each is on a node of its own."""
    at_learner: float
    """Gbit/s into one learner: its share of the batches, and gradients."""


def size(figures: Figures, rate: float, learner_cores: int) -> Size:
    """What ``rate`` decisions per second take, with learners of so many cores each."""
    learners = ceil(rate / (BUSY * figures.learning * learner_cores))
    runners = ceil(rate / (BUSY * figures.sampling * learners)) * learners  # of which every learner gets equally many
    gathered, gigabits = rate * figures.batch_bytes, 8e-9
    gradients = figures.gradient_bytes * rate / learners if learners > 1 else 0.0
    return Size(
        rate=rate,
        runners=runners,
        learners=learners,
        batch=runners * figures.fragment,
        gathered=gathered * gigabits,
        sent=rate / figures.fragment * figures.weights_bytes * gigabits,
        at_learner=(gathered / learners + gradients) * gigabits,
    )


def measure(plan: Plan, seconds: float, windows: int) -> Figures:
    """Play and learn in this process as one runner and one learner of the plan do, on one thread; medians of several windows."""
    one = replace(plan.hyperparameters, ahead=False, learner_threads=1, world_threads=1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, engine.ray_for(plan, Path(folder) / "ray.log"):
        algorithm: BatchedPPO = engine.config_for(replace(plan, hyperparameters=one, runners=0, learners=0)).build_algo()
        runner = algorithm.env_runner_group.local_env_runner
        batch = runner.sample()[0]

        def learn() -> int:
            algorithm.learner_group.update(training_data=TrainingData(batches=[batch]), num_epochs=one.epochs, minibatch_size=one.minibatch)
            return int(batch.agent_steps)

        sampling, share = timed(lambda: runner.sample()[0].agent_steps, seconds, windows)
        learning, other = timed(learn, seconds, windows)
        weights = [engine.network_weights(algorithm, module) for module in batch.fragments]
        (learnt,) = algorithm.learner_group.foreach_learner(
            lambda learner: sum(p.numel() for module in batch.fragments for p in learner.module[module].parameters())
        )
        engine.stop(algorithm)
    gradients = 2 * FLOAT * learnt.get() * one.epochs / min(one.minibatch, batch.agent_steps)
    sent = sum(array.nbytes for arrays in weights for array in arrays.values())
    return Figures(sampling, learning, batch.agent_steps, batch.nbytes / batch.agent_steps, sent, gradients, min(share, other))


def timed(work: Callable[[], int], seconds: float, windows: int) -> tuple[float, float]:
    """What ``work`` counts per CPU second, and the share of a core that it got: medians over windows of so many seconds, after one call."""
    work()
    rates, shares = [], []
    for _ in range(windows):
        count, began, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - began < seconds:
            count += work()
        used = time.process_time() - cpu
        rates.append(count / used)
        shares.append(used / (time.perf_counter() - began))
    return statistics.median(rates), statistics.median(shares)


def report(figures: Figures, rates: Sequence[float], learner_cores: int) -> str:
    """The figures and a table in Markdown."""
    lines = [
        f"one runner on one core: {figures.sampling:,.0f} decisions/s",
        f"one learner on one core: {figures.learning:,.0f} decisions/s",
        f"from runner to learner: {figures.batch_bytes:.0f} bytes per decision",
        f"from learner to runner: {figures.weights_bytes / 1e3:.0f} kB every {figures.fragment:,} decisions",
        f"between learners: {figures.gradient_bytes:.0f} bytes per decision",
        f"(per CPU second; the process got {figures.cpu_share:.2f} of a core; below, everyone is taken to be busy {BUSY:.0%} of the time)",
        "",
        f"| decisions/s | runners (1 core) | learners ({learner_cores} cores) | decisions per update "
        "| Gbit/s to learners | into each learner | weights to runners |",
        "|---|---|---|---|---|---|---|",
    ]
    for s in (size(figures, rate, learner_cores) for rate in rates):
        row = (
            f"{s.rate:.0e}",
            f"{s.runners:,}",
            f"{s.learners:,}",
            f"{s.batch:,}",
            *(f"{x:.2g}" for x in (s.gathered, s.at_learner, s.sent)),
        )
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)
