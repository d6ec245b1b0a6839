"""Several episodes side by side, windows of every size, and cameras that move from one place to the next."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.render import commands
from avatarium.render.draw import camera, frames, raster
from avatarium.render.viewer import staging
from avatarium.render.viewer.gaze import MOVE_S, Gaze, Tripod
from avatarium.render.viewer.layout import Layout, Rect, tiles
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds import UserError

SIZES = ((1280, 720), (960, 540), (800, 600), (640, 400), (480, 640), (320, 240), (1920, 480))


def another(stills: Any, length: int, title: str) -> Any:
    """The same episode with another length and title."""
    return type(stills)(stills.scene(0), length, title=title)


def test_panes_share_the_moment_and_stop_at_the_end_of_the_longest(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer([stills, another(stills, 20, "short")], "top", labels=["long"])
    assert (viewer.last, viewer.length) == (60, 60)
    assert [pane.title for pane in viewer.panes] == ["long", "short"]
    viewer.seek(40)
    here, there = (pane.scene(viewer.now).figures["x"][0] for pane in viewer.panes)
    assert (here, there) == (pytest.approx(5.0), pytest.approx(4.0))
    viewer.advance(100)
    assert viewer.now == 60


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1280, 720), (640, 900), (320, 240)])
def test_tiles_cover_the_window_without_meeting(count: int, size: tuple[int, int]) -> None:
    seen = np.zeros((size[1], size[0]), int)
    for x, y, width, height in tiles(count, *size):
        seen[y : y + height, x : x + width] += 1
    assert seen.max() == 1
    assert (seen == 0).mean() < 0.02


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_pane_shows_its_episode(stills: Any, studio: frames.Studio, count: int) -> None:
    viewer = Viewer([another(stills, 60, f"episode {k}") for k in range(count)], "top")
    viewer.seek(30)
    picture = viewer.frame(studio, 960, 540)
    assert picture.shape == (540, 960, 3)
    for x, y, width, height in tiles(count, 960, 540):
        assert picture[y : y + height, x : x + width].std() > 15


def test_a_click_in_any_pane_follows_the_avatar_there(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer([stills, another(stills, 60, "b")], "top")
    viewer.shown["panels"] = False
    viewer.frame(studio, 960, 540)
    pane, area = viewer.panes[1], tiles(2, 960, 540)[1]
    scene = pane.scene(0)
    lens = viewer.look(pane, scene, area, 960, 540)
    x, y, _ = lens.project([(float(scene.figures["x"][1]), float(scene.figures["y"][1]), 0.6)], area[2], area[3])[0]
    viewer.press(x + area[0], y + area[1], 960, 540)
    assert viewer.chosen == "walker_1"


def test_more_than_four_episodes_are_refused(stills: Any) -> None:
    with pytest.raises(UserError, match="5 episodes cannot be shown side by side"):
        Viewer([stills] * 5)


def test_panes_are_called_after_files_and_their_folders_where_names_do_not_differ() -> None:
    assert commands.titles([Path("a/one.avt"), Path("b/two.avt")]) == ["one", "two"]
    assert commands.titles([Path("a/one.avt"), Path("b/one.avt")]) == ["a/one", "b/one"]
    assert commands.titles([Path("a/one.avt")]) == []


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("size", SIZES)
def test_windows_of_every_size_can_be_drawn_and_nothing_to_click_lies_outside(
    stills: Any, studio: frames.Studio, size: tuple[int, int], scale: float
) -> None:
    viewer = Viewer(stills)
    viewer.scale, viewer.pointer = scale, (size[0] / scale / 2, size[1] / scale - 30)
    viewer.say("a message that is rather long, so that it has to be broken into lines in a small window")
    picture = viewer.frame(studio, *size)
    assert picture.shape == (size[1], size[0], 3)
    for button in viewer.buttons:
        assert button.x >= 0 and (button.x + button.width) * scale <= size[0] + 1
        assert button.y >= 0 and (button.y + button.height) * scale <= size[1] + 1
    viewer.do("help")
    assert (viewer.frame(studio, *size) != picture).any()


@pytest.mark.parametrize("size", SIZES)
def test_panels_do_not_meet(size: tuple[int, int]) -> None:
    layout = Layout(*size)
    panels = [layout.title, layout.timeline, *([layout.card] if layout.card else [])]
    if layout.legend is not None:
        panels.append(Rect(layout.margin, layout.legend, layout.width - 2 * layout.margin - (260 if layout.card else 0), 26))
    for one, other in itertools.combinations(panels, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y, (one, other)


def test_words_of_the_picture_keep_clear_of_panels(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills)
    viewer.frame(studio, 960, 540)
    assert (20, 18) in [(x, y) for x, y, _, _ in viewer.covered]
    viewer.shown["panels"] = False
    viewer.frame(studio, 960, 540)
    assert viewer.covered == []


def test_a_help_card_without_room_says_so_and_lines_do_not_meet(studio: frames.Studio) -> None:
    sheet = studio.sheet
    assert sheet is not None
    for size in ((320, 240), (480, 320), (1280, 720)):
        sheet.clear(*size)
        staging.legend.help_card(sheet, Layout(*size))
        glyphs = sheet.quads[sheet.quads["shape"][:, 2] == raster.GLYPH]["rect"]
        tops = np.unique(glyphs[:, 1])
        assert np.diff(tops).min() >= 13
        assert (glyphs[:, 1] + glyphs[:, 3]).max() <= size[1] and (glyphs[:, 0] + glyphs[:, 2]).max() <= size[0]


def test_at_twice_the_scale_panels_are_twice_as_large(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills)
    viewer.frame(studio, 960, 540)
    once = {b.action: b for b in viewer.buttons}
    viewer.scale = 2.0
    viewer.frame(studio, 1920, 1080)
    twice = {b.action: b for b in viewer.buttons}
    assert once["scrub"].width == pytest.approx(twice["scrub"].width)
    assert viewer.press(twice["top"].x * 2 + 5, twice["top"].y * 2 + 5, 1920, 1080) == "top"


def test_a_blend_begins_at_one_camera_and_ends_at_the_other() -> None:
    bounds = (0.0, 0.0, 12.0, 8.0)
    points = [(2.0, 3.0, 0.0), (9.0, 5.0, 1.0), (6.0, 4.0, 0.5)]
    for one, other in itertools.permutations((camera.named(n, bounds, (4.0, 4.0, 0.3), 0, 1.6) for n in camera.NAMES), 2):
        for share, wanted in ((0.0, one), (1.0, other)):
            found = camera.blend(one, other, share).project(points, 160, 100)
            assert found[:, :2] == pytest.approx(wanted.project(points, 160, 100)[:, :2], rel=0.02, abs=0.5)


def test_halfway_between_two_cameras_one_sees_the_same_place() -> None:
    one = camera.follow(4.0, 4.0, 0.0)
    other = camera.follow(4.0, 4.0, 3.0)
    for share in np.linspace(0, 1, 9):
        seen = camera.blend(one, other, float(share)).project([(4.0, 4.0, 0.4)], 200, 100)[0]
        assert 0 < seen[0] < 200 and 0 < seen[1] < 100 and seen[2] > 0


def test_a_tripod_glides_when_it_is_told_to_move_and_stands_still_at_the_end() -> None:
    tripod, bounds = Tripod(), (0.0, 0.0, 12.0, 8.0)
    gaze = Gaze("orbit", bounds)

    def look() -> camera.Camera:
        return tripod.look(gaze, bounds, 1.6, camera.NARROW, (4.0, 4.0, 0.0), 0)

    start = look()
    gaze.camera = "top"
    tripod.move()
    assert look().eye == pytest.approx(start.eye)
    tripod.advance(MOVE_S / 2, 1.0, (4.0, 4.0, 0.0), "top")
    middle = look()
    tripod.advance(MOVE_S, 1.0, (4.0, 4.0, 0.0), "top")
    end = look()
    assert end == camera.top_down(bounds, 1.6, 1.0, camera.NARROW)
    assert math.dist(start.eye, middle.eye) > 0.5 and math.dist(middle.eye, end.eye) > 0.5


def test_cameras_of_pictures_do_not_glide_and_those_of_windows_do(stills: Any, studio: frames.Studio) -> None:
    still, moving = Viewer(stills), Viewer(stills)
    moving.smooth = True
    for viewer in (still, moving):
        viewer.shown["panels"] = False
        viewer.frame(studio, 320, 200)
        viewer.do("top")
    assert still.view(still.scene(), 320, 200).eye != moving.view(moving.scene(), 320, 200).eye
    moving.advance(1.0)
    assert still.view(still.scene(), 320, 200).eye == moving.view(moving.scene(), 320, 200).eye


def test_the_view_can_be_put_back(stills: Any) -> None:
    viewer = Viewer(stills)
    first = viewer.view(viewer.scene(), 960, 540)
    viewer.drag(80, 20)
    viewer.drag(30, 5, pan=True)
    viewer.wheel(3)
    assert viewer.view(viewer.scene(), 960, 540) != first
    viewer.do("reset")
    assert viewer.view(viewer.scene(), 960, 540) == first


def test_the_tooltip_tells_what_happened_under_the_mouse(stills: Any) -> None:
    layout = Layout(960, 540)
    x = layout.track.x + layout.track.width * 11 / 60
    told = staging.ticks.told(stills.events(), x, layout, 60, stills.kinds, lambda who: stills.agents[who])
    assert told == [("greeting · walker_0 and walker_1 · step 11", 0)]
    assert staging.ticks.told(stills.events(), layout.track.x + 200, layout, 60, stills.kinds, str) == []
