"""Pixel observations drawn with OpenGL: those that the CPU casts, but for edges."""

from typing import Any

import numpy as np
import pytest

from avatarium import render, worlds
from avatarium.render.draw import context
from avatarium.render.pixels import GlEyes, eyes
from avatarium.worlds import UserError
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.scene import Scene

SEEING = [name for name in worlds.names() if discovery.spec(name).sights is not None]
WIDTH, HEIGHT = 84, 60


def played(world: str, num_envs: int = 4, steps: int = 12, seed: int = 6, **config: Any) -> Batch:
    """A batch some way into its episodes."""
    batch = worlds.make_batch(world, num_envs, **config)
    batch.reset(seed)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        batch.step(random_actions(batch, rng))
    return batch


def views(looker: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours, depths and numbers, from arrays full of something else."""
    rgb, depth, ids = np.full((*looker.shape, 3), 9, np.uint8), np.full(looker.shape, 9, np.float32), np.full(looker.shape, 9, np.uint8)
    looker.look(rgb, depth, ids)
    return rgb, depth, ids


def assert_alike(cast: tuple[np.ndarray, ...], drawn: tuple[np.ndarray, ...]) -> None:
    """Only edges may differ: they were off in 1 of 10,000 pixels when this was written."""
    apart = np.abs(cast[0].astype(int) - drawn[0]).max(axis=-1)
    assert np.median(apart) == 0
    assert (apart <= 2).mean() >= 0.999
    assert np.isclose(cast[1], drawn[1], rtol=0.01).mean() >= 0.999
    assert (cast[2] == drawn[2]).mean() >= 0.999


@pytest.fixture
def looker(opengl: None) -> Any:
    """Makes eyes that are closed after the test."""
    made: list[GlEyes] = []

    def make(batch: Batch, **how: Any) -> GlEyes:
        made.append(GlEyes(batch, next(iter(batch.roles)), **{"width": WIDTH, "height": HEIGHT} | how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.gl
@pytest.mark.parametrize("world", SEEING)
@pytest.mark.parametrize("fov_deg", [60.0, 120.0])
def test_they_are_those_of_the_raycaster(world: str, fov_deg: float, looker: Any) -> None:
    batch = played(world)
    cast = views(batch.eyes(next(iter(batch.roles)), WIDTH, HEIGHT, fov_deg))
    assert cast[0].std() > 5
    assert_alike(cast, views(looker(batch, fov_deg=fov_deg)))


def test_all_kinds_of_things_are_compared() -> None:
    found: set[int] = set()
    for world in SEEING:
        batch = played(world)
        found |= set(np.unique(views(batch.eyes(next(iter(batch.roles)), WIDTH, HEIGHT))[2]).tolist())
    assert set(range(10)) <= found


@pytest.mark.gl
def test_the_same_eyes_follow_the_world(looker: Any) -> None:
    batch = played("museum")
    cast, drawn = batch.eyes("visitor", WIDTH, HEIGHT), looker(batch)
    before = views(drawn)
    batch.reset(7)
    after = views(drawn)
    assert (before[0] != after[0]).mean() > 0.2
    assert_alike(views(cast), after)


@pytest.mark.gl
def test_views_that_need_several_sheets_are_the_same(looker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = played("gathering", num_envs=5)
    whole = views(looker(batch))
    monkeypatch.setattr(eyes, "WIDEST", 4 * WIDTH)
    for one, part in zip(whole, views(looker(batch)), strict=True):
        assert np.isclose(one, part, rtol=1e-3).mean() > 0.9999


@pytest.mark.gl
def test_absent_avatars_see_nothing_and_are_not_seen(looker: Any) -> None:
    batch = played("gathering")
    batch.state.avatars["present"][:, 1:] = 0
    rgb, depth, ids = drawn = views(looker(batch))
    assert not rgb[:, 1:].any() and not ids[:, 1:].any() and np.isinf(depth[:, 1:]).all()
    assert ids.max() < 8
    assert_alike(views(batch.eyes("guest", WIDTH, HEIGHT)), drawn)


@pytest.mark.gl
def test_pictures_for_people_are_not_disturbed(looker: Any, scene: Scene) -> None:
    expected = render.frame(scene, size=(160, 120), backend="gl")
    views(looker(played("gathering")))
    assert np.array_equal(render.frame(scene, size=(160, 120), backend="gl"), expected)


@pytest.mark.gl
def test_arrays_that_cannot_hold_views_are_refused(looker: Any) -> None:
    drawn = looker(played("gathering", num_envs=1, steps=0))
    with pytest.raises(UserError, match=r"rgb is uint8 .*; the views need a C-contiguous array uint8"):
        drawn.look(np.zeros((1, 2, 3), np.uint8))
    with pytest.raises(UserError, match="depth is float64"):
        drawn.look(depth=np.zeros(drawn.shape, np.float64))


def test_without_opengl_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moderngl", reason="moderngl is not installed")
    monkeypatch.setattr(context, "_made", context._Made())
    monkeypatch.setattr(context, "_WAYS", ({"backend": "egl", "libgl": "libNone.so.1", "libegl": "libNone.so.1"},))
    with pytest.raises(UserError, match="apt-get install --no-install-recommends libegl1 libgl1"):
        GlEyes(played("gathering", num_envs=1, steps=0), "guest")
