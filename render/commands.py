"""``avatarium watch`` and ``record``: episodes on screen and on film."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.render.viewer import Viewer


def _size(text: str) -> tuple[int, int]:
    """Width and height from a text such as 1280x720."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1280x720")
    if not (64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"{text} is out of range: each side has to be from 64 to 8192 pixels")
    return int(width), int(height)


def add_view(parser: argparse.ArgumentParser, size: str) -> None:
    """Declare camera, size and backend on ``parser``."""
    parser.add_argument("--camera", default="orbit", metavar="NAME", help="orbit, follow, top or first (default: %(default)s)")
    parser.add_argument("--size", type=_size, default=size, metavar="WxH", help="in pixels (default: %(default)s)")
    parser.add_argument("--backend", default="auto", help="what draws: auto, gl or cpu (default: %(default)s)")


def _add_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow", default="", metavar="AVATAR", help="whom to follow, such as walker_2 (default: the first)")
    parser.add_argument("--start", type=int, default=0, metavar="STEP", help="where to begin (default: %(default)s)")
    parser.add_argument("--steps", type=int, metavar="N", help="show so many steps and stop (default: to the end)")


def _viewer(args: argparse.Namespace) -> "Viewer":
    """A viewer of the transcript ``args.file`` as the options want it."""
    from avatarium.render import camera, context
    from avatarium.render.source import Replay
    from avatarium.render.viewer import Viewer
    from avatarium.worlds.core.errors import nearest
    from avatarium.worlds.core.transcript import Transcript

    context.wanted(args.backend)
    if args.camera not in camera.NAMES:
        raise UserError(f"there is no camera {args.camera!r}: {nearest(args.camera, camera.NAMES)}")
    transcript = Transcript.open(args.file)
    if not transcript.complete:
        print(f"avatarium: {args.file} was cut; it is shown up to step {transcript.steps}", file=sys.stderr)
    if args.steps is not None and args.steps < 1:
        raise UserError(f"--steps is {args.steps}, but at least one step has to be shown")
    viewer = Viewer(Replay(transcript), args.camera, args.follow)
    if args.follow and args.follow not in viewer.scene().names:
        raise UserError(f"there is no {args.follow!r} here: {nearest(args.follow, viewer.scene().names)}")
    if not 0 <= args.start <= transcript.steps:
        raise UserError(f"--start is {args.start}, but this episode has the steps 0 to {transcript.steps}")
    viewer.seek(args.start)
    return viewer


class Watch:
    """Watch a recorded episode in a window."""

    help = "watch a recorded episode (.avt) in a window"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("file", type=Path, help="a transcript (.avt)")
        add_view(parser, "1280x720")
        _add_span(parser)
        parser.add_argument(
            "--screenshot", type=Path, metavar="FILE", help="open no window: save the picture after --start and --steps (PNG or JPEG)"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Show the window until it is closed."""
        viewer = _viewer(args)
        if args.screenshot is not None:
            from avatarium.render import frames, video

            viewer.seek(args.start + (args.steps or 0))
            video.save_picture(args.screenshot, viewer.frame(frames.studio(args.backend), *args.size))
            print(args.screenshot)
            return 0
        from avatarium.render.window import Loop, Screen

        screen = Screen(f"{viewer.source.title} – avatarium", *args.size)
        try:
            Loop(viewer, screen, args.backend).run(args.steps)
        finally:
            screen.close()
        return 0


class Record:
    """Make a film of a recorded episode."""

    help = "make a film (MP4) of a recorded episode (.avt)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("file", type=Path, help="a transcript (.avt)")
        parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="the film (default: beside the transcript)")
        add_view(parser, "1280x720")
        _add_span(parser)
        parser.add_argument("--fps", type=int, default=24, help="frames per second (default: %(default)s)")
        parser.add_argument("--speed", type=float, default=4.0, help="seconds of the world in a second of film (default: %(default)s)")
        parser.add_argument("--plain", action="store_true", help="without panels")

    def run(self, args: argparse.Namespace) -> int:
        """Write the film and print its path."""
        if not 1 <= args.fps <= 120 or not 0.01 <= args.speed <= 100:
            raise UserError(f"--fps {args.fps} --speed {args.speed}: frames per second go from 1 to 120, the speed from 0.01 to 100")
        viewer = _viewer(args)
        viewer.speed = args.speed
        viewer.shown["panels"] = not args.plain
        out = args.out or args.file.with_suffix(".mp4")
        film(viewer, out, args.size, args.fps, args.steps, args.backend)
        print(out)
        return 0


def film(viewer: "Viewer", out: Path, size: tuple[int, int], fps: int, steps: int | None, backend: str) -> int:
    """Write ``viewer``'s episode from where it stands, ``steps`` steps or to the end; returns the number of frames."""
    from avatarium.render import frames, video
    from avatarium.render.source import STEP_S

    studio = frames.studio(backend)
    end = min(viewer.source.last, viewer.now + steps) if steps is not None else viewer.source.last
    total = int((end - viewer.now) * STEP_S / viewer.speed * fps + 1e-6) + 1
    progress = sys.stderr.isatty()
    with video.Film(out, *size, fps) as written:
        for k in range(total):
            written.add(viewer.frame(studio, *size))
            viewer.advance(1 / fps)
            if progress and (k % 10 == 9 or k == total - 1):
                print(f"\r{out.name}: frame {k + 1} of {total}", end="\n" if k == total - 1 else "", file=sys.stderr, flush=True)
    return total
