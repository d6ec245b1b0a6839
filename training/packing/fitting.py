"""Whether what a policy was trained with is what a role senses and does."""

import math
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import nn

from avatarium.agents.exported import StateShape
from avatarium.training.packing.graph import Form, form_of
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

REMEDY = "are --world, --role and --set those of its training?"


def check_spaces(senses: gymnasium.Space[Any], acts: gymnasium.Space[Any], role: Role) -> None:
    """Raise UserError, saying what differs, unless a policy between these spaces can be the mind of ``role``."""
    if isinstance(senses, gymnasium.spaces.Dict):
        raise UserError(
            f"it was trained on observations with the parts {', '.join(senses)}, but a submission sees one row of numbers, and masks are "
            "applied to its logits by the host: give its inner network as package.module:factory"
        )
    if senses.shape != (role.observation_size,):
        given = f"{math.prod(senses.shape or ())} numbers" if len(senses.shape or ()) == 1 else f"shape {senses.shape}"
        raise UserError(f"it was trained on observations of {given}, but {role.name} sees {role.observation_size} numbers: {REMEDY}")
    if (given := _actions(acts)) != (due := _actions(role.action_space)):
        raise UserError(f"it was trained to act by {given}, but {role.name} acts by {due}: {REMEDY}")


def _actions(space: gymnasium.Space[Any]) -> str:
    """What one chooses in a space, in words that are equal where spaces mean the same."""
    if isinstance(space, gymnasium.spaces.Discrete | gymnasium.spaces.MultiDiscrete):
        choices = np.atleast_1d(space.n if isinstance(space, gymnasium.spaces.Discrete) else space.nvec)
        return f"one of {' x '.join(map(str, choices.tolist()))} choices"
    if isinstance(space, gymnasium.spaces.Box):
        return f"{math.prod(space.shape)} controls in [{space.low.min():g}, {space.high.max():g}]"
    return str(space)


def tried(module: nn.Module, role: Role, states: tuple[StateShape, ...]) -> Form:
    """The form of a module (observation, *states) -> (*outputs, *states), found by asking it once for three avatars.

    Raises UserError when it cannot be asked, or when what it answers is not what a policy of ``role`` has to answer.
    """
    seen = torch.zeros(3, role.observation_size)
    try:
        with torch.no_grad():
            found = module(seen, *(torch.zeros(3, *state.shape) for state in states))
    except Exception as fault:  # whatever a stranger's module raises
        reason = " ".join(str(fault).split())[:200]
        given = f"observations float32 [3, {role.observation_size}] of {role.name} and {len(states)} states"
        raise UserError(f"the module cannot be called with {given} ({reason}): {REMEDY}") from None
    plain = form_of(role, states)
    told = len(found) == len(plain.outputs) + 1 + len(states)
    form = form_of(role, states, told)
    wide = len(role.continuous) or sum(len(head.choices) for head in role.heads)
    widths = [(wide,)] * len(plain.outputs) + [(1,)] * told + [state.shape for state in states]
    due = [*form.outputs, *(f"state {state.name}" for state in states)]
    if len(found) != len(due):
        raise UserError(f"the module returns {len(found)} tensors, but a policy of {role.name} returns {', '.join(due)}, in this order")
    for name, part, width in zip(due, found, widths, strict=True):
        if not isinstance(part, torch.Tensor) or part.shape != (3, *width) or part.dtype != torch.float32:
            given = f"{str(part.dtype)[6:]} {list(part.shape)}" if isinstance(part, torch.Tensor) else type(part).__name__
            raise UserError(f"the module returns {name} as {given} for 3 avatars of {role.name}, but it has to be float32 {[3, *width]}")
    return form
