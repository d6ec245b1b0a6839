"""``avatarium evaluate``, ``avatarium submit``, ``avatarium leaderboard`` and ``avatarium conduct``."""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.leaderboards.board import Board, Row
    from avatarium.leaderboards.store import Store
    from avatarium.worlds.core.spec import WorldSpec

BOARD = Path("runs/leaderboard.sqlite")
EPISODES = 16
MOST_EPISODES = 10_000
FIRST_SEED = 1_000_000


class Evaluate:
    """Compare policies on one setting of a world."""

    help = "let policies play the same episodes, which training has not seen, and compare their scores"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("policies", nargs="+", metavar="[WORLD] POLICY", help="policy.zip, random, heuristic, oracle, module:factory")
        parser.add_argument("--episodes", type=int, default=EPISODES, help="how many seeds each policy plays (default: %(default)s)")
        parser.add_argument("--split", help="which levels; where a world has splits, the default is held-out")
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting of the world")
        parser.add_argument("--role", help="who is judged, in a world of several roles (default: whom the first submission is for)")
        parser.add_argument("--mind", action="append", default=[], metavar="ROLE=POLICY", help="a policy for a role that is not judged")
        parser.add_argument("--out", type=Path, default=Path("runs/evaluate"), help="folder for the transcripts (default: %(default)s)")
        parser.add_argument("--all", action="store_true", help="show every metric, not only the first three")

    def run(self, args: argparse.Namespace) -> int:
        """Play, print the table, say where the transcripts are."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import evaluate, show, terminal
        from avatarium.worlds.core import discovery, settings

        terminal.ready()
        world, policies = split_world(args.policies)
        config, others = evaluation_config(world, args.split, args.set), dict(map(settings.pair, args.mind))
        seeds = range(FIRST_SEED, FIRST_SEED + counted(args.episodes))
        with terminal.judging(args.out), terminal.bar(f"playing {world.name}", None) as advance:
            results = evaluate.evaluate(discovery.address(world), policies, seeds, config, args.out, args.role, advance, others)
        terminal.say(show.results(results, args.all))
        for result in results:
            for fault in result.faults[:1]:
                terminal.say(f"{result.policy} failed in {len(result.faults)} episodes, which score the least there is: {fault}.")
        terminal.say(f"transcripts: {args.out}/**/*.avt")
        return 0


class Submit:
    """Bring a policy onto the leaderboard."""

    help = "check a policy.zip, run it in the sandbox through all scenarios, and put it on the leaderboard"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("policy", type=Path, metavar="POLICY.zip", help="a zip of manifest.json and policy.onnx, as training writes it")
        parser.add_argument("--world", help="package.module:WORLD, for a world that is not installed under a name")
        parser.add_argument("--episodes", type=int, default=EPISODES, help="episodes per scenario (default: %(default)s)")
        parser.add_argument("--board", type=Path, default=BOARD, help="the leaderboard's file (default: %(default)s)")
        from avatarium.leaderboards.sandbox.trust import FLAG

        parser.add_argument(FLAG, action="store_true", help="play the file even where this machine's sandbox is weak")

    def run(self, args: argparse.Namespace) -> int:
        """Check, play, store and print; what an earlier, interrupted run has stored is not played again."""
        need("rich", extra="leaderboards")
        from avatarium.agents.exported import read
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.check_command import warn
        from avatarium.leaderboards.judge import court, submit
        from avatarium.leaderboards.queue.entry import policy_key
        from avatarium.leaderboards.store import Store
        from avatarium.worlds.core import discovery

        terminal.ready()
        manifest, onnx_bytes = read(args.policy)
        warn(args.policy)
        key = policy_key(manifest, onnx_bytes)
        where = court(discovery.spec(args.world or manifest.world), counted(args.episodes), manifest.role)
        with Store(args.board) as store:
            left = where.total - where.done(store, key)
            what = f"{manifest.name} in {len(where.scenarios)} scenarios"
            with terminal.judging(args.board.parent), terminal.bar(what, left) as advance:
                try:
                    submit(store, args.policy, where, advance, args.i_trust_these_files)
                except KeyboardInterrupt:
                    terminal.say(f"{where.done(store, key)} of {where.total} episodes are stored; the same command goes on from there")
                    raise
            show_boards([completed(store, where.spec, where.role, where.episodes)])
        return 0


class Leaderboard:
    """Print who stands where."""

    help = "print the leaderboard: scores with 95 % intervals, places, and how policies generalise"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", nargs="?", help="a world; without it, every world that somebody has submitted to")
        parser.add_argument("--policy", help="show this policy (its name or key) scenario by scenario: places, people and customs")
        parser.add_argument("--company", action="store_true", help="with --policy: what the people around it gain or lose by it")
        parser.add_argument("--episodes", type=int, help="rank those who played as many per scenario (default: the most that anybody did)")
        parser.add_argument("--board", type=Path, default=BOARD, help="the leaderboard's file (default: %(default)s)")
        parser.add_argument("--all", action="store_true", help="show every metric, not only the first three")
        parser.add_argument("--json", action="store_true", help="print JSON with every score, key and transcript")

    def run(self, args: argparse.Namespace) -> int:
        """Print one table per world and role."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.store import Store
        from avatarium.worlds.core import discovery

        terminal.ready()
        if args.company and not args.policy:
            raise UserError("--company is about one policy: name it with --policy")
        if args.world is None and not args.board.exists():
            raise UserError(f"there is no leaderboard at {args.board}: submit a policy with `avatarium submit POLICY.zip` first")
        wanted = discovery.spec(args.world) if args.world else None
        with Store(args.board) as store:
            address = discovery.address(wanted) if wanted else None
            known = dict.fromkeys((s.world, s.role) for s in store.submissions(address))
            if wanted and address and not known:
                known = {(address, wanted.role_names()[0]): None}
            show_boards([completed(store, discovery.spec(world), role, args.episodes) for world, role in known], args)
        return 0


class Conduct:
    """Print how people behave towards one another."""

    help = "read from transcripts how avatars treat one another: space, giving way, greetings, turns, promises"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("transcripts", nargs="+", type=Path, metavar="FILE.avt", help="transcripts, or folders of them")
        parser.add_argument("--json", action="store_true", help="print JSON with every score, role and policy")

    def run(self, args: argparse.Namespace) -> int:
        """Fold the transcripts and print one table per world."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.conduct import card

        paths = card.transcripts_in(args.transcripts)
        with terminal.bar("reading transcripts", len(paths)) as advance:
            found = card.columns(paths, advance)
        if args.json:
            print(json.dumps(card.as_json(found), indent=1))
            return 0
        for table in card.tables(found):
            terminal.say(table)
        if sentence := card.unseen(found):
            terminal.say(sentence)
        return 0


def completed(store: "Store", spec: "WorldSpec", role: str, episodes: int | None) -> "Board":
    """The board of a world and role, after the world's own policies have played what they had not."""
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.board import board, most_episodes
    from avatarium.leaderboards.judge import court, score_baselines

    most = most_episodes(store, spec, role) or EPISODES
    where = court(spec, counted(most if episodes is None else episodes), role)
    with terminal.judging(Path(store.database.name).parent), terminal.bar("the world's own policies", None) as advance:
        score_baselines(store, where, advance)
    return board(store, where)


def show_boards(boards: "list[Board]", args: argparse.Namespace | None = None) -> None:
    """Print boards, or one policy's line of them in full, as tables or as JSON."""
    from avatarium.leaderboards import show, terminal
    from avatarium.leaderboards.board import find

    chosen = [find(found, args.policy) if args and args.policy else None for found in boards]
    if args and args.json:
        print(json.dumps([show.as_json(found, one) for found, one in zip(boards, chosen, strict=True)], indent=1))
        return
    for found, one in zip(boards, chosen, strict=True):
        everything = bool(args and args.all)
        terminal.say(show.by_scenario(one, found, everything) if one else show.standings(found, everything))
        if one and args and args.company:
            show_company(one, found)
        for note in show.notes(found):
            terminal.say(note)


def show_company(one: "Row", found: "Board") -> None:
    """Print what background people gain or lose by a policy."""
    from avatarium.leaderboards import company_effects, terminal

    with terminal.bar("the others among themselves", None) as advance:
        effects = company_effects.effects(one, found.court, found.metrics[0], advance)
    if effects:
        terminal.say(company_effects.table(one.submission.name, effects))
    else:
        terminal.say(f"nobody shares a role with {one.submission.name} in the scenarios of {found.court.spec.name}")


def split_world(words: list[str]) -> "tuple[WorldSpec, dict[str, str]]":
    """The world and the policies by name: the first word is the world, unless it is a submission, which says its world itself."""
    from avatarium.agents.exported import read
    from avatarium.worlds.core import discovery

    if not words[0].endswith(".zip"):
        world, words = discovery.spec(words[0]), words[1:]
    else:
        world = discovery.spec(read(words[0])[0].world)
    if not words:
        raise UserError(f"name a policy to evaluate in {world.name}, such as random, heuristic, oracle or policy.zip")
    words = list(dict.fromkeys(words))
    return world, dict(zip(labels(words), words, strict=True))


def labels(words: list[str]) -> list[str]:
    """What policies are called in tables, and the folders of their transcripts: a zip by its stem; where that says too little, by its path
    below the folder that all such zips share.

    >>> labels(["runs/one/policy.zip", "runs/two/policy.zip", "best.zip", "random"])
    ['one/policy.zip', 'two/policy.zip', 'best', 'random']
    """
    stems = [Path(word).stem if word.endswith(".zip") else word for word in words]
    unclear = {word: Path(word).resolve() for word in words if word.endswith(".zip") and stems.count(Path(word).stem) > 1}
    shared = os.path.commonpath([path.parent for path in unclear.values()]) if unclear else ""
    return [str(unclear[word].relative_to(shared)) if word in unclear else stem for word, stem in zip(words, stems, strict=True)]


def evaluation_config(world: "WorldSpec", split: str | None, overrides: list[str]) -> dict[str, Any]:
    """Config overrides from the command line; where the world has splits, levels are held out unless something else is asked for."""
    from avatarium.worlds.core import settings

    config = settings.parse_overrides(overrides, world.config)
    if split is not None:
        config["split"] = split
    elif hasattr(world.config(), "split"):
        config.setdefault("split", "held-out")
    return config


def counted(episodes: int) -> int:
    """A number of episodes that can be played. Raises UserError."""
    if not 1 <= episodes <= MOST_EPISODES:
        raise UserError(f"--episodes {episodes} cannot be played: give a number from 1 to {MOST_EPISODES}")
    return episodes
