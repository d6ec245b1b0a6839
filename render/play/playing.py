"""``avatarium play``: an episode that a person lives through."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.render.commands import add_look, add_view
from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.render.play.desk import Desk
    from avatarium.render.play.player import Player
    from avatarium.render.viewer.window import Loop


class Play:
    """Take an avatar's place."""

    help = "take one avatar's place by keyboard or gamepad, among policies; the episode is recorded if you agree"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", help="a world's name, or package.module:WORLD")
        add_view(parser, "1280x720")
        add_look(parser)
        parser.set_defaults(camera="follow")
        parser.add_argument(
            "--others",
            default="",
            metavar="POLICY",
            help="who plays the others: WORLD/NAME of a population, heuristic, random, oracle, a policy (.zip) or module:factory "
            "(default: a trained policy that lives in the world and fits its settings, else the heuristic, else random)",
        )
        parser.add_argument("--mind", action="append", default=[], metavar="ROLE=POLICY", help="who plays the others of one role")
        parser.add_argument("--role", default="", help="whose place to take (default: the first role)")
        parser.add_argument("--avatar", type=int, default=0, metavar="K", help="which one of that role (default: %(default)s)")
        parser.add_argument("--seed", type=int, help="of the episode (default: another one each time)")
        parser.add_argument(
            "--out", type=Path, default=Path("runs/play"), metavar="FOLDER", help="where the transcript goes (default: %(default)s)"
        )
        parser.add_argument(
            "--consent",
            metavar="WORDS",
            help='agree to the recording beforehand, such as "I agree": no questions are asked, and the words are kept in the transcript',
        )
        parser.add_argument(
            "--key",
            type=Path,
            metavar="FILE",
            help="your token, by which you take consent back (default: beside the ledger in --out, made anew)",
        )
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting of the world")
        parser.add_argument("--steps", type=int, metavar="N", help="leave after so many steps")

    def run(self, args: argparse.Namespace) -> int:
        """Play until the episode ends and the window is closed; print where the transcript is."""
        import secrets

        from avatarium.render.draw import camera, context
        from avatarium.render.play.player import Player
        from avatarium.worlds.core import discovery, settings

        context.wanted(args.backend)
        camera.check(args.camera)
        if args.consent is not None and not args.consent.strip():
            raise UserError('--consent is empty: say what you agree to, such as --consent "I agree"')
        overrides = settings.parse_overrides(args.set, discovery.spec(args.world).config)
        seed = secrets.randbits(31) if args.seed is None else args.seed
        player = Player(args.world, seed, args.role, args.avatar, args.others, dict(map(settings.pair, args.mind)), overrides)
        try:
            play(player, args)
        finally:
            player.close()
        if player.path is not None:
            print(f"{player.path}   (avatarium consent withdraw {player.path})")
        if player.trouble:
            print(f"avatarium: {player.trouble}", file=sys.stderr)
        return 1 if player.trouble else 0


def play(player: "Player", args: argparse.Namespace) -> None:
    """Open the window, ask what has to be asked, and let the person play until they leave."""
    from avatarium.render.draw.theme import theme
    from avatarium.render.play.desk import Desk
    from avatarium.render.viewer.living import Living
    from avatarium.render.viewer.window import Loop

    look, (width, height) = theme(args.theme), args.size
    desk = Desk(f"{player.source.title} – avatarium", width, height, args.scale)
    try:
        player.grip = desk.grip
        viewer = Living(player.source, args.camera, player.agent)
        viewer.live, viewer.theme = True, look
        subtitle = player.source.subtitle

        def drive(held: frozenset[str]) -> bool:
            going = player.drive(held)
            player.source.subtitle = player.choosing() or subtitle
            if player.note:
                viewer.say(player.note, 1.0)
            return going

        loop = Loop(viewer, desk, args.backend, drive, bindings=player.scheme.keys())
        if welcome(player, desk, loop, args):
            viewer.say("space pauses · H help · Esc leaves", 6.0)
            loop.run(args.steps)
    finally:
        desk.close()


def welcome(player: "Player", desk: "Desk", loop: "Loop", args: argparse.Namespace) -> bool:
    """Ask for consent, unless words of the person give it, and show the keys; returns whether the person wants to play."""
    from avatarium.render.play import bindings, consent
    from avatarium.render.viewer import asking

    def ask(title: str, lines: Sequence[str]) -> bool:
        loop.draw()  # what the question stands before
        return asking.confirm(desk, loop.studio, title, lines)

    rows = bindings.table(player.scheme, desk.pads.any)
    loop.viewer.keys = rows
    line = args.consent
    if line is None:
        line = consent.STATEMENT if ask(consent.QUESTION, consent.told(args.out)) else None
        if desk.left or not ask(f"You are {player.agent}. Ready?", [f"{meaning}: {keys}" for keys, meaning in rows]):
            return False
    if line:
        player.record(args.out, consent.agreed(line, "gamepad" if desk.pads.any else "keyboard", args.out, args.key))
    desk.grip()  # what answered the questions is no move
    return True
