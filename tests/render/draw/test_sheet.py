"""Letters and panels."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from avatarium.render.draw import camera, raster
from avatarium.render.draw.lens import whole
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.text import Atlas
from avatarium.render.draw.theme import LIGHT
from avatarium.render.viewer import plates
from avatarium.worlds.core.scene import Scene


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """The letters."""
    return Atlas()


def drawn(sheet: Sheet) -> np.ndarray:
    """The sheet on grey, float32 [H, W, 3]."""
    width, height = sheet.pixels
    image = np.full((height, width, 3), 0.5, np.float32)
    sheet.blend(image)
    return image


def test_a_box_fills_its_rectangle_and_rounds_its_corners(atlas: Atlas) -> None:
    sheet = Sheet(atlas, 80, 60)
    sheet.box(20, 10, 40, 30, (255, 0, 0), radius=10)
    image = drawn(sheet)
    assert image[25, 40].tolist() == [1, 0, 0]
    assert image[11, 21].tolist() == pytest.approx([0.5] * 3, abs=0.02)
    assert (image[:, :18] == 0.5).all()


def test_text_has_its_colour_and_its_length(atlas: Atlas) -> None:
    sheet = Sheet(atlas, 200, 40)
    length = sheet.text("Walker 3 ✓", 10, 8, 15, (0, 0, 255))
    changed = np.nonzero((drawn(sheet) != 0.5).any(axis=(0, 2)))[0]
    assert 60 < length < 110
    assert changed.min() >= 9 and changed.max() <= 10 + length + 1
    assert drawn(sheet)[..., 2].max() == 1


def test_text_is_aligned_where_it_should_be(atlas: Atlas) -> None:
    for align, low, high in ((0.0, 100, 145), (0.5, 77, 123), (1.0, 55, 101)):
        sheet = Sheet(atlas, 200, 30)
        sheet.text("align", 100, 5, 15, align=align)
        changed = np.nonzero((drawn(sheet) != 0.5).any(axis=(0, 2)))[0]
        assert low <= changed.min() and changed.max() <= high


def test_long_text_is_shortened(atlas: Atlas) -> None:
    sheet = Sheet(atlas, 10, 10)
    short = sheet.fit("a policy with a very long name", 80)
    assert short.endswith("…")
    assert atlas.width(short, 13) <= 80
    assert sheet.fit("short", 80) == "short"


def test_a_sheet_grows_and_a_full_atlas_leaves_gaps() -> None:
    atlas = Atlas()
    sheet = Sheet(atlas, 100, 100)
    for k in range(900):
        sheet.box(k % 100, 5, 2, 2, LIGHT.ink)
    assert len(sheet.quads) == 900
    for size in range(60, 160):
        sheet.text("MWQ@", 0, 0, size)
    assert len(sheet.quads) > 900


@pytest.mark.parametrize("shift", [(0.0, 0.0), (-0.3, 0.2)])
def test_projection_agrees_with_the_matrix_of_the_camera(shift: tuple[float, float]) -> None:
    lens = camera.Camera((1.0, -8.0, 6.0), (3.0, 2.0, 0.0), shift=shift)
    middle = lens.project([(3.0, 2.0, 0.0)], 200, 100)[0]
    assert middle[:2] == pytest.approx([100 + 100 * shift[0], 50 - 50 * shift[1]])
    assert lens.project([(1.0, -20.0, 6.0)], 200, 100)[0][2] < 0  # behind


@pytest.mark.parametrize("name", ["orbit", "top"])
def test_views_from_outside_hold_the_whole_building(name: str) -> None:
    for bounds in ((0.0, 0.0, 30.0, 6.0), (0.0, 0.0, 6.0, 30.0), (-3.0, -3.0, 3.0, 3.0)):
        lens = camera.named(name, bounds, (0, 0, 0), 0, 16 / 9)
        x0, y0, x1, y1 = bounds
        found = lens.project([(x, y, 0.0) for x in (x0, x1) for y in (y0, y1)], 1600, 900)
        assert (found[:, 0] > 0).all() and (found[:, 0] < 1600).all()
        assert (found[:, 1] > 0).all() and (found[:, 1] < 900).all()
        assert np.ptp(found[:, 0]) > 1000 or np.ptp(found[:, 1]) > 550  # and fill the picture


def test_speech_bubbles_do_not_cover_one_another(atlas: Atlas, scene: Scene) -> None:
    sheet, lens = Sheet(atlas, 640, 400), camera.named("first", scene.bounds, (0.5, 2.2, 0.0), -1, 1.6)
    close = replace(scene, figures=scene.figures.copy())
    close.figures["x"], close.figures["y"] = (4.0, 4.2), (2.3, 2.2)
    plates.bubbles(sheet, close, whole(lens, sheet), {0: "good morning", 1: "after you"})
    boxes = sheet.quads[(sheet.quads["shape"][:, 2] == raster.BOX) & (sheet.quads["rect"][:, 3] == 27)]["rect"]
    assert len(boxes) == 2
    (_, top, _, height), (_, below, _, _) = sorted(boxes.tolist(), key=lambda box: box[1])
    assert top + height <= below


def test_labels_behind_the_camera_are_not_drawn(atlas: Atlas, scene: Scene) -> None:
    sheet = Sheet(atlas, 640, 400)
    plates.rooms(sheet, scene, whole(camera.follow(11.0, 4.5, 0.0), sheet))
    assert not len(sheet.quads)
    plates.rooms(sheet, scene, whole(camera.follow(1.0, 4.5, 0.0), sheet))
    assert len(sheet.quads)


def test_walls_hide_words_from_those_within(scene: Scene) -> None:
    assert plates.in_sight(scene, (1.0, 1.0)).tolist() == [True, False]
    assert plates.in_sight(scene, (5.0, 4.0)).tolist() == [True, True]
    assert plates.in_sight(scene, (11.0, 1.0)).tolist() == [False, True]


def test_letters_survive_somebody_elses_quit() -> None:
    """Environments of others call pygame.quit() when they close; a font that was loaded before must not be used after."""
    program = (
        "import pygame; from avatarium.render.draw.text import Atlas; atlas = Atlas(); atlas.width('abc', 20);"
        "pygame.quit(); pygame.font.init(); assert atlas.width('def', 20) > 0"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
