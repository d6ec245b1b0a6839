"""What learners minimise."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.networks import heads
from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.tables import ACTIONS, ADVANTAGES, ALLOWED, LOG_PROBS, TARGETS, Minibatch

Loss = tuple[Tensor, Tensor]
"""The loss, and statistics float32 [K] to be averaged over minibatches."""


@dataclass(frozen=True)
class Weights:
    """How much of what goes into the loss."""

    clip: float
    value: float
    entropy: float


def ppo(network: ActorCritic, minibatch: Minibatch, weights: Weights) -> Loss:
    """The clipped surrogate, value and entropy losses (Schulman et al. 2017, https://arxiv.org/abs/1707.06347, equation 9).

    The statistics are policy loss, value loss, entropy, divergence of the old policy from the new one, and share of clipped ratios.
    """
    columns, mean = minibatch.columns, averaging(minibatch.weights)
    outputs, values = network.both(minibatch.inputs)
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
