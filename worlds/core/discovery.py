"""Which worlds there are: folders of this package, modules on its shelf of diagnostics, and entry points of others."""

import functools
import pkgutil
import sys
from importlib import metadata

import avatarium.worlds
from avatarium.worlds.core.errors import UserError, nearest, resolve
from avatarium.worlds.core.spec import WorldSpec

GROUP = "avatarium.worlds"
SHELF = "diagnostics"
"""The folder whose modules are a world each."""
ROOMS = ("core", "gpu", SHELF)
"""Folders that are no world."""
DIAGNOSTIC = "diagnostic"
"""The tag of the worlds on that shelf."""


def names(tag: str | None = None) -> list[str]:
    """Names of all worlds, or of those with a tag."""
    return sorted(name for name in _addresses() if tag is None or tag in spec(name).tags)


def spec(name: str) -> WorldSpec:
    """The world called ``name``, or at the address ``package.module:WORLD``. Raises UserError when there is none."""
    if ":" in name:
        return _load(name)
    addresses = _addresses()
    if name not in addresses:
        raise UserError(f"there is no world {name!r}: {nearest(name, addresses)}")
    return _load(addresses[name])


def address(world: WorldSpec) -> str:
    """The name or address under which ``spec`` finds ``world`` again. Raises UserError when there is none."""
    if _addresses().get(world.name) and spec(world.name) is world:
        return world.name
    module = world.config.__module__
    for candidate in (module, module.rpartition(".")[0]):
        if getattr(sys.modules.get(candidate), "WORLD", None) is world:
            return f"{candidate}:WORLD"
    raise UserError(
        f"world {world.name!r} cannot be found again: name its WorldSpec WORLD in the module of its config, or in the package around it"
    )


@functools.cache
def _addresses() -> dict[str, str]:
    """Looked up once in a process: reading the entry points of everything that is installed takes as long as many an episode."""
    package, path = avatarium.worlds.__name__, avatarium.worlds.__path__
    shelf = pkgutil.iter_modules([f"{folder}/{SHELF}" for folder in path])
    found = {module.name: f"{package}.{SHELF}.{module.name}:WORLD" for module in shelf}
    folders = (f.name for f in pkgutil.iter_modules(path) if f.ispkg and f.name not in ROOMS)
    found.update({name: f"{package}.{name}:WORLD" for name in folders})
    found.update({entry.name: entry.value for entry in metadata.entry_points(group=GROUP)})
    return found


def _load(address: str) -> WorldSpec:
    world = resolve(address, "a world")
    if not isinstance(world, WorldSpec):
        raise UserError(f"{address!r} is a {type(world).__name__}, not a WorldSpec")
    return world
