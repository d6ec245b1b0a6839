"""``avatarium battery``."""

import argparse
from pathlib import Path

from avatarium.leaderboards.commands import counted
from avatarium.worlds.core.errors import need


class BatteryCommand:
    """Put policies through the battery of curiosity."""

    help = "put a policy through the battery of curiosity: noisy screens, loops, glass, gazes, and knowledge asked for later"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", help="museum or wayfinding")
        parser.add_argument("policy", help="policy.zip, random, heuristic, oracle, WORLD/NAME, module:factory")
        parser.add_argument("--episodes", type=int, default=8, help="of every test and player (default: %(default)s)")
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting in all tests")
        parser.add_argument("--out", type=Path, default=Path("runs/battery"), help="folder for the transcripts (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Play, print the table, and what was left out."""
        need("rich", extra="leaderboards")
        from rich.table import Table

        from avatarium.leaderboards import battery, terminal
        from avatarium.worlds.core import discovery, settings

        terminal.ready()
        more = settings.parse_overrides(args.set, discovery.spec(args.world).config)
        with terminal.judging(args.out), terminal.bar(f"the battery of {args.world}", None) as advance:
            found = battery.examine(args.world, args.policy, counted(args.episodes), args.out, advance, more)
        table = Table("test", "score", "metric", *battery.WHO, "time in the trap", title=f"{args.policy} in {args.world}")
        for test, score, raw, evidence in found:
            trap = str(evidence["policy"]) if evidence else ""
            table.add_row(test.name, str(score), test.metric, *(f"{raw[who].value:.3g}" for who in battery.WHO), trap)
        terminal.say(table)
        terminal.say("0 is random play, 1 an explorer that knows the plan; means and 95 % bootstrap intervals over episodes")
        for name, why in battery.of(args.world).without.items():
            terminal.say(f"no test of {name}: {why}")
        return 0
