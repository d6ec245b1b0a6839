"""Bars between places: they have the right shape, and both renderers draw them whole, in their colour."""

from dataclasses import replace

import numpy as np
import pytest

from avatarium import render
from avatarium.render.draw import camera, geometry
from avatarium.render.draw.camera import DOLLHOUSE_CUT_M
from avatarium.worlds.core.scene import Scene

SIZE = (480, 320)
RED = 3
WAYS = [(3, 0, 0), (0, -2, 0), (0, 0, 2.5), (1, 2, 3), (-1, 0.5, -2), (0, 0, 0)]


def red(frame: np.ndarray) -> np.ndarray:
    """bool [H, W]: pixels that are red."""
    pixels = frame.astype(int)
    return np.asarray(pixels[..., 0] > 1.6 * pixels[..., 1:].max(axis=2))


def with_beams(scene: Scene, *rows: tuple[float, ...]) -> Scene:
    """The scene without people, with bars."""
    bare = replace(scene, figures=scene.figures[:0], names=(), goals=scene.goals[:0], labels=())
    return replace(bare, beams=np.array(rows, np.float32).reshape(-1, 8))


@pytest.mark.parametrize("way", WAYS)
def test_a_bar_goes_from_one_end_to_the_other_and_looks_outwards(way: tuple[float, float, float]) -> None:
    start, width = np.array([1.0, 2.0, 0.5]), 0.2
    mesh = geometry.beams(np.array([[*start, *(start + way), width]]), np.array([[1.0, 0.5, 0.25]]))
    assert len(mesh) == 36
    length = float(np.linalg.norm(way))
    ahead = np.array(way) / length if length else np.array([1.0, 0.0, 0.0])
    away = mesh["position"] - start
    along = away @ ahead
    assert set(np.round(along, 4).tolist()) <= {0.0, round(length, 4)}
    assert np.linalg.norm(away - along[:, None] * ahead, axis=1) == pytest.approx(width / np.sqrt(2), abs=1e-5)
    corners = mesh["position"].reshape(-1, 3, 3).astype(float)
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if length:
        outwards = corners.mean(axis=1) - (start + np.array(way) / 2)
        assert ((facing * outwards).sum(axis=1) > 0).all()
        assert (facing * mesh["normal"][::3]).sum(axis=1) == pytest.approx(np.linalg.norm(facing, axis=1), rel=1e-4)
    assert np.linalg.norm(mesh["normal"], axis=1) == pytest.approx(1, abs=1e-5)
    assert (mesh["colour"] == np.float32([1.0, 0.5, 0.25])).all()


def test_a_bar_is_drawn_where_it_is_and_no_higher_or_lower(scene: Scene, backend: str) -> None:
    high = 2.5
    assert high > 2 * DOLLHOUSE_CUT_M
    frame = render.frame(with_beams(scene, (9, 4, 0, 9, 4, high, 0.3, RED)), "orbit", SIZE, backend)
    lens = camera.named("orbit", scene.bounds, (0, 0, 0), 0, SIZE[0] / SIZE[1])
    (x, foot, _), (_, top, _) = lens.project([(9, 4, 0), (9, 4, high)], *SIZE)
    rows, columns = np.nonzero(red(frame))
    assert rows.min() == pytest.approx(top, abs=6) and rows.max() == pytest.approx(foot, abs=6)
    assert abs(np.median(columns) - x) < 5


def test_bars_come_and_go_without_a_new_building(scene: Scene, backend: str) -> None:
    none, some = with_beams(scene), with_beams(scene, (2, 2, 1, 10, 6, 1, 0.2, RED), (9, 4, 0, 9, 4, 1, 0.3, RED))
    counts = [red(render.frame(one, "top", SIZE, backend)).sum() for one in (none, some, none)]
    assert counts[0] == counts[2] == 0 < 200 < counts[1]


def test_bars_throw_shadows(scene: Scene, backend: str) -> None:
    plain, roofed = (render.frame(one, "top", SIZE, backend).astype(int).sum(axis=2) for one in (
        with_beams(scene), with_beams(scene, (9, 2, 1.1, 9, 6, 1.1, 0.4, RED))
    ))  # fmt: skip
    darker = (plain - roofed > 60) & (np.abs(plain - roofed) < 300)
    assert darker.sum() > 100


@pytest.mark.gl
def test_both_renderers_draw_the_same_bars(scene: Scene, opengl: None) -> None:
    full = with_beams(scene, *[(1 + k, 1, 0.2 * k, 11 - k, 7, 2, 0.15, k) for k in range(9)])
    one, other = (render.frame(full, "orbit", SIZE, name).astype(int) for name in ("cpu", "gl"))
    difference = np.abs(one - other).max(axis=2)
    assert np.median(difference) <= 1
    assert (difference > 16).mean() < 0.04  # edges
