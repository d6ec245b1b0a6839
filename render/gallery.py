"""``avatarium gallery``: every world from every camera, and a short clip of each, drawn from episodes of those who live there."""

import argparse
import importlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest, need

if TYPE_CHECKING:
    from avatarium.render.viewer.viewer import Viewer
    from avatarium.worlds.core.transcript import Transcript

SEED = 7
STILL, CLIP = (1280, 720), (400, 226)
STILL_QUALITY, CLIP_QUALITY = 80, 42
FRAMES, FPS, SPEED = 40, 10, 4.0
"""Of a clip: how many frames, shown how fast, and seconds of the world in a second."""
AROUND = 12
"""Steps within which a moment is judged by what happens."""
RARE = 0.1
"""Kinds of event that happen less often than this per step and avatar are worth a look."""


class Gallery:
    """Draw a gallery."""

    help = "draw every world from every camera, and a short clip of each (WebP)"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("worlds", nargs="*", metavar="world", help="which worlds (default: all that have a population)")
        parser.add_argument("--out", type=Path, default=Path("runs/gallery"), metavar="FOLDER", help="where to (default: %(default)s)")
        parser.add_argument("--backend", default="auto", help="what draws: auto, gl or cpu (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Draw, and print the path and the size of every file."""
        populations: Any = importlib.import_module("avatarium.agents.populations")
        names = args.worlds or [name for name in discovery.names() if name in populations.worlds()]
        for name in names:
            if name not in discovery.names():
                raise UserError(f"there is no world {name!r}: {nearest(name, discovery.names())}")
        for name in names:
            for path in draw(name, args.out, args.backend):
                print(f"{path}  {path.stat().st_size / 1000:.0f} kB", flush=True)
        return 0


def draw(world: str, out: Path, backend: str = "auto") -> list[Path]:
    """Draw ``WORLD-CAMERA.webp`` for every camera and the clip ``WORLD.webp`` into ``out``; returns the files.

    Raises UserError where they cannot be written.
    """
    from avatarium.render.draw import camera, frames
    from avatarium.render.play import company
    from avatarium.render.viewer.source import Replay
    from avatarium.render.viewer.viewer import Viewer
    from avatarium.worlds.core.transcript import Transcript

    play: Any = importlib.import_module("avatarium.agents.play")
    config, policies = company.company(world)
    studio, drawn = frames.studio(backend), []
    with tempfile.TemporaryDirectory() as folder:
        (path,) = play.play(world, policies, [SEED], Path(folder), config=config)
        transcript = Transcript.open(path)
        moment, ranked = best_moment(transcript)
        there = transcript.scene(moment).names
        whom = next((agent for agent in ranked if agent in there), "")
        for name in camera.NAMES:
            viewer = Viewer(Replay(transcript), name, whom)
            viewer.seek(moment)
            drawn.append(_save(out / f"{world}-{name}.webp", [viewer.frame(studio, *STILL)], STILL_QUALITY))
        viewer = Viewer(Replay(transcript), "orbit", whom)
        viewer.shown["panels"], viewer.speed = False, SPEED
        viewer.seek(max(0.0, moment - FRAMES / FPS * SPEED / 0.1 / 2))
        drawn.append(_save(out / f"{world}.webp", list(_clip(viewer, studio)), CLIP_QUALITY))
    return drawn


def _clip(viewer: "Viewer", studio: Any) -> Any:
    for _ in range(FRAMES):
        yield viewer.frame(studio, *CLIP)
        viewer.advance(1 / FPS)


def best_moment(transcript: "Transcript") -> tuple[int, list[str]]:
    """The step, not at the very beginning or end, around which most rare things happen, and all agents, first those to whom they do."""
    names = [f"{role}_{k}" for role, count in transcript.header["roles"].items() for k in range(count)]
    events = transcript.events[(transcript.events["who"] >= 0) & (transcript.events["who"] < len(names))]
    often = np.bincount(events["kind"], minlength=1) > RARE * transcript.steps * len(names)
    events = events[~often[events["kind"]]]
    count = np.bincount(events["step"], minlength=transcript.steps)
    around = np.convolve(count, np.ones(AROUND), "full")[: transcript.steps]
    around[: transcript.steps // 5], around[-transcript.steps // 5 :] = -1, -1
    moment = int(around.argmax())
    near = events[(events["step"] <= moment) & (events["step"] > moment - AROUND)]
    met = np.bincount(near["who"], minlength=len(names))
    return moment, [names[k] for k in np.argsort(-met, kind="stable").tolist()]


def _save(path: Path, pictures: Sequence[np.ndarray], quality: int) -> Path:
    """Write one picture, or several as a clip that begins again."""
    image = need("PIL.Image", "render")
    first, *others = [image.fromarray(picture) for picture in pictures]
    moving = {"save_all": True, "append_images": others, "duration": round(1000 / FPS), "loop": 0} if others else {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        first.save(path, "WEBP", quality=quality, method=6, **moving)
    except OSError as failure:
        raise UserError(f"cannot write {path}: {failure.strerror or failure}") from failure
    return path
