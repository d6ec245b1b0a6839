"""``avatarium watch`` and ``record``: episodes on screen and on film."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.render.viewer.viewer import Viewer
    from avatarium.worlds.core.transcript import Transcript


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


def add_look(parser: argparse.ArgumentParser) -> None:
    """Declare theme and scale on ``parser``."""
    parser.add_argument("--theme", default="light", metavar="NAME", help="light or dark (default: %(default)s)")
    parser.add_argument("--scale", type=_scale, metavar="X", help="pixels to a point of text and panels (default: as the display needs)")


def _scale(text: str) -> float:
    """A scale from a text such as 1.5."""
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0.5 <= scale <= 4.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no scale from 0.5 to 4")
    return scale


def viewer_of(
    files: Sequence[Path],
    camera: str = "orbit",
    follow: str = "",
    start: int = 0,
    steps: int | None = None,
    backend: str = "auto",
    labels: Sequence[str] = (),
    theme: str = "light",
) -> "Viewer":
    """A viewer of one transcript, or of several side by side; ``labels`` are the titles of the panes.

    Raises UserError for files, cameras, avatars and steps that there are not.
    """
    from avatarium.render.draw import camera as cameras
    from avatarium.render.draw import context
    from avatarium.render.draw.theme import theme as named
    from avatarium.render.viewer.source import Replay
    from avatarium.render.viewer.viewer import Viewer
    from avatarium.worlds.core.errors import nearest

    context.wanted(backend)
    cameras.check(camera)
    look = named(theme)
    told = [_transcript(file) for file in files]
    if steps is not None and steps < 1:
        raise UserError(f"--steps is {steps}, but at least one step has to be shown")
    viewer = Viewer([Replay(transcript) for transcript in told], camera, follow, labels)
    viewer.theme = look
    if follow and follow not in viewer.scene().names:
        raise UserError(f"there is no {follow!r} here: {nearest(follow, viewer.scene().names)}")
    if not 0 <= start <= viewer.last:
        raise UserError(f"--start is {start}, but this episode has the steps 0 to {viewer.last}")
    viewer.seek(start)
    return viewer


def _transcript(file: Path) -> "Transcript":
    """A transcript to be shown; one that was cut is shown as far as it goes, and that is said."""
    from avatarium.render.play import consent
    from avatarium.worlds.core.transcript import Transcript

    if file.is_dir():
        raise UserError(f"{file} is a folder: name a transcript (.avt), or follow a training run with --live {file}")
    transcript = consent.seen(Transcript.open(file))
    if not transcript.complete:
        print(f"avatarium: {file} was cut; it is shown up to step {transcript.steps}", file=sys.stderr)
    return transcript


def watch(
    files: Sequence[Path],
    camera: str = "orbit",
    follow: str = "",
    start: int = 0,
    steps: int | None = None,
    size: tuple[int, int] = (1280, 720),
    backend: str = "auto",
    labels: Sequence[str] = (),
    theme: str = "light",
    scale: float | None = None,
) -> None:
    """Show one transcript, or several side by side, in a window until it is closed; see ``viewer_of``.

    Raises UserError where there is no display, too.
    """
    from avatarium.render.viewer.window import Loop, Screen

    viewer = viewer_of(files, camera, follow, start, steps, backend, labels, theme)
    screen = Screen(f"{viewer.source.title} – avatarium", *size, scale)
    try:
        Loop(viewer, screen, backend).run(steps)
    finally:
        screen.close()


def watch_run(
    folder: Path,
    camera: str = "orbit",
    follow: str = "",
    size: tuple[int, int] = (1280, 720),
    backend: str = "auto",
    theme: str = "light",
    scale: float | None = None,
) -> None:
    """Show the newest episode of a training run, and newer ones as they come, in a window until it is closed.

    Raises UserError when the folder is no run, and where there is no display.
    """
    from avatarium.render.draw import camera as cameras
    from avatarium.render.draw import context, frames
    from avatarium.render.draw.theme import theme as named
    from avatarium.render.viewer import live
    from avatarium.render.viewer.run import Run
    from avatarium.render.viewer.source import Replay
    from avatarium.render.viewer.viewer import Viewer
    from avatarium.render.viewer.window import Screen

    context.wanted(backend)
    cameras.check(camera)
    look, run = named(theme), Run(folder)
    screen = Screen(f"{folder.name} – avatarium", *size, scale)
    try:
        found = live.wait(run, screen, frames.studio(backend), look)
        if found is not None:
            viewer = Viewer(Replay(found[1]), camera, follow)
            viewer.theme = look
            live.Following(viewer, screen, backend, run, found[0]).run()
    finally:
        screen.close()


class Watch:
    """Watch recorded episodes, or a training run, in a window."""

    help = "watch recorded episodes (.avt), or a training run as it goes on, in a window"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("files", type=Path, nargs="*", metavar="file", help="one transcript (.avt), or up to four side by side")
        parser.add_argument(
            "--live", type=Path, metavar="RUN", help="the folder of a training run: show its newest episode, and newer ones"
        )
        add_view(parser, "1280x720")
        add_look(parser)
        _add_span(parser)
        parser.add_argument(
            "--screenshot", type=Path, metavar="FILE", help="open no window: save the picture after --start and --steps (PNG or JPEG)"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Show the window until it is closed."""
        if bool(args.files) == (args.live is not None):
            raise UserError("name either transcripts (.avt) or, with --live, the folder of a training run")
        if args.live is not None:
            if args.screenshot is not None:
                raise UserError("--screenshot shows a transcript: name one instead of --live")
            watch_run(args.live, args.camera, args.follow, args.size, args.backend, args.theme, args.scale)
        elif args.screenshot is not None:
            screenshot(args)
        else:
            where = (args.camera, args.follow, args.start, args.steps)
            watch(args.files, *where, args.size, args.backend, titles(args.files), args.theme, args.scale)
        return 0


def titles(files: Sequence[Path]) -> list[str]:
    """What panes are called: names of files, with their folders where the names alone would not tell them apart."""
    if len(files) < 2:
        return []
    names = [file.stem for file in files]
    return names if len(set(names)) == len(names) else [f"{file.resolve().parent.name}/{file.stem}" for file in files]


def screenshot(args: argparse.Namespace) -> None:
    """Save one picture, and print where it is."""
    from avatarium.render import video
    from avatarium.render.draw import frames

    where = (args.camera, args.follow, args.start, args.steps)
    viewer = viewer_of(args.files, *where, args.backend, titles(args.files), args.theme)
    viewer.scale = args.scale or 1.0
    viewer.seek(args.start + (args.steps or 0))
    video.save_picture(args.screenshot, viewer.frame(frames.studio(args.backend), *args.size))
    print(args.screenshot)


class Record:
    """Make a film of a recorded episode."""

    help = "make a film (MP4) of a recorded episode (.avt)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("file", type=Path, help="a transcript (.avt)")
        parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="the film (default: beside the transcript)")
        add_view(parser, "1280x720")
        add_look(parser)
        _add_span(parser)
        parser.add_argument("--fps", type=int, default=24, help="frames per second (default: %(default)s)")
        parser.add_argument("--speed", type=float, default=4.0, help="seconds of the world in a second of film (default: %(default)s)")
        parser.add_argument("--plain", action="store_true", help="without panels")

    def run(self, args: argparse.Namespace) -> int:
        """Write the film and print its path."""
        if not 1 <= args.fps <= 120 or not 0.01 <= args.speed <= 100:
            raise UserError(f"--fps {args.fps} --speed {args.speed}: frames per second go from 1 to 120, the speed from 0.01 to 100")
        viewer = viewer_of([args.file], args.camera, args.follow, args.start, args.steps, args.backend, (), args.theme)
        viewer.speed, viewer.scale = args.speed, args.scale or 1.0
        viewer.shown["panels"] = not args.plain
        out = args.out or args.file.with_suffix(".mp4")
        film(viewer, out, args.size, args.fps, args.steps, args.backend)
        print(out)
        return 0


def film(viewer: "Viewer", out: Path, size: tuple[int, int], fps: int, steps: int | None, backend: str) -> int:
    """Write ``viewer``'s episode from where it stands, ``steps`` steps or to the end; returns the number of frames."""
    from avatarium.render import video
    from avatarium.render.draw import frames
    from avatarium.render.viewer.source import STEP_S

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
