"""What the tests of drawing share: a small building, a recorded episode, and a display where there is none."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render.draw import context
from avatarium.render.viewer.source import Reading
from avatarium.worlds.core.recorder import EVENT, Recorder
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


class Stills:
    """``length`` steps in which the first avatar of a scene walks to the right, 0.05 m a step; three kinds of event happen."""

    kinds = ("greeting", "collision", "arrival")

    def __init__(self, scene: Scene, length: int = 60, tags: tuple[str, ...] = ("navigation",), title: str = "Stills") -> None:
        self._scene, self.length, self.tags, self.title, self.subtitle = scene, length, tags, title, "walker: by hand"
        self.agents = scene.names
        self._events = np.array([(10, 0, 0, 1, 1.0), (12, 0, 1, 0, 1.0), (30, 1, 1, 0, 1.0), (50, 2, 0, -1, 1.0)], EVENT)

    @property
    def last(self) -> int:
        """Index of the newest frame."""
        return self.length

    def scene(self, t: int) -> Scene:
        """The scene at frame ``t``."""
        figures = self._scene.figures.copy()
        figures["x"][0] += 0.05 * t
        figures["speed"][0] = 0.5
        return replace(self._scene, figures=figures)

    def events(self) -> np.ndarray:
        """EVENT [4]."""
        return self._events

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name``, with rays, bars, rewards and read-outs."""
        course = np.cumsum(np.sin(np.arange(t + 1) / 5)).astype(np.float32)
        rays = np.linspace(0.1, 0.9, 16, dtype=np.float32)
        kinds = np.zeros((3, 16), np.float32)
        kinds[0, :8], kinds[1, 8:12] = 1, 1
        features = {"nearness": rays, "is_wall": kinds[0], "is_avatar": kinds[1], "is_object": kinds[2]}
        features |= {"compass": np.array([0.7, 0.7], np.float32), "time_left": np.array([0.6]), "far": np.array([0.2])}
        told = {"value": np.cos(np.arange(t + 1) / 9).astype(np.float32), "intrinsic": np.full(t + 1, 0.1, np.float32)}
        return Reading(features, {"progress": 1.0, "time": -0.5}, course, "walk forward", told)

    def plan(self, t: int) -> None:
        """There is none."""
        return


@pytest.fixture
def stills(scene: Scene) -> Stills:
    """The small building as an episode of sixty steps."""
    return Stills(scene)


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
    if pygame := sys.modules.get("pygame"):
        pygame.display.quit()  # a test before may have left it with the driver that shows nothing
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


class Person:
    """Somebody at the keyboard of a display."""

    def __init__(self, display: str) -> None:
        self._environment = os.environ | {"DISPLAY": display}

    def __call__(self, *words: str) -> str:
        """Do what xdotool is told."""
        done = subprocess.run(["xdotool", *words], env=self._environment, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout.strip()


@pytest.fixture
def person(display: str) -> Person:
    """Skips, saying why, where xdotool is not installed."""
    if shutil.which("xdotool") is None:
        pytest.skip("no keyboard can be tried: xdotool is not installed")
    return Person(display)


Start = Callable[[list[str]], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(person: Person, tmp_path: Path) -> Iterator[Start]:
    """Runs the command ``avatarium`` in a folder of its own; gives the process and its window."""
    running: list[subprocess.Popen[str]] = []

    def run(words: list[str]) -> tuple[subprocess.Popen[str], str]:
        code = "import sys; from avatarium.worlds.cli import main; sys.exit(main())"
        running.append(subprocess.Popen([sys.executable, "-c", code, *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True))
        window = person("search", "--sync", "--onlyvisible", "--pid", str(running[-1].pid)).splitlines()[0]
        return running[-1], window

    yield run
    for process in running:
        process.kill()
        process.wait(10)
