"""Networks in plain torch, by their name: every ``Policy`` in the modules of this folder."""

import importlib
import pkgutil

from honest.room import Policy


def found() -> dict[str, type[Policy]]:
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    own = [kind for module in modules for kind in vars(module).values() if getattr(kind, "__module__", "") == module.__name__]
    return {kind.__name__: kind for kind in own if isinstance(kind, type) and issubclass(kind, Policy)}
