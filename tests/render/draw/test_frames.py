"""Frames show what the scene says, whichever renderer draws them."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from avatarium import render
from avatarium.render.draw import camera, frames, palette
from avatarium.worlds import UserError
from avatarium.worlds.core.scene import FIGURE, Scene

Move = Callable[[Scene, int, float, float], Scene]
SIZE = (480, 320)
ORANGE = 1
NEAR_PX = 22


def of_hue(frame: np.ndarray, index: int) -> np.ndarray:
    """bool [H, W]: pixels whose colour is a shade of a palette colour."""
    pixels, wanted = frame.astype(float) + 1, palette.PEOPLE[index].astype(float) + 1
    share = pixels / pixels.sum(axis=2, keepdims=True)
    strong = np.ptp(frame.astype(int), axis=2) > 50
    return np.asarray((np.abs(share - wanted / wanted.sum()).max(axis=2) < 0.07) & strong)


def where_drawn(scene: Scene, index: int, view: str = "top") -> tuple[float, float]:
    """The pixel at an avatar's waist, (x, y)."""
    lens = camera.named(view, scene.bounds, frames.pose(scene, 0), 0, SIZE[0] / SIZE[1])
    me = scene.figures[index]
    x, y, _ = lens.project([(float(me["x"]), float(me["y"]), 0.5)], *SIZE)[0]
    return float(x), float(y)


@pytest.mark.parametrize("view", camera.NAMES)
def test_a_frame_is_a_picture(scene: Scene, backend: str, view: str) -> None:
    frame = render.frame(scene, view, SIZE, backend)
    assert frame.shape == (SIZE[1], SIZE[0], 3)
    assert frame.dtype == np.uint8
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) > 200
    assert 90 < frame.mean() < 245


def test_the_defaults_give_a_picture(scene: Scene) -> None:
    assert render.frame(scene).shape == (540, 960, 3)


@pytest.mark.parametrize("view", ["top", "orbit"])
def test_avatars_have_their_colour_where_they_stand(scene: Scene, backend: str, view: str) -> None:
    frame = render.frame(scene, view, SIZE, backend)
    rows, columns = np.nonzero(of_hue(frame, ORANGE))
    x, y = where_drawn(scene, 1, view)
    assert len(rows) > 20
    assert np.hypot(columns - x, rows - y).max() < 2 * NEAR_PX


def test_the_picture_changes_where_an_avatar_moves_and_only_there(scene: Scene, backend: str, moved: Move) -> None:
    there = moved(scene, 1, 8.0, 5.5)
    before, after = render.frame(scene, "top", SIZE, backend), render.frame(there, "top", SIZE, backend)
    rows, columns = np.nonzero(np.abs(before.astype(int) - after).max(axis=2) > 20)
    places = [where_drawn(scene, 1), where_drawn(there, 1)]
    far = np.min([np.hypot(columns - x, rows - y) for x, y in places], axis=0)
    assert len(rows) > 100
    assert far.max() < 2 * NEAR_PX  # the avatars, their rings and their shadows


def test_walls_hide(scene: Scene, backend: str, moved: Move) -> None:
    hidden = moved(moved(scene, 0, 3.0, 1.5), 1, 9.0, 1.5)  # the wall at x = 6 lies between them
    hidden = replace(hidden, goals=hidden.goals[:0])
    assert of_hue(render.frame(hidden, "first", SIZE, backend), ORANGE).sum() == 0
    open_plan = replace(hidden, boxes=hidden.boxes[:4], box_kinds=hidden.box_kinds[:4])
    assert of_hue(render.frame(open_plan, "first", SIZE, backend), ORANGE).sum() > 100


def test_one_does_not_see_oneself_from_within(scene: Scene, backend: str, moved: Move) -> None:
    alone = replace(moved(scene, 0, 3.0, 4.0), goals=scene.goals[:0])
    assert of_hue(render.frame(alone, "first", SIZE, backend), 0).sum() == 0


def test_shadows_fall_away_from_the_sun(scene: Scene, backend: str) -> None:
    bare = replace(scene, figures=scene.figures[:0], names=(), goals=scene.goals[:0], labels=())
    frame = render.frame(bare, "top", SIZE, backend).astype(int).sum(axis=2)
    lens = camera.named("top", bare.bounds, (0, 0, 0), 0, SIZE[0] / SIZE[1])
    (x0, y0, _), (x1, y1, _) = lens.project([(5.6, 1.5, 0.0), (6.4, 1.5, 0.0)], *SIZE)  # left and right of the wall at x = 6
    assert frame[round(y0), round(x0)] < frame[round(y1), round(x1)] - 60


def test_an_empty_building_and_an_empty_plain_can_be_drawn(scene: Scene, backend: str) -> None:
    nobody = replace(scene, figures=np.zeros(0, FIGURE), names=(), goals=np.zeros((0, 3), np.float32), labels=(), notes={})
    nothing = replace(nobody, boxes=np.zeros((0, 6), np.float32), box_kinds=np.zeros(0, np.uint8))
    for empty, view in itertools.product((nobody, nothing), camera.NAMES):
        assert render.frame(empty, view, (160, 120), backend).std() > 1


def test_every_kind_of_box_is_drawn(scene: Scene, backend: str) -> None:
    pictures = [
        render.frame(replace(scene, box_kinds=np.array([0, 0, 0, 0, 0, 0, kind], np.uint8)), "orbit", SIZE, backend) for kind in range(5)
    ]
    for one, other in itertools.combinations(pictures, 2):
        assert (np.abs(one.astype(int) - other).max(axis=2) > 20).sum() > 30


def test_a_crowd_is_drawn_whole(scene: Scene, backend: str) -> None:
    crowd = np.zeros(150, FIGURE)
    crowd["x"], crowd["y"] = np.tile(np.linspace(0.5, 11.5, 15), 10), np.repeat(np.linspace(0.5, 7.5, 10), 15)
    crowd["colour"] = ORANGE
    full = replace(scene, figures=crowd, names=tuple(f"crowd_{i}" for i in range(150)))
    found = of_hue(render.frame(full, "top", SIZE, backend), ORANGE)
    assert all(found[round(y) - 9 : round(y) + 9, round(x) - 9 : round(x) + 9].any() for x, y in (where_drawn(full, i) for i in range(150)))


@pytest.mark.gl
@pytest.mark.parametrize("view", camera.NAMES)
def test_both_renderers_draw_the_same(scene: Scene, view: str, opengl: None) -> None:
    one, other = (render.frame(scene, view, SIZE, name).astype(int) for name in ("cpu", "gl"))
    difference = np.abs(one - other).max(axis=2)
    assert np.median(difference) <= 1
    assert (difference > 16).mean() < 0.03  # edges


@pytest.mark.gl
def test_both_renderers_put_avatars_in_the_same_place(scene: Scene, opengl: None) -> None:
    middles = [np.argwhere(of_hue(render.frame(scene, "top", SIZE, name), ORANGE)).mean(axis=0) for name in ("cpu", "gl")]
    assert np.abs(middles[0] - middles[1]).max() < 1.0


def test_the_same_scene_gives_the_same_picture(scene: Scene, backend: str) -> None:
    assert np.array_equal(render.frame(scene, "orbit", SIZE, backend), render.frame(scene, "orbit", SIZE, backend))


def test_another_level_replaces_the_last_one(scene: Scene, backend: str) -> None:
    first = render.frame(scene, "orbit", SIZE, backend)
    render.frame(replace(scene, boxes=scene.boxes[:4], box_kinds=scene.box_kinds[:4]), "orbit", SIZE, backend)
    assert np.array_equal(render.frame(scene, "orbit", SIZE, backend), first)


def test_mistakes_are_named(scene: Scene) -> None:
    with pytest.raises(UserError, match="no camera 'orbti': did you mean 'orbit'"):
        render.frame(scene, "orbti")
    with pytest.raises(UserError, match="no drawing backend 'gpu'"):
        render.frame(scene, backend="gpu")
    with pytest.raises(UserError, match="each side has to be from 8"):
        render.frame(scene, size=(4, 4))
