"""A bias for telling: whoever has something to say is made to say it, in whatever words, so that listening can be worth while.

Speaker and listener wait for each other: nobody listens to words that mean nothing, and nobody has a reason to mean anything by words that
nobody listens to. Eccles et al. (2019, https://arxiv.org/abs/1912.05676) break this by a loss that rewards positive signalling. Here it
is the information between one named feature of the observation and one action head. Which word comes to stand for what is left to chance.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

FORM = "FEATURE:HEAD:WEIGHT, such as wish:say:1"


@dataclass(frozen=True)
class Telling:
    """What is told by what, for one role."""

    feature: slice
    """Of the observation; numbers of at least 0 that say what is the case, such as a one-hot."""
    head: slice
    """Of the logits."""
    weight: float


def by_role(text: str, roles: Mapping[str, Role]) -> dict[str, Telling]:
    """From words such as ``wish:say:1``, for the roles that sense such a feature and have such a head; nothing for no words.

    Raises UserError when the words are of another form, or no role can do it.
    """
    if not text:
        return {}
    try:
        feature, head, word = text.split(":")
        weight = float(word)
    except ValueError:
        raise UserError(f"telling={text!r} cannot be read: write {FORM}") from None
    if not 0.0 < weight < math.inf:
        raise UserError(f"telling={text!r}: the weight {word} has to be a number above 0")
    found = {}
    for name, role in roles.items():
        ends = dict(zip((h.name for h in role.heads), accumulate(len(h.choices) for h in role.heads), strict=True))
        size = {h.name: len(h.choices) for h in role.heads}
        if feature in role.slices() and head in ends and not role.continuous:
            found[name] = Telling(role.slices()[feature], slice(ends[head] - size[head], ends[head]), weight)
    if not found:
        raise UserError(f"telling={text!r}: no role senses {feature!r} and has an action head {head!r}")
    return found


def information(logits: Tensor, observation: Tensor, weights: Tensor | None, telling: Telling) -> Tensor:
    """Information (nats) between feature and choice over the decisions of ``logits`` [..., C] and ``observation`` [..., D].

    Decisions count by ``weights`` [...], or all alike. Choices count by their probabilities, so that there is a gradient.
    """
    chosen = logits[..., telling.head].softmax(-1).flatten(0, -2)
    known = observation[..., telling.feature].flatten(0, -2).clamp_min(0.0)
    if weights is not None:
        known = known * weights.flatten()[:, None]
    joint = known.T @ chosen
    joint = joint / joint.sum().clamp_min(1e-6)
    apart = joint.sum(0, keepdim=True) * joint.sum(1, keepdim=True)
    return torch.xlogy(joint, joint.clamp_min(1e-12) / apart.clamp_min(1e-12)).sum()
