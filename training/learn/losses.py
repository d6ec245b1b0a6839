"""What learners minimise."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from avatarium.agents.networks import heads
from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.gpu import sharing
from avatarium.training.learn.foresight import missed
from avatarium.training.learn.kernels import clipped_surrogate
from avatarium.training.learn.tables import ACTIONS, ADVANTAGES, ALLOWED, FUTURES, LOG_PROBS, PRESENT, TARGETS, Minibatch
from avatarium.training.learn.telling import Telling, told

Loss = tuple[Tensor, Tensor]
"""The loss, and statistics float32 [K] to be averaged over minibatches."""


@dataclass(frozen=True)
class Weights:
    """How much of what goes into the loss."""

    clip: float
    value: float
    entropy: float
    telling: Telling | None = None
    foreseeing: tuple[nn.Module, float] | None = None
    """The head that foretells, and the weight of what it misses."""


def ppo(network: ActorCritic, minibatch: Minibatch, weights: Weights) -> Loss:
    """The clipped surrogate, value and entropy losses (Schulman et al. 2017, https://arxiv.org/abs/1707.06347, equation 9).

    The statistics are policy loss, value loss, entropy, divergence of the old policy from the new one, share of clipped ratios and, where
    something is to be foreseen, how far off that was.
    """
    thought: Tensor | None = None
    if weights.foreseeing:
        outputs, values, thought = network.thinking(minibatch.inputs)
    else:
        outputs, values = network.both(minibatch.inputs)
    if not network.controls and outputs.dtype == torch.float32:
        loss, statistics = ppo_at_once(outputs, values, network.choices, minibatch, weights)
    else:
        loss, statistics = ppo_step_by_step(network, outputs, values, minibatch, weights)
    if weights.telling:
        loss = loss - weights.telling.weight * told(outputs, minibatch.inputs.observation, minibatch.weights, weights.telling)
    if weights.foreseeing:
        head, weight = weights.foreseeing
        off = averaging(minibatch.weights)(missed(head(thought), minibatch.columns[FUTURES]))
        loss, statistics = loss + weight * off, torch.cat([statistics, off.detach()[None]])
    return loss, statistics


def ppo_at_once(logits: Tensor, values: Tensor, choices: tuple[int, ...], minibatch: Minibatch, weights: Weights) -> Loss:
    """``ppo`` of discrete choices, where what costs is how many operations there are."""
    found: Loss = _ClippedSurrogate.apply(logits, values, choices, minibatch, weights)  # type: ignore[no-untyped-call]
    return found


def ppo_step_by_step(network: ActorCritic, outputs: Tensor, values: Tensor, minibatch: Minibatch, weights: Weights) -> Loss:
    """``ppo`` for whatever networks there are."""
    columns, mean = minibatch.columns, averaging(minibatch.weights)
    log_probs, entropies = likelihood(network, outputs, columns)
    shift = log_probs - columns[LOG_PROBS]
    ratio, advantages = shift.exp(), columns[ADVANTAGES]
    clipped = ratio.clamp(1 - weights.clip, 1 + weights.clip)
    policy_loss = -mean(torch.min(advantages * ratio, advantages * clipped))
    value_loss = mean((values - columns[TARGETS]).square().sum(-1))
    entropy = mean(entropies)
    with torch.no_grad():  # Schulman's low-variance estimate of the divergence, http://joschu.net/blog/kl-approx.html
        kl, outside = mean(ratio - 1 - shift), mean((ratio != clipped).float())
    loss: Tensor = policy_loss + weights.value * value_loss - weights.entropy * entropy
    return loss, torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), kl, outside])


class _ClippedSurrogate(torch.autograd.Function):
    """``kernels.clipped_surrogate``, which finds the gradient along with the loss."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, values: Tensor, choices: tuple[int, ...], minibatch: Minibatch, weights: Weights) -> Loss:
        columns, rows, device = minibatch.columns, values.shape[:-1].numel(), logits.device
        d_logits, d_values = torch.empty(logits.shape, device=device), torch.empty(values.shape, device=device)
        told, at_once = torch.empty(rows, 5, device=device), rows if device.type == "cuda" else 1
        if minibatch.weights is None:
            present, share = torch.ones(rows, dtype=torch.bool, device=device), torch.full((1,), 1.0 / max(rows, 1), device=device)
        else:
            present = columns[PRESENT].reshape(-1)
            share = 1.0 / present.sum(dtype=torch.float32).clamp_min(1.0)[None]
        arguments = (
            _flat(logits, rows),
            _on_device(choices, device),
            _flat(columns[ALLOWED], rows) if ALLOWED in columns else torch.ones(rows + 1, 1, dtype=torch.bool, device=device),
            _flat(columns[ACTIONS], rows),
            *(columns[name].reshape(-1) for name in (LOG_PROBS, ADVANTAGES)),
            _flat(values, rows),
            _flat(columns[TARGETS], rows),
            present,
            share,
            (np.float32(weights.clip), np.float32(weights.value), np.float32(weights.entropy)),
            torch.empty(at_once, len(choices), 2, device=device),
            _flat(d_logits, rows),
            _flat(d_values, rows),
            told,
        )
        sharing.run(clipped_surrogate, arguments, rows)
        ctx.save_for_backward(d_logits, d_values)
        found = told.sum(0, dtype=torch.float64) * share
        statistics = found.float()
        ctx.mark_non_differentiable(statistics)
        return (found[0] + weights.value * found[1] - weights.entropy * found[2]).to(logits.dtype), statistics

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_loss: Tensor, _: Any) -> tuple[Tensor | None, ...]:
        d_logits, d_values = ctx.saved_tensors
        return d_loss * d_logits, d_loss * d_values, None, None, None


@functools.lru_cache(maxsize=64)
def _on_device(numbers: tuple[int, ...], device: torch.device) -> Tensor:
    """Numbers as int64 [K], brought there once."""
    return torch.tensor(numbers, dtype=torch.int64, device=device)


def _flat(tensor: Tensor, rows: int) -> Tensor:
    """The same memory with so many ``rows``."""
    return tensor.detach().contiguous().view(rows, -1)


def cloning(network: ActorCritic, minibatch: Minibatch, weights: Weights) -> Loss:
    """Negative log-likelihood of the demonstrated actions, and the value loss; statistics as for ``ppo``, zero where they mean nothing."""
    columns, mean = minibatch.columns, averaging(minibatch.weights)
    outputs, values = network.both(minibatch.inputs)
    log_probs, entropies = likelihood(network, outputs, columns)
    policy_loss, entropy = -mean(log_probs), mean(entropies)
    value_loss = mean((values - columns[TARGETS]).square().sum(-1))
    loss: Tensor = policy_loss + weights.value * value_loss - weights.entropy * entropy
    nothing = torch.zeros_like(policy_loss.detach())
    return loss, torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), nothing, nothing])


def likelihood(network: ActorCritic, outputs: Tensor, columns: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Log-probabilities of the actions in ``columns``, and entropies, both [...], under a policy with these outputs."""
    actions = columns[ACTIONS]
    if network.controls:
        return heads.gaussian(outputs, actions)
    if ALLOWED in columns:
        outputs = heads.masked(outputs, columns[ALLOWED])
    return heads.discrete(outputs, network.choices, actions.long())


def averaging(weights: Tensor | None) -> Callable[[Tensor], Tensor]:
    """A function that averages over decisions: those of ``weights`` float32 [L, B] that are not 0, or all."""
    if weights is None:
        return torch.mean
    total = weights.sum().clamp_min(1.0)
    return lambda values: (values * weights).sum() / total
