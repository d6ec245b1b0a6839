"""Worlds: what exists and how it changes.

>>> from avatarium import worlds
>>> worlds.names("language")
['concierge']
>>> batch = worlds.make_batch("wayfinding", num_envs=2)
>>> batch.reset(seed=0)["walker"].shape
(2, 8, 150)
"""

from typing import Any

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.discovery import names, spec
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

__all__ = ["Batch", "UserError", "WorldSpec", "make", "make_batch", "names", "register", "spec"]


def make_batch(
    name: str, num_envs: int = 1, threads: int = 1, autoreset: bool = True, central: bool = False, device: str = "cpu", **config: Any
) -> Batch:
    """``num_envs`` environments of a world, stepped at once: arrays in, arrays out. ``name`` as in ``make``.

    With ``device="cuda"`` they are stepped on a GPU, where all arrays lie then (see ``gpu.batch.GpuBatch``). Raises UserError for unknown
    names and settings, and where there is no such GPU.
    """
    found = spec(name)
    if device == "cpu":
        return Batch(found, num_envs, threads, autoreset, central, **config)
    if device != "cuda":
        raise UserError(f"device={device!r} is neither cpu nor cuda")
    if threads != 1:
        raise UserError(f"threads={threads} are those of a CPU: leave them out with device='cuda'")
    from avatarium.worlds.gpu.batch import GpuBatch  # which looks for CUDA

    return GpuBatch(found, num_envs, autoreset, central, **config)


def make(name: str, aec: bool = False, render_mode: str | None = None, **config: Any) -> Any:
    """A world as a PettingZoo ParallelEnv, or as an AECEnv with ``aec``.

    ``name`` is a world's name, or ``package.module:WORLD`` for one outside this package. Raises UserError for unknown names and settings.
    """
    from avatarium.worlds.core.parallel import World, as_aec

    world = World(spec(name), render_mode=render_mode, **config)
    return as_aec(world) if aec else world


def register() -> list[str]:
    """Make every world known to PettingZoo's own ``make``: ``pettingzoo.make("parallel", "avatarium/wayfinding")``; returns the ids."""
    from avatarium.worlds.core import registration

    return registration.register()
