"""Checkpoints of stock RLlib, new stack: of an Algorithm, a Learner or an RLModule."""

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as tree

from avatarium.agents.exported import StateShape
from avatarium.agents.networks.heads import stretched
from avatarium.training.packing.fitting import check_spaces, tried
from avatarium.training.packing.graph import answer_of, exported, quietly
from avatarium.training.packing.sources import Loaded, Source, Wish
from avatarium.worlds.core.errors import UserError, need
from avatarium.worlds.core.spec import Role

MARKS = ("rllib_checkpoint.json", "metadata.json")
INSIDE = ("learner_group/learner/rl_module", "learner/rl_module", "rl_module")
"""Where the modules lie in checkpoints of larger things."""
HARMLESS = {"FlattenObservations"}
"""Connectors that do nothing to rows of numbers."""
DISTRIBUTIONS = ("TorchCategorical", "TorchMultiCategorical", "TorchDiagGaussian")
CRITIC = "critic_"
"""How the names of those parts of a memory begin that the critic has for itself."""


class FixedSpread(nn.Module):
    """RLlib's head with deviations that depend on nothing, without its ``len``, which would fix the number of rows."""

    def __init__(self, head: Any) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        """Means and log-deviations side by side, [..., 2 C], of float32 [..., F]."""
        head, mean = self.head, self.head.net(features)
        bound = head.log_std_clip_param_const
        log_std = head.log_std.clamp(-bound, bound) if head.clip_log_std else head.log_std
        return torch.cat([mean, log_std.expand_as(mean)], dim=-1)


class Flat(nn.Module):
    """An ``RLModule`` between plain tensors: no dicts, no axis of time, and no memory of the critic.

    ``normalised``: what it gives is in [-1, 1], and was stretched over the space of actions by RLlib.
    """

    def __init__(self, module: Any, role: Role, normalised: bool) -> None:
        super().__init__()
        self.module, self._role, self._normalised = module, role, normalised
        self.greedy = not module.is_stateful() and values_only(module)
        leaves, self._form = tree.tree_flatten_with_path(module.get_initial_state() if module.is_stateful() else {})
        if any(leaf.any() for _, leaf in leaves):
            raise UserError(
                "its episodes begin with a memory that is not zero: give its network as package.module:factory, with that inside"
            )
        self._memory = [StateShape("_".join(re.findall(r"\w+", tree.keystr(path))), tuple(leaf.shape)) for path, leaf in leaves]
        self.states = tuple(filter(acts, self._memory))

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Outputs [B, ...], then the memory, of float32 [B, D] and the memory before."""
        if self._memory:
            return self._remembering(observation, state)
        seen = {"obs": observation}
        if self.greedy:
            return self._split(self.module.compute_q_values(seen)["qf_preds"])
        return self._split(self.module.forward_inference(seen)["action_dist_inputs"])

    def _remembering(self, observation: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        given, rows = iter(state), observation.shape[0]
        parts = [next(given) if acts(kept) else observation.new_zeros(rows, *kept.shape) for kept in self._memory]
        found = self.module.forward_inference({"obs": observation[:, None], "state_in": tree.tree_unflatten(parts, self._form)})
        after = [part for part, kept in zip(tree.tree_leaves(found["state_out"]), self._memory, strict=True) if acts(kept)]
        return (*self._split(found["action_dist_inputs"][:, 0]), *after)

    def _split(self, inputs: Tensor) -> tuple[Tensor, ...]:
        if not self._role.continuous:
            return (inputs,)
        return (stretched(inputs, self._role) if self._normalised else inputs).chunk(2, dim=-1)


def acts(state: StateShape) -> bool:
    """Whether acting needs this part of a memory; the critic's own is of no use to it."""
    return not state.name.startswith(CRITIC)


def values_only(module: Any) -> bool:
    """Whether a module takes the choice of the highest expected return, as DQN's does. Raises UserError when it acts in another way yet."""
    with torch.no_grad():
        told = module.forward_inference({"obs": torch.zeros(1, *module.observation_space.shape)})
    if "action_dist_inputs" not in told and not hasattr(module, "compute_q_values"):
        raise UserError(
            f"its {type(module).__name__} tells nothing but actions: give a network that tells logits as package.module:factory"
        )
    return "action_dist_inputs" not in told


def recognises(text: str) -> bool:
    """Whether it is a folder that says it was written by RLlib."""
    return any((file := Path(text) / mark).is_file() and "ray_version" in file.read_text(errors="replace") for mark in MARKS)


def load(text: str, wish: Wish) -> Loaded:
    """The wished module. Raises UserError when it is none that a submission can be made from."""
    folder = Path(text).resolve()
    if (folder / "policies").is_dir():
        raise UserError(f"{text} is of RLlib's old stack: give its network as package.module:factory")
    _check_connectors(folder)
    module = _module(folder, wish)
    check_spaces(module.observation_space, module.action_space, wish.role)
    _check_distribution(module)
    flat = Flat(module, wish.role, _normalised(folder)).eval()
    form = tried(flat, wish.role, flat.states)
    with quietly():
        acting = copy.deepcopy(flat)
    if hasattr(getattr(acting.module, "pi", None), "log_std"):
        acting.module.pi = FixedSpread(acting.module.pi)
    told = f"trained with RLlib ({type(module).__name__})"
    return Loaded(exported(acting, wish.role, form), form, answer_of(flat), "greedy" if flat.greedy else "sample", told)


def _check_connectors(folder: Path) -> None:
    """Refuse what sees observations before the module does, since the module alone would not act as it was trained to."""
    between = {path.name for path in folder.glob("env_runner/*_connector/*/")} - HARMLESS
    if between:
        raise UserError(
            f"it was trained behind {', '.join(sorted(between))}, which its module does not hold: do the same in a torch module around it, "
            "and give that as package.module:factory"
        )


def _normalised(folder: Path) -> bool:
    """Whether RLlib stretched actions over their space on the way out of the module, as it does unless ``normalize_actions`` says no."""
    file = folder / "learner_group" / "class_and_ctor_args.pkl"
    try:
        config = pickle.loads(file.read_bytes())["ctor_args_and_kwargs"][1]["config"]
    except Exception:  # there is none beside bare modules; one that cannot be loaded says nothing either
        return True
    return bool(getattr(config, "normalize_actions", True))


def _module(folder: Path, wish: Wish) -> Any:
    """The only one, the one that is asked for, or the one that is called like the role."""
    rl_module = need("ray.rllib.core.rl_module.rl_module", "train").RLModule
    place = next((folder / inside for inside in INSIDE if (folder / inside).is_dir()), folder)
    try:
        with quietly():
            found = rl_module.from_checkpoint(str(place))
    except Exception as fault:  # a pickle may raise anything
        raise UserError(f"{folder.name} cannot be loaded as an RLModule: {' '.join(str(fault).split())[:200]}") from None
    if not hasattr(found, "keys"):
        return found
    known = list(found.keys())
    name = wish.module or (known[0] if len(known) == 1 else wish.role.name)
    if name not in known:
        raise UserError(f"there is no module {name!r} in it: give --module one of {', '.join(known)}")
    return found[name]


def _check_distribution(module: Any) -> None:
    """Refuse modules that decide without a distribution, or by one that a submission cannot give."""
    try:
        kinds = [kind.__name__ for kind in module.get_inference_action_dist_cls().__mro__]
    except Exception as fault:  # AttributeError, ValueError and whatever a module of somebody's own raises
        raise UserError(f"its module tells no distribution of actions ({fault}): give its network as package.module:factory") from None
    if not {*kinds} & {*DISTRIBUTIONS}:
        kind = next(name for name in kinds if "Partial" not in name)
        raise UserError(
            f"its {type(module).__name__} draws actions from {kind}, but a submission gives logits, or mean and log_std of a Gaussian: "
            "give a network that does as package.module:factory"
        )


SOURCE = Source("a checkpoint of RLlib", recognises, load, takes="module", pickled=True)
