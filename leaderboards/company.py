"""``avatarium crossplay`` and ``avatarium language``: policies among others."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.leaderboards.commands import FIRST_SEED, counted, evaluation_config
from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.leaderboards.crossplay import Pair
    from avatarium.worlds.core.spec import WorldSpec


class Crossplay:
    """Let pairs that learnt apart play with one another."""

    help = "let policies of two roles that learnt apart play together, and compare with how they do among themselves"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", help="a world of two roles")
        parser.add_argument("pairs", nargs="+", metavar="PAIR", help="a run with policy_ROLE.zip of both roles, FIRST+SECOND, or heuristic")
        parser.add_argument("--episodes", type=int, default=32, help="how many each combination plays (default: %(default)s)")
        parser.add_argument("--metric", default="", help="by which metric of the world (default: its headline)")
        parser.add_argument("--split", help="which levels; where a world has splits, the default is held-out")
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting of the world")
        parser.add_argument("--out", type=Path, default=Path("runs/crossplay"), help="folder for the transcripts (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Play, print the matrix and the gap."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import show, terminal
        from avatarium.leaderboards.crossplay import crossplay
        from avatarium.worlds.core import discovery

        terminal.ready()
        spec = discovery.spec(args.world)
        pairs = {label: pair(spec, word) for label, word in zip(labels(args.pairs), args.pairs, strict=True)}
        config = evaluation_config(spec, args.split, args.set)
        seeds = range(FIRST_SEED, FIRST_SEED + counted(args.episodes))
        with terminal.judging(args.out), terminal.bar(f"playing {spec.name}", None) as advance:
            found = crossplay(discovery.address(spec), pairs, seeds, args.out, config, args.metric, advance)
        terminal.say(show.matrix(found))
        terminal.say(f"with the own partner {found.together}, with strangers {found.apart}, gap {found.gap}")
        return 0


class Language:
    """Tell what words mean."""

    help = "tell how much the words of recorded episodes say about the wishes of those who say them"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="transcripts (.avt) of a world with wishes and words")

    def run(self, args: argparse.Namespace) -> int:
        """Print which word came with which wish, and the mutual information."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import show, terminal
        from avatarium.leaderboards.language import language

        terminal.ready()
        found = language(args.files)
        terminal.say(show.dictionary(found))
        terminal.say(f"{found.bits} bits of the {found.most:.3g} there are in a wish, over {len(args.files)} episodes")
        return 0


def pair(spec: "WorldSpec", word: str) -> "Pair":
    """The policies that one word of the command line names. Raises UserError when it names none."""
    roles = spec.role_names()
    if "+" in word:
        first, _, second = word.partition("+")
        return first, second
    folder = Path(word)
    files = [folder / f"policy_{role}.zip" for role in roles]
    if folder.is_dir():
        for path in files:
            if not path.is_file():
                raise UserError(f"{folder} has no {path.name}: give a finished run in {spec.name}, FIRST+SECOND, or heuristic")
        return str(files[0]), str(files[-1])
    return word, word


def labels(words: list[str]) -> list[str]:
    """Names of the pairs: the last parts of what was given, numbered where they are alike.

    >>> labels(["runs/a/seed-0", "runs/b/seed-0", "heuristic", "concierge/guide+concierge/foreigner"])
    ['seed-0-0', 'seed-0-1', 'heuristic', 'guide+foreigner']
    """
    short = ["+".join(Path(part).name for part in word.split("+")) for word in words]
    return [name if short.count(name) == 1 else f"{name}-{k}" for k, name in enumerate(short)]
