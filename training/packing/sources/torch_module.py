"""Torch modules, by the address of what makes them.

A policy is a module whose ``forward(observation, *states)`` takes float32 [B, D] and the states float32 [B, *shape], and returns
``logits`` [B, sum of choices], or ``mean`` and ``log_std`` [B, controls] for continuous control; then, if it likes, the return that it
expects, [B, 1]; then the new states. Its attribute ``state_shapes``, such as ``{"hidden": (64,)}``, names them in this order; without
it there is no memory. States are zero when an episode begins.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from avatarium.agents.exported import StateShape
from avatarium.training.packing.fitting import tried
from avatarium.training.packing.graph import answer_of, exported
from avatarium.training.packing.sources import Loaded, Source, Wish
from avatarium.worlds.core.errors import UserError, need, resolve


class Flat(nn.Module):
    """A module that always answers with a tuple, even where there is one tensor in it."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Outputs, then states, of float32 [B, D] and states [B, ...]."""
        found = self.inner(observation, *state)
        return tuple(found) if isinstance(found, tuple | list) else (found,)


def recognises(text: str) -> bool:
    """Whether it has the form of an address and is no file."""
    module, colon, attribute = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in [*module.split("."), attribute]) and not Path(text).exists()


def load(text: str, wish: Wish) -> Loaded:
    """The module at the address, in evaluation mode, with the wished weights in it. Raises UserError when it is no policy for the role."""
    found: Any = resolve(text, "a torch module")
    module: Any = found if isinstance(found, nn.Module) else found() if callable(found) else found
    if not isinstance(module, nn.Module):
        raise UserError(f"{text} has to be a torch module, or a function without arguments that makes one; it gives {module!r}"[:300])
    if wish.weights:
        put(module, wish.weights)
    flat = Flat(module.cpu().eval())
    form = tried(flat, wish.role, _states(module, text))
    return Loaded(exported(flat, wish.role, form), form, answer_of(flat))


def put(module: nn.Module, file: Path) -> None:
    """Load a state dict, by torch's reader that runs no code or by safetensors. Raises UserError when it does not fit."""
    if not file.is_file():
        raise UserError(f"there is no file {file} with weights")
    try:
        if file.suffix == ".safetensors":
            weights = need("safetensors.torch", "train").load_file(file)
        else:
            weights = torch.load(file, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except Exception:  # UnpicklingError, SafetensorError and whatever else a damaged file leads to
        weights = None
    if not isinstance(weights, Mapping) or not all(isinstance(part, Tensor) for part in weights.values()):
        raise UserError(f"{file} is damaged, or holds more than weights: save them with torch.save(module.state_dict(), 'weights.pt')")
    try:
        module.load_state_dict(weights)
    except RuntimeError as fault:
        raise UserError(f"the weights in {file} are not those of the module: {' '.join(str(fault).split())[:300]}") from None


def _states(module: nn.Module, text: str) -> tuple[StateShape, ...]:
    shapes: Any = getattr(module, "state_shapes", {})
    try:
        return tuple(StateShape(str(name), tuple(map(int, shape))) for name, shape in shapes.items())
    except (AttributeError, TypeError, ValueError):
        raise UserError(f"state_shapes of {text} has to be like {{'hidden': (64,)}}, not {str(shapes)[:60]}") from None


SOURCE = Source("a torch module as package.module:factory", recognises, load, takes="weights")
