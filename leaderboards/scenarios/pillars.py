"""Pillars: which metrics tell how well a world's policies navigate, get on with others and explore, and who stands for 0 and 1."""

from typing import Any, NamedTuple

from avatarium.leaderboards import metrics
from avatarium.leaderboards.ranking.columns import PILLARS
from avatarium.leaderboards.scenarios import files
from avatarium.leaderboards.scenarios.frozen import Background, freeze
from avatarium.leaderboards.scenarios.scenario import MODES
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec


class Counted(NamedTuple):
    """A metric that counts for a pillar, in the scenarios of one mode."""

    pillar: str
    mode: str
    metric: str


def pillars(spec: WorldSpec) -> list[Counted]:
    """What counts for which pillar in a world; nothing where its scenarios say nothing. Raises UserError."""
    file = files.read(spec)
    table: dict[str, Any] = {} if file is None else file.found.get("pillars", {})
    for name, by_mode in table.items():
        _one_of(name, PILLARS, f"pillar in the scenarios of {spec.name}")
        for mode, counted in by_mode.items():
            _one_of(mode, MODES, f"mode of pillar {name} in the scenarios of {spec.name}")
            for word in counted:
                metrics.metric(word)
    return [Counted(name, mode, word) for name, modes in table.items() for mode, counted in modes.items() for word in counted]


def worlds_that_count() -> list[str]:
    """Names of the worlds in which something counts for a pillar."""
    return [name for name in discovery.names() if pillars(discovery.spec(name))]


def judged_by(spec: WorldSpec) -> tuple[str, ...]:
    """Names of all metrics that are folded over an episode: the world's own, the headline first, then what else counts for a pillar."""
    return tuple(dict.fromkeys([*spec.metrics, *(one.metric for one in pillars(spec))]))


def reference(spec: WorldSpec, role: str, people: str = "") -> Background:
    """The policy that stands for 1 in a role, among certain people: the one that they or the file name, else the world's heuristic.

    Raises UserError when it is not frozen.
    """
    file = files.read(spec)
    tables = [] if file is None else [*(e for e in file.found.get("people", []) if e.get("name") == people), file.found]
    address = next((table["reference"][role] for table in tables if role in table.get("reference", {})), None)
    if file is None or address is None:
        return freeze("heuristic" if spec.heuristic else "random", spec)
    frozen = file.frozen(spec)
    if address not in frozen:
        raise UserError(f"the reference {address!r} is not frozen: do so by `avatarium scenarios {spec.name} --freeze`")
    return frozen[address]


def _one_of(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        raise UserError(f"there is no {what} that is called {word!r}: {nearest(word, known)}")
