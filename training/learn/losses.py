"""What learners minimise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from avatarium.agents.networks import heads
from avatarium.agents.networks.actor_critic import ActorCritic
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
    if not network.controls and outputs.device.type == "cpu" and outputs.dtype == torch.float32:
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
    """``ppo`` of discrete choices on a CPU, where what costs is how many operations there are."""
    found: Loss = _ClippedSurrogate.apply(logits, values, choices, minibatch, weights)  # type: ignore[no-untyped-call]
    return found


def ppo_step_by_step(network: ActorCritic, outputs: Tensor, values: Tensor, minibatch: Minibatch, weights: Weights) -> Loss:
    """``ppo`` for whatever networks and devices there are."""
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
        columns, rows = minibatch.columns, values.shape[:-1].numel()
        d_logits, d_values = torch.empty_like(logits), torch.empty_like(values)
        found = np.empty(5)
        clipped_surrogate(
            _array(logits, rows),
            np.array(choices, np.int64),
            _array(columns[ALLOWED], rows) if ALLOWED in columns else np.empty((0, 0), np.bool_),
            _array(columns[ACTIONS], rows),
            _array(columns[LOG_PROBS]),
            _array(columns[ADVANTAGES]),
            _array(values, rows),
            _array(columns[TARGETS], rows),
            np.empty(0, np.bool_) if minibatch.weights is None else _array(columns[PRESENT]),
            np.array([weights.clip, weights.value, weights.entropy], np.float32),
            np.empty((len(choices), 2), np.float32),
            _array(d_logits, rows),
            _array(d_values, rows),
            found,
        )
        ctx.save_for_backward(d_logits, d_values)
        statistics = torch.from_numpy(found.astype(np.float32))
        ctx.mark_non_differentiable(statistics)
        return logits.new_tensor(found[0] + weights.value * found[1] - weights.entropy * found[2]), statistics

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_loss: Tensor, _: Any) -> tuple[Tensor | None, ...]:
        d_logits, d_values = ctx.saved_tensors
        return d_loss * d_logits, d_loss * d_values, None, None, None


def _array(tensor: Tensor, rows: int | None = None) -> np.ndarray:
    """The same memory as a flat array, or with so many ``rows``."""
    array: np.ndarray = tensor.detach().contiguous().numpy()
    return array.reshape(-1) if rows is None else array.reshape(rows, -1)


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
