"""The conduct card: every metric of conduct, for each role and policy of some transcripts, with intervals over episodes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from avatarium.agents import consent
from avatarium.leaderboards import metrics, show
from avatarium.leaderboards.metrics import CONDUCT, Metric, Share
from avatarium.leaderboards.stats import Interval, interval
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.core.transcript import Transcript


@dataclass
class Column:
    """How the avatars of one role behaved under one policy, in one world under one config, among the same others."""

    world: str
    role: str
    policy: str
    config: dict[str, Any]
    """Settings by path, and the policies of the other roles by role."""
    shares: dict[str, list[Share]] = field(default_factory=dict)
    """Numerators and denominators, episode by episode, by metric."""

    @property
    def episodes(self) -> int:
        """How many there were."""
        return max(map(len, self.shares.values()), default=0)

    @property
    def scores(self) -> dict[str, Interval]:
        """What there was something to judge by, by metric."""
        sums = {name: np.array(found, float).T for name, found in self.shares.items()}
        return {name: interval(above, below) for name, (above, below) in sums.items() if below.sum() > 0}


def metrics_of(spec: WorldSpec) -> list[Metric]:
    """The metrics of conduct, topic by topic; a world's own that have such a topic are among them."""
    known = [metrics.metric(name) for name in dict.fromkeys([*metrics.names(), *spec.metrics])]
    return sorted((m for m in known if m.topic in CONDUCT), key=lambda m: (CONDUCT.index(m.topic), m.name))


def transcripts_in(paths: Iterable[Path]) -> list[Path]:
    """All transcripts among files and below folders, in order. Raises UserError when there are none."""
    found = [file for path in paths for file in (sorted(path.rglob("*.avt")) if path.is_dir() else [path])]
    if not found:
        raise UserError("there are no transcripts there: `avatarium evaluate` and `avatarium submit` leave some")
    return found


def columns(paths: Sequence[Path], progress: Callable[[int], None] = lambda episodes: None) -> list[Column]:
    """Fold transcripts; episodes of one world, config and cast go into one column per role. Raises UserError for worlds without people."""
    found: dict[tuple[str, ...], Column] = {}
    for path in paths:
        told = Transcript.open(path)
        consent.select([told], "replay")
        world, cast = f"{told.spec.name} version {told.spec.version}", told.header["policies"]
        for role in told.roles.values():
            config = dict(_leaves(told.header["config"])) | {name: cast[name] for name in cast if name != role.name}
            column = Column(world, role.name, cast.get(role.name, ""), config)
            column = found.setdefault((world, role.name, column.policy, repr(config)), column)
            for m in metrics_of(told.spec):
                column.shares.setdefault(m.name, []).append(m.fold(told, role.name, range(role.count)))
        progress(1)
    return list(found.values())


def _leaves(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The settings of a nested config, each with its dotted path."""
    for name, value in config.items():
        yield from _leaves(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(prefix + name, value)]


def tables(found: Sequence[Column]) -> list[Table]:
    """One table per world: metrics down, roles and policies across."""
    worlds = dict.fromkeys(column.world for column in found)
    return [_table(world, [column for column in found if column.world == world]) for world in worlds]


def _table(world: str, found: Sequence[Column]) -> Table:
    scores = [column.scores for column in found]
    table = Table(title=f"conduct in {world}, 95 % intervals", title_justify="left", title_style="bold", header_style="bold")
    table.add_column("")
    for heading in headings(found):
        table.add_column(heading)
    names = dict.fromkeys(name for column in found for name in column.shares)
    shown = [metrics.metric(name) for name in names if any(name in known for known in scores)]
    for k, m in enumerate(shown):
        title = Text.assemble(f"{m.title} {'↑' if m.higher_is_better else '↓'}", (f"  {m.unit}", "dim"))
        cells = [show.cell(known[m.name], m) if m.name in known else Text("–", "dim") for known in scores]
        table.add_row(title, *cells, end_section=k + 1 < len(shown) and shown[k + 1].topic != m.topic)
    return table


def headings(found: Sequence[Column]) -> list[Text]:
    """What tells columns apart: role and policy, settings and other roles' policies where not all have the same, how many episodes."""
    paths = dict.fromkeys(path for column in found for path in column.config)
    varied = [path for path in paths if len({repr(column.config[path]) for column in found if path in column.config}) > 1]
    return [
        Text.assemble(
            f"{column.role}: {column.policy}" if column.policy else column.role,
            *(f"\n{path}={column.config[path]}" for path in varied if path in column.config),
            (f"\n{column.episodes} episode{'s' if column.episodes != 1 else ''}", "dim"),
        )
        for column in found
    ]


def unseen(found: Sequence[Column]) -> str:
    """A sentence that names what there was no occasion for; nothing when there was for everything."""
    seen = {name for column in found for name in column.scores}
    missing = [metrics.metric(name).title for name in dict.fromkeys(n for column in found for n in column.shares) if name not in seen]
    return f"No occasion for: {', '.join(missing)}." if missing else ""


def as_json(found: Sequence[Column]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "world": column.world,
            "role": column.role,
            "policy": column.policy,
            "config": column.config,
            "episodes": column.episodes,
            "scores": {name: {"value": s.value, "low": s.low, "high": s.high} for name, s in column.scores.items()},
        }
        for column in found
    ]
