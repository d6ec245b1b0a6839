"""The loss in one pass is the loss step by step, and so is its gradient."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from avatarium.training.learn import losses
from avatarium.training.learn.losses import Weights
from avatarium.training.learn.tables import ACTIONS, ADVANTAGES, ALLOWED, LOG_PROBS, PRESENT, TARGETS, Minibatch

CHOICES = (3, 5)
WEIGHTS = Weights(clip=0.2, value=0.7, entropy=0.1)


def random_minibatch(shape: tuple[int, ...], masked: bool, values: int) -> tuple[Minibatch, torch.Tensor]:
    """A minibatch, and log-probabilities under which many ratios lie beyond the clip."""
    rng = torch.Generator().manual_seed(3)
    logits = 2 * torch.randn(*shape, sum(CHOICES), generator=rng)
    actions = torch.stack([torch.randint(n, shape, generator=rng) for n in CHOICES], dim=-1).int()
    columns = {
        ACTIONS: actions,
        ADVANTAGES: torch.randn(shape, generator=rng),
        TARGETS: torch.randn(*shape, values, generator=rng),
        PRESENT: torch.rand(shape, generator=rng) < 0.7,
    }
    if masked:
        allowed = torch.rand(logits.shape, generator=rng) < 0.6
        taken = torch.stack([actions[..., 0], actions[..., 1] + 3], dim=-1).long()
        columns[ALLOWED] = allowed.scatter(-1, taken, True)
    columns[LOG_PROBS] = losses.likelihood(policy(), logits, columns)[0] + 0.4 * torch.randn(shape, generator=rng)
    starts = torch.zeros(shape, dtype=torch.bool) if len(shape) == 2 else None
    return Minibatch(SimpleNamespace(starts=starts), columns, torch.zeros(shape)), logits  # type: ignore[arg-type]


def policy() -> Any:
    return SimpleNamespace(controls=0, choices=CHOICES)


@pytest.mark.parametrize("shape", [(64,), (8, 16)], ids=["rows", "sequences"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("values", [1, 2])
def test_one_pass_gives_the_same_loss_and_gradient(shape: tuple[int, ...], masked: bool, values: int) -> None:
    minibatch, logits = random_minibatch(shape, masked, values)
    estimates = torch.randn(*shape, values, generator=torch.Generator().manual_seed(4))
    found = []
    for at_once in (True, False):
        inputs = logits.clone().requires_grad_(), estimates.clone().requires_grad_()
        if at_once:
            loss, statistics = losses.ppo_at_once(*inputs, CHOICES, minibatch, WEIGHTS)
        else:
            loss, statistics = losses.ppo_step_by_step(policy(), *inputs, minibatch, WEIGHTS)
        found.append((loss.detach(), statistics, *torch.autograd.grad(3.0 * loss, inputs)))
    assert 0.1 < float(found[1][1][4]) < 0.9  # some ratios are clipped, some not
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)
