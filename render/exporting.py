"""``avatarium export``: a recorded episode as something that is watched without avatarium."""

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from avatarium.worlds.core.errors import UserError

FORMATS = (".html",)


class Export:
    """Turn a transcript into a web page of its own."""

    help = "make a web page (HTML, one file) of a recorded episode (.avt)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("file", type=Path, help="a transcript (.avt)")
        parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="the page (default: beside the transcript)")
        parser.add_argument("--html", action="store_true", help="a page in one file that needs no network (what -o FILE.html makes, too)")
        parser.add_argument("--camera", default="orbit", metavar="NAME", help="orbit, follow, top or first (default: %(default)s)")
        parser.add_argument("--follow", default="", metavar="AVATAR", help="whom to follow, such as walker_2 (default: the first)")
        parser.add_argument("--start", type=int, default=0, metavar="STEP", help="where to begin (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Write the page and print its path."""
        out = args.out or args.file.with_suffix(".html")
        if not args.html and out.suffix.lower() not in FORMATS:
            raise UserError(f"{out} says no format that is known: let its name end in {' or '.join(FORMATS)}, or add --html")
        print(export_html(args.file, out, args.camera, args.follow, args.start))
        return 0


def export_html(file: Path, out: Path, camera: str = "orbit", follow: str = "", start: int = 0) -> Path:
    """Write the page of the transcript ``file`` to ``out`` and return that path; a page that is there stays whole until it is replaced.

    Raises UserError for files, cameras, avatars and steps that there are not, and where the page cannot be written.
    """
    from avatarium.render.draw import camera as cameras
    from avatarium.render.play import consent
    from avatarium.render.web import packing, page, replay
    from avatarium.worlds.core.errors import nearest
    from avatarium.worlds.core.transcript import Transcript

    cameras.check(camera)
    told = consent.seen(Transcript.open(file))
    if not told.complete:
        print(f"avatarium: {file} was cut; the page shows it up to step {told.steps}", file=sys.stderr)
    if not 0 <= start <= told.steps:
        raise UserError(f"--start is {start}, but this episode has the steps 0 to {told.steps}")
    parcel = replay.parcel(told, _progress(out.name, told.steps))
    names = packing.unpack(parcel)[0]["names"]
    if follow and follow not in names:
        raise UserError(f"there is no {follow!r} here: {nearest(follow, names)}")
    text = page.page(parcel, replay.title(told), start, follow, camera)
    partial = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(out)
    except OSError as failure:
        with suppress(OSError):
            partial.unlink()
        raise UserError(f"cannot write {out}: {failure.strerror}") from failure
    return out


def _progress(name: str, steps: int) -> Callable[[int], None]:
    """Tells on a terminal how far reading has come."""

    def told(frame: int) -> None:
        if frame % 100 == 0 or frame == steps:
            print(f"\r{name}: frame {frame} of {steps}", end="\n" if frame == steps else "", file=sys.stderr, flush=True)

    return told if sys.stderr.isatty() else lambda frame: None
