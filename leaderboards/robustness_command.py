"""``avatarium robustness``: curves of policies that are at hand, without submitting them."""

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.leaderboards.commands import counted
from avatarium.worlds.core.errors import UserError, nearest, need

if TYPE_CHECKING:
    from rich.table import Table

    from avatarium.agents.populations import Member
    from avatarium.leaderboards.metrics import Metric
    from avatarium.leaderboards.robustness import Point
    from avatarium.leaderboards.scenarios import Scenario
    from avatarium.worlds.core.spec import WorldSpec

EPISODES = 32


class Robustness:
    """Print what becomes of scores level by level."""

    help = "print what becomes of policies' scores when sensors get noisy, late or silent, or avatars out of step"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", help="a world whose scenarios ask for robustness")
        parser.add_argument(
            "policies", nargs="*", metavar="POLICY", help="policy.zip, WORLD/NAME ... (default: every trained one of the world)"
        )
        parser.add_argument("--setting", default="sync.aosi", help="which setting gets worse (default: %(default)s)")
        parser.add_argument("--metric", default="", help="by which metric of the world (default: its headline)")
        parser.add_argument(
            "--role", default="", help="whom to judge, in a world of several roles (default: those that the policies are for)"
        )
        parser.add_argument("--episodes", type=int, default=EPISODES, help="per policy and level (default: %(default)s)")
        parser.add_argument("--markdown", action="store_true", help="print a table in Markdown")
        parser.add_argument("--json", type=Path, help="also write the points to this file")

    def run(self, args: argparse.Namespace) -> int:
        """Play all levels on the same seeds, and print a row per policy."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import show, terminal
        from avatarium.leaderboards.metrics import metric
        from avatarium.worlds.core import discovery

        terminal.ready()
        spec = discovery.spec(args.world)
        by, episodes = metric(args.metric or spec.metrics[0]), counted(args.episodes)
        rows: dict[str, list[Point]] = {}
        for name, role in _asked(spec, args.policies, args.role):
            base, *levels = (with_settings(one, needed(name)) for one in _levels(spec, role, args.setting))
            with terminal.bar(f"playing {name}", episodes * (1 + len(levels))) as advance:
                rows[name] = curve(spec, role, name, (base, *levels), by, episodes, advance)
        shown = table(f"{by.title} in {base.name} of {spec.name}, by {args.setting}", rows, by)
        terminal.say(show.markdown(shown) if args.markdown else shown)
        if args.json:
            args.json.write_text(
                json.dumps({name: [dataclasses.asdict(point) for point in points] for name, points in rows.items()}, indent=1) + "\n"
            )
        return 0


def _asked(spec: "WorldSpec", names: Sequence[str], role: str) -> list[tuple[str, str]]:
    """Policies with the role each is judged in; every trained one of the world where none is named."""
    from avatarium.agents import exported, populations

    if role and role not in spec.role_names():
        raise UserError(f"{spec.name} has no role {role!r}: {nearest(role, spec.role_names())}")
    if not names:
        trained = [m for m in populations.members(spec.name) if m.kind == populations.TRAINED and (not role or role in m.roles)]
        if not trained:
            raise UserError(f"no trained policy lives in {spec.name}: name the policies that are to play")
        return [(m.address, role or m.roles[0]) for m in trained]
    made_for = {name: exported.read(Path(name))[0].role for name in names if name.endswith(".zip")}
    made_for |= {name: member.roles[0] for name in names if (member := _resident(name))}
    return [(name, role or made_for.get(name, spec.role_names()[0])) for name in names]


def _resident(name: str) -> "Member | None":
    """The member of a population that is called ``WORLD/NAME``; None for a file or a factory."""
    from avatarium.agents import populations

    return populations.find(name) if "/" in name and ":" not in name and not name.endswith(".zip") else None


def needed(name: str) -> Mapping[str, Any]:
    """Settings of its world that a policy of a population needs, such as how it commands."""
    member = _resident(name)
    return member.settings if member else {}


def with_settings(scenario: "Scenario", settings: Mapping[str, Any]) -> "Scenario":
    """A scenario with other settings, which is no scenario of a leaderboard any more."""
    return dataclasses.replace(scenario, config={**scenario.config, **settings})


def _levels(spec: "WorldSpec", role: str, setting: str) -> list["Scenario"]:
    """The scenario as it should be, then those in which a setting is worse. Raises UserError where there are none."""
    from avatarium.leaderboards.scenarios import robustness, scenarios

    lesions = robustness(spec, role)
    known = dict.fromkeys(one.lesion[0] for one in lesions if one.lesion)
    if setting not in known:
        raise UserError(f"no scenario of {spec.name} makes {setting!r} worse: {nearest(setting, known)}")
    base = lesions[0].name.rpartition("/")[0]
    whole = next(one for one in scenarios(spec, role) if one.name == base)
    return [whole, *(one for one in lesions if one.lesion and one.lesion[0] == setting)]


def curve(
    spec: "WorldSpec",
    role: str,
    name: str,
    levels: Sequence["Scenario"],
    by: "Metric",
    episodes: int,
    progress: Callable[[int], None] = lambda episodes: None,
) -> list["Point"]:
    """The points of one policy's curve over ``levels``, of which the first is the scenario without a lesion, all on the same seeds."""
    from avatarium import agents
    from avatarium.leaderboards import robustness
    from avatarium.leaderboards.block import play_block
    from avatarium.worlds.core import discovery

    played = []
    for one in levels:
        policy = agents.load(name, discovery.address(spec), role, **one.config)
        with tempfile.TemporaryDirectory(prefix="avatarium-robustness-") as folder:
            played.append(play_block(one, spec, role, policy, one.seeds(episodes), Path(folder)))
        progress(episodes)
    (points,) = robustness.curves(by, played[0], list(zip(levels[1:], played[1:], strict=True))).values()
    return points


def table(title: str, rows: Mapping[str, Sequence["Point"]], by: "Metric") -> "Table":
    """A row per policy, a column per level, and what the last level costs."""
    from avatarium.leaderboards.show import cell, plain

    shown = plain(title)
    shown.add_column("policy", no_wrap=True)
    first = next(iter(rows.values()))
    for point in first:
        shown.add_column(f"{point.level:g}")
    shown.add_column(f"0 less {first[-1].level:g}")
    for name, points in rows.items():
        shown.add_row(name, *(cell(point.score, by) for point in points), cell(points[-1].loss, by))
    return shown
