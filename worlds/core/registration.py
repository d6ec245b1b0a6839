"""Makes worlds known to PettingZoo's own ``make``."""

import pettingzoo

from avatarium.worlds.core import discovery

NAMESPACE = "avatarium"


def register() -> list[str]:
    """Let ``pettingzoo.make("parallel", "avatarium/<world>")``, and "aec" likewise, make every world; returns the ids.

    The version may be left out or given as ``-v<version>``; settings are keyword arguments, as in ``avatarium.worlds.make``.
    PettingZoo looks for no plugins, so this has to be called once in each process.
    """
    ids = []
    for name in discovery.names():
        ids.append(f"{NAMESPACE}/{name}-v{discovery.spec(name).version}")
        if ids[-1] not in pettingzoo.parallel_registry:
            pettingzoo.register("parallel", ids[-1], "avatarium.worlds:make", kwargs={"name": name})
            pettingzoo.register("aec", ids[-1], "avatarium.worlds:make", kwargs={"name": name, "aec": True})
    return ids
