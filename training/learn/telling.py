"""A bias for telling: whoever has something to say is made to say it, in whatever words, so that listening can be worth while.

Speaker and listener wait for each other: nobody listens to words that mean nothing, and nobody has a reason to mean anything by words that
nobody listens to. Eccles et al. (2019, https://arxiv.org/abs/1912.05676) break this by a loss that rewards positive signalling: information
between what is sensed and what is said. Where words have become certain that has no gradient any more, and two things that happened to get
the same word keep it: for eight things, four to six words were left. So here everything gets a word of its own, in that of all such codes
which is nearest to what is being said (an assignment, Kuhn 1955), and is made likelier to be called by it. Which word comes to stand for
what is left to chance.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from scipy.optimize import linear_sum_assignment
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


def told(logits: Tensor, observation: Tensor, weights: Tensor | None, telling: Telling) -> Tensor:
    """Log-likelihood (nats, at most 0) that everything is called by its word, over the decisions of ``logits`` [..., C] and
    ``observation`` [..., D].

    Decisions count by ``weights`` [...], or all alike. With more things than words, those that are left over do not count.
    """
    likely = logits[..., telling.head].log_softmax(-1).flatten(0, -2)
    known = observation[..., telling.feature].flatten(0, -2).clamp_min(0.0)
    if weights is not None:
        known = known * weights.flatten()[:, None]
    shares = known.sum(0)
    called = (known.T @ likely) / shares.sum().clamp_min(1e-6)
    return called[linear_sum_assignment(called.detach().numpy(force=True), maximize=True)].sum()
