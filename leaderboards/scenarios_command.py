"""``avatarium scenarios`` and ``avatarium anchors``: what policies are judged in, and the scale that their scores are measured on."""

import argparse
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from rich.table import Table

    from avatarium.worlds.core.spec import WorldSpec

EPISODES = 16


class Scenarios:
    """List the scenarios of worlds, or freeze the background people in them."""

    help = "list the scenarios in which a world's policies are judged, or freeze the background people in them"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("worlds", nargs="*", metavar="WORLD", help="which worlds (default: all that people are ranked in)")
        parser.add_argument("--freeze", action="store_true", help="write the lock anew: background people as they are now")

    def run(self, args: argparse.Namespace) -> int:
        """Print one table per world, or write locks."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.scenarios import files

        for spec in chosen(args.worlds):
            if not args.freeze:
                terminal.say(table(spec))
                continue
            lock = files.write_lock(spec)
            terminal.say(f"{spec.name}: {lock.name if lock else 'its scenarios name no policies, so there is nothing to freeze'}")
        return 0


class Anchors:
    """Make or check anchors."""

    help = "let the random policy and the reference play a world's scenarios, and write down what they score: 0 and 1 of the scale"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("worlds", nargs="*", metavar="WORLD", help="which worlds (default: all that people are ranked in)")
        parser.add_argument("--check", action="store_true", help="play nothing, only say whether anchors are intact and up to date")
        parser.add_argument("--episodes", type=int, default=EPISODES, help="of each scenario, by each of the two (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Play and write, or check: 1 when some anchors cannot be used."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import anchors, terminal
        from avatarium.leaderboards.anchors import making
        from avatarium.leaderboards.commands import counted

        wrong = 0
        for spec in chosen(args.worlds):
            if args.check:
                try:
                    terminal.say(f"{spec.name}: {anchors.anchors(spec).sha256}")
                except UserError as error:
                    wrong += 1
                    terminal.say(str(error))
                continue
            episodes = counted(args.episodes)
            with terminal.bar(f"anchors of {spec.name}", making.total(spec, episodes)) as advance:
                making.make(spec, episodes, advance)
            terminal.say(f"{spec.name}: {anchors.anchors(spec).sha256}")
        return 1 if wrong else 0


def chosen(words: list[str]) -> "list[WorldSpec]":
    """The worlds that are named, else all that have a file of scenarios."""
    from avatarium.leaderboards.scenarios import files
    from avatarium.worlds.core import discovery

    if words:
        return [discovery.spec(word) for word in words]
    return [spec for spec in map(discovery.spec, discovery.names()) if files.read(spec) is not None]


def table(spec: "WorldSpec") -> "Table":
    """The scenarios of a world: their names, who plays in them, and what nobody may have trained with."""
    from rich.table import Table

    from avatarium.leaderboards.scenarios import robustness, scenarios

    found = Table(title=f"{spec.name} version {spec.version}", title_justify="left", title_style="bold", header_style="bold")
    for heading in ("scenario", "mode", "roles", "background", "held out"):
        found.add_column(heading)
    for one in (*scenarios(spec), *robustness(spec)):
        people = ", ".join(f"{b.address} (hidden)" if b.hidden else b.address for b in one.background)
        mode = f"{one.mode.name}, {one.mode.focal} seats" if one.mode.focal else one.mode.name
        roles, held_out = ", ".join(one.roles or spec.role_names()), ", ".join(one.held_out)
        found.add_row(one.name, mode, roles, people, held_out, style="" if one.ranked else "dim")
    return found
