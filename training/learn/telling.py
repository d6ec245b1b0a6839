"""A bias for telling: whoever has something to say is made to say it, in whatever words, so that listening can be worth while.

Speaker and listener wait for each other: nobody listens to words that mean nothing, and nobody has a reason to mean anything by words that
nobody listens to. Eccles et al. (2019, https://arxiv.org/abs/1912.05676) break this by a loss that rewards positive signalling. Here it
is the information between one named feature of the observation and one action head, short of what makes words certain. Which word comes to
stand for what is left to chance.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

SPARE = 1.0
"""Nats of what is left to chance in choosing words that nobody is made to give up. Where words are certain no gradient is left; two things
that happened to get the same word would then keep it for ever."""
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


def told(logits: Tensor, observation: Tensor, weights: Tensor | None, telling: Telling) -> Tensor:
    """How much choices tell of the feature (nats), over the decisions of ``logits`` [..., C] and ``observation`` [..., D].

    It is the entropy of choices less their entropy given the feature, or less ``SPARE`` where that is more: with a target for the latter
    as in Eccles et al. 2019. Decisions count by ``weights`` [...], or all alike; choices by their probabilities, so that there is a gradient.
    """
    chosen = logits[..., telling.head].softmax(-1).flatten(0, -2)
    known = observation[..., telling.feature].flatten(0, -2).clamp_min(0.0)
    if weights is not None:
        known = known * weights.flatten()[:, None]
    joint = known.T @ chosen
    joint = joint / joint.sum().clamp_min(1e-6)
    left_to_chance = entropy(joint) - entropy(joint.sum(1))
    return entropy(joint.sum(0)) - left_to_chance.clamp_min(SPARE)


def entropy(shares: Tensor) -> Tensor:
    """Of a distribution, in nats."""
    return -torch.xlogy(shares, shares.clamp_min(1e-12)).sum()
