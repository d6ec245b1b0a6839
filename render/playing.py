"""``avatarium play``: an episode that a person lives through."""

import argparse
from pathlib import Path

from avatarium.render.commands import add_view
from avatarium.worlds.core.errors import UserError


class Play:
    """Take an avatar's place."""

    help = "take one avatar's place with the keyboard; the episode is recorded"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("world", help="a world's name, or package.module:WORLD")
        add_view(parser, "1280x720")
        parser.set_defaults(camera="follow")
        parser.add_argument(
            "--others", default="", metavar="POLICY", help="who plays the others: heuristic, random, oracle or a policy (.zip)"
        )
        parser.add_argument("--role", default="", help="whose place to take (default: the first role)")
        parser.add_argument("--avatar", type=int, default=0, metavar="K", help="which one of that role (default: %(default)s)")
        parser.add_argument("--seed", type=int, help="of the episode (default: another one each time)")
        parser.add_argument(
            "--out", type=Path, default=Path("runs/play"), metavar="FOLDER", help="where the transcript goes (default: %(default)s)"
        )
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="change a setting of the world")
        parser.add_argument("--steps", type=int, metavar="N", help="leave after so many steps")

    def run(self, args: argparse.Namespace) -> int:
        """Play until the episode ends and the window is closed; print where the transcript is."""
        import secrets

        from avatarium.render import camera, context
        from avatarium.render.player import Player
        from avatarium.render.viewer import Viewer
        from avatarium.render.window import Loop, Screen
        from avatarium.worlds.core import discovery, settings
        from avatarium.worlds.core.errors import nearest

        context.wanted(args.backend)
        if args.camera not in camera.NAMES:
            raise UserError(f"there is no camera {args.camera!r}: {nearest(args.camera, camera.NAMES)}")
        spec = discovery.spec(args.world)
        others = args.others or ("heuristic" if spec.heuristic is not None else "random")
        config = settings.parse_overrides(args.set, spec.config)
        screen = Screen(f"{spec.name} – avatarium", *args.size)
        try:
            seed = secrets.randbits(31) if args.seed is None else args.seed
            player = Player(args.world, others, seed, args.out, args.role, args.avatar, config)
            viewer = Viewer(player.source, args.camera, player.agent)
            viewer.live = True
            viewer.say("W A S D walk · Q E or arrows turn · space pauses · H help", 6.0)
            try:
                Loop(viewer, screen, args.backend, player.drive).run(args.steps)
            finally:
                player.close()
        finally:
            screen.close()
        print(player.path)
        return 0
