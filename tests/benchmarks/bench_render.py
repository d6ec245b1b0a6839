"""How fast pictures are drawn: the viewer with everything on, on OpenGL and on the CPU, and the small pictures of what avatars see.

python tests/benchmarks/bench_render.py [--seconds 4] [--size 1280x720] [--json FILE]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avatarium import worlds
from avatarium.render.draw import camera, context, frames
from avatarium.render.draw.picture import Emphasis, Quality, View
from avatarium.render.viewer.pace import Pace
from avatarium.render.viewer.source import Live
from avatarium.render.viewer.viewer import Viewer

SIDES = (64, 84)


def source(steps: int) -> Live:
    """An episode of wayfinding with eight walkers, as its heuristic plays it."""
    batch = worlds.make_batch("wayfinding", autoreset=False, walkers=8)
    observation = batch.reset([1])["walker"]
    lived = Live(batch, "Wayfinding", "bench")
    for _ in range(steps):
        actions = {"walker": batch.spec.heuristic("walker", observation[0], batch.config)[None]}
        observation = batch.step(actions).observation["walker"]
        lived.after(actions)
    return lived


def timed(draw: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Median seconds of a call by the clock and of processors, over so many seconds, after a few calls to warm up."""
    for _ in range(3):
        draw()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began, worked = time.perf_counter(), time.process_time()
        draw()
        times.append((time.perf_counter() - began, time.process_time() - worked))
    clock, spent = (statistics.median(column) for column in zip(*times, strict=True))
    return clock, spent


def viewer_rates(lived: Live, backend: str, size: tuple[int, int], seconds: float) -> dict[str, float]:
    """Frames per second by camera, everything laid over, at the quality that the viewer settles on by itself."""
    studio, rates = frames.studio(backend), {}
    for name in camera.NAMES:
        viewer, pace = Viewer(lived, name), Pace()
        viewer.shown |= {"names": True, "visits": True, "path": True, "contacts": True}
        viewer.seek(lived.last // 3)

        def draw(viewer: Viewer = viewer, pace: Pace = pace) -> None:
            began = time.perf_counter()
            studio.quality = pace.quality
            viewer.frame(studio, *size)
            viewer.advance(1 / 30)
            pace.note(time.perf_counter() - began)

        for _ in range(40):  # until the quality has settled
            draw()
        clock, worked = timed(draw, seconds)
        rates[name], rates[f"{name} ms"] = round(1 / clock, 1), round(worked * 1e3, 1)
        rates[f"{name} quality"] = pace.level
    studio.quality = Quality()
    return rates


def thumbnail_rate(lived: Live, backend: str, side: int, seconds: float) -> float:
    """Small pictures through an avatar's eyes per second."""
    studio = frames.studio(backend)
    scenes = [lived.scene(t) for t in np.linspace(0, lived.last, 32).astype(int)]
    drawn = iter(range(1 << 30))

    def draw() -> None:
        k = next(drawn)
        scene = scenes[k % 32]
        figure = k % len(scene.figures)
        eyes = camera.first_person(*frames.pose(scene, figure), figure)
        picture = studio.composer.compose(scene, eyes, Emphasis())
        studio.canvas.draw([View(picture, eyes, (0, 0, side, side))], side, side, Quality(1, 1024, False))

    return round(1 / timed(draw, seconds)[0], 1)


def main() -> None:
    """Print the figures, and write them as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="per figure (default: %(default)s)")
    parser.add_argument("--size", default="1280x720", help="of the viewer's frames (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    args = parser.parse_args()
    width, height = (int(side) for side in args.size.split("x"))
    found: dict[str, object] = {"machine": context.describe(), "size": args.size}
    lived = source(240)
    for backend in ("gl", "cpu") if context.gl() is not None else ("cpu",):
        rates = viewer_rates(lived, backend, (width, height), args.seconds)
        small = {f"thumbnails {side}": thumbnail_rate(lived, backend, side, args.seconds) for side in SIDES}
        found[backend] = rates | small
        print(backend, f"({found['machine']})" if backend == "gl" else "")
        for name in camera.NAMES:
            level, cost = rates[f"{name} quality"], rates[f"{name} ms"]
            print(f"  {name:<8} {rates[name]:>6.1f} frames/s at {args.size}, all laid over; quality {level:.0f}, {cost} ms of processors")
        for name, rate in small.items():
            print(f"  {name:<14} {rate:>7.1f} pictures/s")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
