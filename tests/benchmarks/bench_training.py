"""Trained decisions per second: batched PPO, stock RLlib PPO and a plain PyTorch loop, on one world, net, batch and number of epochs.

``python tests/benchmarks/bench_training.py --json FILE``. The three take turns, so that what else the machine does hits all alike; the
figures are medians of wall-clock times. Stock RLlib samples in two runner processes, or in none with ``--stock-runners 0``.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from torch import Tensor, nn

from avatarium import worlds
from avatarium.agents.networks import heads
from avatarium.agents.networks.mlp import ActorCritic
from avatarium.training import engine, kernels
from avatarium.training.adapters.rllib import WorldEnv
from avatarium.training.algorithms.ppo import role_of
from avatarium.training.checkpoint import hidden_widths
from avatarium.training.modules import ActorCriticModule
from avatarium.training.plan import Plan
from avatarium.training.recipe import Hyperparameters

WORLD, ROLE = "wayfinding", "walker"
COMMON = Hyperparameters(envs=128, fragment=64, epochs=3, minibatch=4096)

Iterate = Callable[[], int]
"""One sampling and one update; returns the number of decisions."""


def batched(plan: Plan) -> tuple[Iterate, Callable[[], None]]:
    """Ours."""
    algorithm = engine.config_for(plan).build_algo()
    return lambda: int(algorithm.train()["env_runners"]["num_module_steps_sampled"][ROLE]), algorithm.stop


def stock(plan: Plan, runners: int) -> tuple[Iterate, Callable[[], None]]:
    """RLlib as it comes, over our adapter."""
    h = plan.hyperparameters
    config = PPOConfig().environment(WorldEnv, env_config={"name": plan.world}, disable_env_checking=True)
    per_runner = h.envs // max(runners, 1)
    config.env_runners(num_env_runners=runners, num_envs_per_env_runner=per_runner, rollout_fragment_length=h.fragment)
    config.multi_agent(policies={ROLE}, policy_mapping_fn=role_of)
    config.rl_module(rl_module_spec=RLModuleSpec(module_class=ActorCriticModule, model_config={"hidden": hidden_widths(plan)}))
    config.training(
        train_batch_size_per_learner=h.envs * h.fragment,
        minibatch_size=h.minibatch,
        num_epochs=h.epochs,
        lr=h.lr,
        gamma=h.gamma,
        lambda_=h.lam,
        clip_param=h.clip,
        entropy_coeff=h.entropy,
        vf_loss_coeff=h.value,
        grad_clip=h.gradient_clip,
        use_kl_loss=False,
        vf_clip_param=1e9,
    )
    algorithm = config.debugging(seed=plan.seed, log_level="ERROR").build_algo()

    def iterate() -> int:
        played = algorithm.train()["env_runners"]["num_agent_steps_sampled"]
        return int(sum(played.values()))

    return iterate, algorithm.stop


class Plain:
    """PPO in one loop, one thread and no library but torch: what there is to gain at most without overlapping anything."""

    def __init__(self, plan: Plan) -> None:
        self.h = plan.hyperparameters
        self.batch = worlds.make_batch(plan.world, num_envs=self.h.envs)
        self.batch.reset(plan.seed)
        role = self.batch.roles[ROLE]
        self.choices = np.array([len(head.choices) for head in role.heads], np.int64)
        self.network = ActorCritic(role.observation_size, self.choices.tolist(), 0, hidden_widths(plan))
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.h.lr, eps=1e-5, fused=True)
        steps, slots = self.h.fragment, self.h.envs * role.count
        self.observations = torch.zeros(steps + 1, slots, role.observation_size)
        self.actions = np.zeros((steps, slots, len(self.choices)), np.int32)
        self.log_probs, self.rewards, self.finals = (np.zeros((steps, slots), np.float32) for _ in range(3))
        self.truncations = np.zeros((steps, slots), np.bool_)
        self.draws = 0

    def sample(self) -> None:
        """Fill the arrays; values of final observations at once, because that is simplest."""
        shape = self.observations.shape[1:]
        with torch.no_grad():
            for t in range(self.h.fragment):
                self.observations[t] = torch.from_numpy(self.batch.observations[ROLE].reshape(shape))
                logits = self.network(self.observations[t]).numpy()
                self.draws += 1
                kernels.sample_discrete(logits, self.choices, np.uint64(self.draws), False, self.actions[t], self.log_probs[t])
                step = self.batch.step({ROLE: self.actions[t].reshape(self.h.envs, -1, len(self.choices))})
                self.rewards[t], self.truncations[t] = step.reward[ROLE].reshape(-1), step.truncation[ROLE].reshape(-1)
                if self.truncations[t].any():
                    self.finals[t] = self.network.value(torch.from_numpy(step.final_observation[ROLE].reshape(shape))).numpy()
            self.observations[-1] = torch.from_numpy(self.batch.observations[ROLE].reshape(shape))

    def iterate(self) -> int:
        """Sample, estimate advantages, learn."""
        self.sample()
        with torch.no_grad():
            values = self.network.value(self.observations).numpy()
        advantages, never = np.empty_like(self.rewards), np.zeros_like(self.truncations)
        gamma, lam = np.float32(self.h.gamma), np.float32(self.h.lam)
        kernels.estimate_advantages(self.rewards, values, never, self.truncations, self.finals, ~never, gamma, lam, advantages)
        seen, returns = self.observations[:-1].flatten(0, 1), torch.from_numpy(advantages + values[:-1]).flatten()
        actions, old = torch.from_numpy(self.actions).flatten(0, 1), torch.from_numpy(self.log_probs).flatten()
        scaled = torch.from_numpy((advantages - advantages.mean()) / advantages.std()).flatten()
        for _epoch in range(self.h.epochs):
            for rows in torch.randperm(len(returns)).split(self.h.minibatch):
                self.learn(*(column.index_select(0, rows) for column in (seen, actions, old, scaled, returns)))
        return len(returns)

    def learn(self, seen: Tensor, actions: Tensor, old: Tensor, advantages: Tensor, returns: Tensor) -> None:
        """One gradient step."""
        logits, values = self.network.both(seen)
        log_probs, entropy = heads.discrete(logits, self.choices.tolist(), actions.long())
        ratio = (log_probs - old).exp()
        surrogate = torch.min(ratio * advantages, ratio.clamp(1 - self.h.clip, 1 + self.h.clip) * advantages)
        loss = (-surrogate + self.h.value * (values - returns).square() - self.h.entropy * entropy).mean()
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.h.gradient_clip)
        self.optimiser.step()


def speed(iterate: Iterate, seconds: float) -> float:
    """Decisions per second over at least ``seconds``."""
    began, decisions = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        decisions += iterate()
    return decisions / (time.perf_counter() - began)


def measure(plan: Plan, rounds: int, seconds: float, stock_runners: int) -> dict[str, Any]:
    """Medians over ``rounds`` turns, and their ratios, turn by turn."""
    ours, stop_ours = batched(plan)
    theirs, stop_theirs = stock(plan, stock_runners)
    contenders = {"batched": ours, "stock": theirs, "plain": Plain(plan).iterate}
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for iterate in contenders.values():
        iterate()  # compile, open, warm up
    ours()
    for _ in range(rounds):
        for name, iterate in contenders.items():
            found[name].append(speed(iterate, seconds))
    stop_ours()
    stop_theirs()

    def ratio(name: str) -> float:
        return statistics.median(a / b for a, b in zip(found["batched"], found[name], strict=True))

    medians = {f"{name}_decisions_per_second": statistics.median(values) for name, values in found.items()}
    settings = {"world": WORLD, "rounds": rounds, "stock_runners": stock_runners, "threads": torch.get_num_threads()}
    settings |= {name: getattr(plan.hyperparameters, name) for name in ("envs", "fragment", "epochs", "minibatch", "hidden", "layers")}
    return {"ratio_stock_mlp": ratio("stock"), "ratio_tight_local": ratio("plain"), **medians, "settings": settings, "all": found}


def main() -> None:
    """Measure and print; ``--json`` writes the same to a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, default=Path("runs/bench/training.json"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="per turn, at least one iteration")
    parser.add_argument("--stock-runners", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(1)
    plan = Plan(WORLD, {}, replace(COMMON, ahead=True))
    with engine.ray_for(replace(plan, runners=args.stock_runners), args.json.with_suffix(".log")):
        found = measure(plan, args.rounds, args.seconds, args.stock_runners)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
