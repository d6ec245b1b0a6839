"""What the tests of drawing share: a small building, a recorded episode, and a display where there is none."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render import context
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.scene import FIGURE, Label, Scene

THICK = 0.15
BLUE, ORANGE = 0, 1


def wall(x0: float, y0: float, x1: float, y1: float, height: float = 2.4) -> list[float]:
    """A thin wall along a line of the plan."""
    return [x0 - THICK / 2, y0 - THICK / 2, x1 + THICK / 2, y1 + THICK / 2, 0.0, height]


def figure(x: float, y: float, heading: float = 0.0, colour: int = BLUE) -> np.ndarray:
    """FIGURE [1]."""
    return np.array([(x, y, heading, 0.0, colour, 0, 0, 0)], FIGURE)


@pytest.fixture
def scene() -> Scene:
    """Two rooms, 12 m x 8 m, with a door between them; a blue avatar in the left one, an orange one in the right one, and a goal."""
    boxes = [wall(0, 0, 12, 0), wall(0, 8, 12, 8), wall(0, 0, 0, 8), wall(12, 0, 12, 8), wall(6, 0, 6, 3), wall(6, 5, 6, 8)]
    boxes.append([1.0, 6.2, 2.2, 7.0, 0.0, 0.75])
    return Scene(
        bounds=(0.0, 0.0, 12.0, 8.0),
        boxes=np.array(boxes, np.float32),
        box_kinds=np.array([0, 0, 0, 0, 0, 0, 2], np.uint8),
        floors=np.array([[0, 0, 6, 8], [6, 0, 12, 8]], np.float32),
        floor_tints=np.array([0, 1], np.uint8),
        figures=np.concatenate([figure(3.0, 2.5), figure(9.0, 2.0, np.pi / 2, ORANGE)]),
        names=("walker_0", "walker_1"),
        goals=np.array([[10.0, 6.5, BLUE]], np.float32),
        labels=(Label(3.0, 4.5, 0.0, "library 1"),),
        notes={"walker_0": "to studio 2, 3.0 m left"},
    )


@pytest.fixture
def moved() -> Callable[[Scene, int, float, float], Scene]:
    """Puts one avatar of a scene somewhere else."""

    def move(scene: Scene, index: int, x: float, y: float) -> Scene:
        figures = scene.figures.copy()
        figures["x"][index], figures["y"][index] = x, y
        return replace(scene, figures=figures)

    return move


@pytest.fixture(scope="session")
def opengl() -> None:
    """Skips, saying why, where no OpenGL context can be made."""
    if context.gl() is None:
        pytest.skip(f"no OpenGL: {context.describe()['why']}")


@pytest.fixture(params=["cpu", pytest.param("gl", marks=pytest.mark.gl)])
def backend(request: pytest.FixtureRequest) -> str:
    """Each renderer in turn."""
    if request.param == "gl":
        request.getfixturevalue("opengl")
    return str(request.param)


@pytest.fixture(scope="session")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transcript of 70 steps of wayfinding with three walkers."""
    batch = worlds.make_batch("wayfinding", autoreset=False, walkers=3, episode_steps=70)
    observation = batch.reset([3])["walker"]
    recorder = Recorder(tmp_path_factory.mktemp("episode"), batch, [3], {"walker": "heuristic"})
    while not batch.ended[0]:
        observation = batch.step({"walker": batch.spec.heuristic("walker", observation[0], batch.config)[None]}).observation["walker"]
        recorder.step()
    recorder.close()
    return recorder.paths[0]


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A display of its own, 1280 x 800, for windows; skips, saying why, where Xvfb is not installed."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no window can be tried: Xvfb is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as number:
        name = f":{number.readline().strip()}"
    monkeypatch.setenv("DISPLAY", name)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    yield name
    server.terminate()
    server.wait(10)


@pytest.fixture
def waits() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds; fails when it does not within a minute."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, "waited a minute in vain"
            time.sleep(0.05)

    return wait
