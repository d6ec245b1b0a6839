"""Surgery: give a trained network new features, choices or units, and have it act as it did.

Following OpenAI Five (Berner et al. 2019, https://arxiv.org/abs/1912.06680, appendix B): what was there stays, what is new sees everything
with the weights of a fresh network, and nothing of what was there sees what is new. So outputs that existed before are the same for every
observation, recurrent networks included, while gradients reach the new weights from the first step. Past versions need the same operation,
or they cannot be played against any more.

Layers cannot be added: a layer with tanh that hands its input on unchanged does not exist.
"""

import math
from collections.abc import Hashable, Mapping

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.league.fit import Fit, Labels, Layout
from avatarium.worlds.core.errors import UserError

Arrays = dict[str, np.ndarray]
RARE = 0.01
"""Weight of a choice that is new in an old head, relative to a typical old one."""
REMEMBERED = float(1 << 16)
"""Rows that statistics count as at most where some are new: what the new ones see soon counts, the old ones hardly move."""
JUDGING = ("critic.", "returns.", "normalise_central.")
"""What acting can do without: a state may lack it."""


def operate(state: Mapping[str, np.ndarray], before: Fit, after: Fit, rare: float = RARE, seed: int = 0) -> Arrays:
    """The parameters and statistics of a network that fits ``after`` and acts like the one that fits ``before``.

    ``state`` is ``ActorCritic.state_dict()`` as arrays, with or without the critic. Means, log-deviations, values and logits that existed
    before are the same for every observation. New heads and controls begin like those of a fresh network. A choice that is new in an old
    head is taken with at most ``rare`` / (choices before) times the probability of the old ones together, whose ratios stay as they are:
    seldom enough to change little, often enough to be learnt about. Features, choices and controls are matched by name and may come in
    another order. Raises UserError where something would be lost, where a layer is added, and where ``state`` does not fit ``before``.
    """
    _check(before, after)
    old, new = before.layout(), after.layout()
    _check_state(state, old)
    grown: Arrays = {}
    for name, fresh in _fresh(after, seed).items():
        if name in state:
            grown[name] = _graft(state[name], fresh, old[name], new[name])
        elif not name.startswith(JUDGING) or any(n.startswith("critic.") for n in state):
            grown[name] = fresh
    _relearn(grown, old, new)
    _hold_back(grown, before, after, math.log(rare))
    return grown


def _check(before: Fit, after: Fit) -> None:
    """Raise UserError where ``after`` is not ``before`` with something added."""
    for kind, old, new in (("feature", before.features, after.features), ("feature of the global state", before.central, after.central)):
        sizes = dict(new)
        for name, size in old:
            if sizes.get(name) != size:
                raise UserError(f"surgery only adds, but the {kind} {name!r} of size {size} is gone or has another size: keep it")
    choices = dict(after.heads)
    gone = {f"{head} = {choice}" for head, names in before.heads for choice in set(names) - set(choices.get(head, ()))}
    if gone := gone | (set(before.controls) - set(after.controls)):
        raise UserError(f"surgery only adds, but the actions lack {', '.join(sorted(gone))}: keep what the network could do")
    old_build, new_build = before.architecture, after.architecture
    if old_build.core != new_build.core or len(old_build.hidden) != len(new_build.hidden):
        raise UserError("surgery cannot change the kind of network or its number of layers, for it would act differently: train anew")
    if after.values < before.values or any(a > b for a, b in zip(old_build.hidden, new_build.hidden, strict=True)):
        raise UserError("surgery only adds, but a layer or the number of values shrinks: keep at least the old sizes")
    if old_build.core != "mlp" and (old_build.units > new_build.units or bool(before.central) != bool(after.central)):
        raise UserError("surgery cannot take away recurrent units, nor make the critic of a recurrent network central or not: keep them")


def _check_state(state: Mapping[str, np.ndarray], layout: Layout) -> None:
    """Raise UserError unless the arrays have the shapes of a layout, and nothing that acting needs is lacking."""
    for name, array in state.items():
        if name not in layout or array.shape != tuple(len(labels) for labels in layout[name]):
            raise UserError(f"the parameter {name!r} of shape {list(array.shape)} is not of the network it is said to be of: check the run")
    if lacking := {n for n in layout if not n.startswith(JUDGING)} - set(state):
        raise UserError(f"the parameter {min(lacking)!r} lacks: surgery needs all that a policy acts with")


def _fresh(fit: Fit, seed: int) -> Arrays:
    """An untrained network's parameters and statistics; torch's own random numbers go on as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = ActorCritic(fit.interface, fit.architecture).state_dict()
    return {name: tensor.numpy().copy() for name, tensor in state.items()}


def _graft(array: np.ndarray, fresh: np.ndarray, old: tuple[Labels, ...], new: tuple[Labels, ...]) -> np.ndarray:
    """``fresh`` with ``array`` where the labels are the same; old rows do not see new columns."""
    places = [_places(a, b) for a, b in zip(old, new, strict=True)]
    grown = fresh.astype(array.dtype)
    if len(places) == 2:
        grown[places[0]] = 0
    grown[np.ix_(*places) if places else ()] = array
    return grown


def _places(old: Labels, new: Labels) -> np.ndarray:
    """int64 [len(old)]: where each old label is among the new ones."""
    where: dict[Hashable, int] = {label: i for i, label in enumerate(new)}
    return np.array([where[label] for label in old], np.int64)


def _relearn(grown: Arrays, old: Layout, new: Layout) -> None:
    """Let statistics that have new places move on quickly, in place."""
    for name in [n for n in grown if n.endswith(".count") and n in old]:
        mean = name.removesuffix("count") + "mean"
        if len(new[mean][0]) > len(old[mean][0]):
            np.minimum(grown[name], REMEMBERED, out=grown[name])


def _hold_back(grown: Arrays, before: Fit, after: Fit, log_rare: float) -> None:
    """Give new choices of old heads the mean logit of the old ones plus ``log_rare``, in place.

    The mean of logits is at most the logarithm of the mean of their exponentials, whence the bound on the probability.
    """
    outputs = [(head, choice) for head, names in after.heads for choice in names]
    known = {head: [outputs.index((head, choice)) for choice in names] for head, names in before.heads}
    last = max((n for n in grown if n.startswith("actor.") and n.endswith(".weight")), key=lambda n: int(n.split(".")[1]))
    weight, bias = grown[last], grown[last.replace("weight", "bias")]
    for row, (head, _) in enumerate(outputs):
        if head in known and row not in known[head]:
            weight[row] = weight[known[head]].mean(axis=0)
            bias[row] = bias[known[head]].mean() + log_rare
