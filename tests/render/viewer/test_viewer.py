"""The viewer: time, cameras, clicks, and what its panels tell."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium.render.draw import frames
from avatarium.render.draw.picture import Quality
from avatarium.render.viewer import ticks
from avatarium.render.viewer.layout import Layout
from avatarium.render.viewer.pace import LEVELS, Pace
from avatarium.render.viewer.pane import between
from avatarium.render.viewer.source import Replay
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript

SIZE = (960, 540)


@pytest.fixture
def viewer(episode: Path) -> Viewer:
    """A viewer of the recorded episode."""
    return Viewer(Replay(Transcript.open(episode)))


@pytest.fixture
def studio() -> Iterator[frames.Studio]:
    """The software renderer, at little cost."""
    found = frames.studio("cpu")
    found.quality = LEVELS[-1]
    yield found
    found.quality = Quality()


def test_time_passes_at_the_chosen_speed_and_ends_with_the_episode(viewer: Viewer) -> None:
    viewer.advance(1.0)
    assert viewer.now == pytest.approx(10.0)
    viewer.do("faster")
    viewer.advance(1.0)
    assert viewer.now == pytest.approx(30.0)
    viewer.advance(100.0)
    assert (viewer.now, viewer.playing) == (70.0, False)
    viewer.do("play")
    assert (viewer.now, viewer.playing) == (0.0, True)


def test_steps_stay_within_the_episode(viewer: Viewer) -> None:
    for action, now in (("on", 1), ("on ten", 11), ("back", 10), ("back ten", 0), ("back", 0), ("end", 70), ("on", 70), ("beginning", 0)):
        viewer.do(action)
        assert viewer.now == now
    assert not viewer.playing


def test_tab_goes_round_the_avatars(viewer: Viewer) -> None:
    seen = []
    for _ in range(4):
        seen.append(viewer.chosen)
        viewer.do("next")
    assert seen == ["walker_0", "walker_1", "walker_2", "walker_0"]
    viewer.do("previous")
    assert viewer.chosen == "walker_0"


def test_a_click_on_an_avatar_follows_it(viewer: Viewer) -> None:
    viewer.shown["panels"] = False
    viewer.do("top")
    scene = viewer.scene()
    lens = viewer.view(scene, *SIZE)
    x, y, _ = lens.project([(float(scene.figures["x"][2]), float(scene.figures["y"][2]), 0.6)], *SIZE)[0]
    assert viewer.press(x, y, *SIZE) == ""
    assert viewer.chosen == "walker_2"


def test_the_buttons_do_what_they_show(viewer: Viewer, studio: frames.Studio) -> None:
    viewer.frame(studio, *SIZE)
    places = {b.action: (b.x + b.width / 2, b.y + b.height / 2) for b in viewer.buttons}
    assert {"orbit", "follow", "top", "first", "play", "scrub", "help", "next speed", "rays", "visits"} <= set(places)
    viewer.press(*places["top"], *SIZE)
    assert viewer.camera == "top"
    viewer.press(*places["play"], *SIZE)
    assert not viewer.playing
    viewer.press(*places["scrub"], *SIZE)
    assert viewer.now == pytest.approx(35, abs=1)
    rail = Layout(*SIZE).track
    viewer.scrub(rail.x + rail.width, *SIZE)
    assert viewer.now == 70


def test_every_camera_and_every_panel_changes_the_picture(viewer: Viewer, studio: frames.Studio) -> None:
    viewer.seek(60)
    pictures = []
    for action in ("orbit", "follow", "first", "top", "names", "help", "panels", "trails", "orbit", "rays"):
        viewer.do(action)
        pictures.append(viewer.frame(studio, *SIZE))
    for one, other in itertools.pairwise(pictures):
        assert (one != other).any()


def test_drag_and_wheel_move_the_orbit_camera(viewer: Viewer) -> None:
    scene = viewer.scene()
    first = viewer.view(scene, *SIZE)
    viewer.drag(50, 0)
    turned = viewer.view(scene, *SIZE)
    viewer.wheel(5)
    nearer = viewer.view(scene, *SIZE)
    viewer.drag(50, 30, pan=True)
    panned = viewer.view(scene, *SIZE)
    assert turned.eye != first.eye
    assert math.dist(nearer.eye, nearer.target) < math.dist(turned.eye, turned.target)
    assert panned.target != nearer.target


@pytest.mark.parametrize("name", ["orbit", "top"])
def test_panning_moves_the_building_with_the_mouse(viewer: Viewer, name: str) -> None:
    viewer.do(name)
    scene = viewer.scene()
    x0, y0, x1, y1 = scene.bounds
    point = [((x0 + x1) / 2, (y0 + y1) / 2, 0.0)]
    before = viewer.view(scene, *SIZE).project(point, *SIZE)[0]
    viewer.drag(40, 30, pan=True)
    after = viewer.view(scene, *SIZE).project(point, *SIZE)[0]
    assert (after - before)[:2] == pytest.approx([40, 30], abs=8)


def test_between_steps_avatars_are_between_places(viewer: Viewer) -> None:
    viewer.seek(40)
    here, there = viewer.source.scene(40), viewer.source.scene(41)
    viewer.seek(40.5)
    middle = viewer.scene().figures
    assert middle["x"] == pytest.approx((here.figures["x"] + there.figures["x"]) / 2, abs=1e-4)


def test_those_who_jump_do_not_fly(scene: Scene) -> None:
    figures = scene.figures.copy()
    figures["x"][0] += 5.0
    figures["heading"][1] = -3.0
    start = replace(scene, figures=np.where(np.arange(2) == 1, scene.figures, scene.figures))
    start.figures["heading"][1] = 3.0
    mixed = between(start, replace(scene, figures=figures), 0.5).figures
    assert mixed["x"][0] == scene.figures["x"][0]
    assert math.cos(float(mixed["heading"][1])) < -0.99  # the short way round, over pi


def test_the_following_camera_comes_along(viewer: Viewer) -> None:
    viewer.do("follow")
    first = viewer.view(viewer.scene(), *SIZE)
    for _ in range(40):
        viewer.advance(0.1)
        viewer.view(viewer.scene(), *SIZE)
    later = viewer.view(viewer.scene(), *SIZE)
    me = viewer.scene().figures[0]
    assert later.target != first.target
    assert math.dist(later.target[:2], (float(me["x"]), float(me["y"]))) < 3.0


def test_marks_leave_out_what_always_happens_and_prefer_the_followed_one() -> None:
    events = np.zeros(502, EVENT)
    events["kind"][:500], events["step"][:500] = 1, np.arange(500)
    events[500:] = [(100, 0, 3, -1, 1.0), (100, 0, 2, -1, 1.0)]
    marks = ticks.marks(events, 2, 600, 1000)
    assert marks.tolist() == [[101.0, 0.0, 1.0]]


def test_a_slow_machine_gets_less_quality_and_keeps_it() -> None:
    pace = Pace()
    for _ in range(30):
        pace.note(0.2)
    assert pace.level >= 2
    level = pace.level
    for _ in range(30):
        pace.note(0.03)
    assert pace.level == level


def test_a_quick_machine_keeps_the_best_quality() -> None:
    pace = Pace()
    for _ in range(100):
        pace.note(0.005)
    assert pace.quality is LEVELS[0]
