"""What avatars see: distances, sizes and sides come out as geometry has it, and a picture is part of an observation like any other."""

from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds import Batch, UserError
from avatarium.worlds.core import bodies, building, discovery, plan
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.colours import PEOPLE
from avatarium.worlds.core.eyes.art import AVATAR_ID, BOX_ID, FLOOR_ID, SKY_ID
from avatarium.worlds.core.plan import FURNITURE, GLASS, WALL

SEEING = [name for name in discovery.names() if discovery.spec(name).sights is not None]
EYE_M, WALL_M = 1.06, 2.2
F = np.float32


class Room:
    """A hall of 20 x 20 m with two walkers in it, one of whom looks; ``look`` draws 84 x 84 pixels, 90 degrees wide."""

    def __init__(self) -> None:
        self.batch = worlds.make_batch("wayfinding", walkers=2)
        self.batch.reset(0)
        state = self.batch.state
        state.num_rooms[0] = 0
        building.enclose(state.plan, 0, 40, 40)
        self.one, self.other = state.avatars[0, 0], state.avatars[0, 1]
        self.stand(10.0, 10.0, 0.0)
        self.other["present"] = 0

    def stand(self, x: float, y: float, heading: float) -> None:
        bodies.place(self.batch.state.avatars[0, 0], F(x), F(y), F(heading))

    def put(self, x: float, y: float, heading: float) -> None:
        bodies.place(self.batch.state.avatars[0, 1], F(x), F(y), F(heading))

    def box(self, kind: int, x0: float, y0: float, x1: float, y1: float) -> None:
        plan.add_box(self.batch.state.plan, 0, kind, F(x0), F(y0), F(x1), F(y1))

    def look(self, width: int = 84, height: int = 84, fov_deg: float = 90.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        eyes = self.batch.eyes("walker", width, height, fov_deg)
        rgb, depth, ids = np.zeros((*eyes.shape, 3), np.uint8), np.zeros(eyes.shape, F), np.zeros(eyes.shape, np.uint8)
        eyes.look(rgb, depth, ids)
        return rgb[0, 0], depth[0, 0], ids[0, 0]


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_wall_ahead_is_as_far_and_as_high_as_it_is(room: Room) -> None:
    _, depth, ids = room.look()
    to_wall = 20.0 - 0.25 - 0.075 - 10.0  # the wall's box runs along the middle of its cells, 0.15 m thick
    seen = ids[:, 42] == BOX_ID + WALL
    assert depth[42, 42] == pytest.approx(to_wall, abs=1e-4)
    assert np.allclose(depth[42][ids[42] == BOX_ID + WALL], to_wall, atol=1e-3)  # depth is what lies ahead: alike in all columns
    focal = 42.0
    top, bottom = 42 - (WALL_M - EYE_M) * focal / to_wall, 42 + EYE_M * focal / to_wall
    rows = np.flatnonzero(seen)
    assert abs(rows[0] - top) <= 1
    assert abs(rows[-1] + 1 - bottom) <= 1
    assert (ids[: rows[0], 42] == SKY_ID).all()
    assert (ids[rows[-1] + 1 :, 42] == FLOOR_ID).all()
    assert np.isinf(depth[0, 42])


def test_the_floor_is_as_far_as_it_is(room: Room) -> None:
    _, depth, ids = room.look()
    row = 80
    assert (ids[row] == FLOOR_ID).all()
    assert np.allclose(depth[row], EYE_M * 42.0 / (row + 0.5 - 42), atol=1e-4)


def test_a_wider_lens_shows_more(room: Room) -> None:
    room.put(12.0, 12.6, 0.0)  # 52 degrees to the left
    assert (room.look(fov_deg=90.0)[2] != AVATAR_ID + 1).all()
    assert (room.look(fov_deg=120.0)[2] == AVATAR_ID + 1).any()


def test_an_avatar_stands_where_it_stands(room: Room) -> None:
    room.put(14.0, 12.0, 0.0)  # ahead 4 m, to the left 2 m
    rgb, depth, ids = room.look()
    rows, columns = np.nonzero(ids == AVATAR_ID + 1)
    assert columns.mean() == pytest.approx(42 - 42 * 2 / 4, abs=1.5)
    assert columns.max() - columns.min() + 1 == pytest.approx(2 * 0.262 * 42 / 4, abs=2)
    assert rows.min() == pytest.approx(42 - (1.25 - EYE_M) * 42 / 4, abs=1.5)
    assert rows.max() == pytest.approx(42 + EYE_M * 42 / 4, abs=1.5)
    assert np.allclose(depth[ids == AVATAR_ID + 1], 4.0)
    body = rgb[ids == AVATAR_ID + 1].astype(float).mean(axis=0)
    nearest = np.abs(PEOPLE.astype(float) - body).sum(axis=1).argmin()
    assert nearest == 1  # the second walker has the second colour


def white(rgb: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Columns, from the left, of what is white on the other avatar: its eyes."""
    return np.nonzero((ids == AVATAR_ID + 1) & (rgb.min(axis=2) > 225))[1]


def test_an_avatar_shows_where_it_looks(room: Room) -> None:
    found = {}
    for name, heading in (("away", 0.0), ("at me", np.pi), ("left", np.pi / 2), ("right", -np.pi / 2)):
        room.put(11.5, 10.0, heading)
        rgb, _, ids = room.look()
        found[name] = white(rgb, ids)
    assert len(found["away"]) == 0
    assert found["at me"].mean() == pytest.approx(42, abs=1)
    assert found["left"].mean() < 41
    assert found["right"].mean() > 43


def test_walls_hide_what_is_behind_them(room: Room) -> None:
    room.put(14.0, 10.0, 0.0)
    room.box(WALL, 12.0, 8.0, 12.15, 12.0)
    _, depth, ids = room.look()
    assert (ids != AVATAR_ID + 1).all()
    assert depth[42, 42] == pytest.approx(2.0, abs=1e-4)


def test_one_looks_over_furniture(room: Room) -> None:
    room.put(16.0, 10.0, np.pi)
    room.box(FURNITURE, 12.0, 9.0, 13.0, 11.0)
    _, depth, ids = room.look()
    table = ids == BOX_ID + FURNITURE
    rows = np.flatnonzero(table[:, 42])
    assert rows[0] == pytest.approx(42 + (EYE_M - 0.75) * 42 / 3, abs=1.5)  # the far edge of its top
    assert rows[-1] == pytest.approx(42 + EYE_M * 42 / 2, abs=1.5)  # the foot of its near side
    assert depth[rows[-1], 42] == pytest.approx(2.0, abs=1e-4)
    assert (ids[: rows[0], 42] == AVATAR_ID + 1).any()  # its head, behind the table
    foot = int(42 + EYE_M * 42 / 6)
    assert table[foot, 42]  # and its feet are hidden


def test_glass_lets_through_what_is_behind_it(room: Room) -> None:
    room.put(14.0, 10.0, np.pi)
    before = room.look()[0]
    room.box(GLASS, 12.0, 9.0, 12.15, 11.0)
    rgb, depth, ids = room.look()
    pane = ids == BOX_ID + GLASS
    assert pane[42, 42]
    assert depth[42, 42] == pytest.approx(4.0)  # one sees the avatar
    changed = np.abs(rgb[pane].astype(int) - before[pane].astype(int)).max(axis=1)
    assert 0 < np.median(changed) < 80


def test_the_near_hides_the_far(room: Room) -> None:
    room.put(12.0, 10.0, np.pi)
    room.box(FURNITURE, 13.0, 9.5, 14.0, 10.5)
    _, depth, ids = room.look()
    assert ids[60, 42] == AVATAR_ID + 1
    assert depth[60, 42] == pytest.approx(2.0)


def drawn(name: str, num_envs: int = 4, threads: int = 1, steps: int = 25, **config: Any) -> tuple[Batch, dict[str, np.ndarray]]:
    """A batch after some random steps, and what each role sees, 32 x 24 pixels."""
    batch = worlds.make_batch(name, num_envs, threads, **config)
    batch.reset(list(range(5, 5 + num_envs)))
    rng, one = np.random.default_rng(2), worlds.make_batch(name, 1, **config)
    for _ in range(steps):
        batch.step({role: np.repeat(actions, num_envs, axis=0) for role, actions in random_actions(one, rng).items()})
    found = {}
    for role in batch.roles:
        eyes = batch.eyes(role, 32, 24)
        found[role] = np.zeros((*eyes.shape, 3), np.uint8)
        eyes.look(found[role])
    return batch, found


@pytest.mark.parametrize("name", SEEING)
def test_pictures_depend_neither_on_threads_nor_on_neighbours(name: str) -> None:
    alone, together, shared = drawn(name, 1)[1], drawn(name, 4)[1], drawn(name, 4, threads=3)[1]
    for role, picture in alone.items():
        assert (together[role][:1] == picture).all()
        assert (shared[role] == together[role]).all()
        assert len(np.unique(together[role].reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize("name", SEEING)
def test_a_picture_is_part_of_an_observation(name: str) -> None:
    batch, found = drawn(name, 3, pixels={"width": 32, "height": 24, "depth": True, "segments": True})
    for role, picture in found.items():
        if not (seen := batch.roles[role].picture):
            continue
        assert seen.shape == (5, 24, 32)
        told = batch.observations[role][..., -seen.size :].reshape(3, -1, *seen.shape)
        assert batch.observation_spaces[role].contains(batch.observations[role][0, 0])
        assert np.array_equal(np.round(told[:, :, :3] * 255).astype(np.uint8), picture.transpose(0, 1, 4, 2, 3))
        ids = np.zeros(told.shape[:2] + told.shape[3:], np.uint8)
        depth = np.zeros(ids.shape, F)
        batch.eyes(role, 32, 24).look(depth=depth, ids=ids)
        assert np.allclose(told[:, :, 4] * 64, ids)
        assert np.allclose(told[:, :, 3], np.where(np.isinf(depth), 0, 1 - np.minimum(depth, 10) / 10), atol=1e-6)


def test_the_absent_see_nothing() -> None:
    batch, found = drawn("gathering", 4, late=1.0)
    gone = ~batch.present["guest"]
    assert gone.any()
    assert (found["guest"][gone] == 0).all()


def test_episodes_that_end_leave_their_last_picture() -> None:
    batch = worlds.make_batch("wayfinding", 2, episode_steps=50, walkers=2, pixels={"width": 16, "height": 12})
    batch.reset(0)
    where = batch.roles["walker"].slices()["picture_90_degrees"]
    for _ in range(49):
        batch.step({"walker": np.zeros((2, 2, 2), np.int32)})
    before = batch.observations["walker"][..., where].copy()
    step = batch.step({"walker": np.zeros((2, 2, 2), np.int32)})
    assert step.truncation["walker"].all()
    assert np.array_equal(step.final_observation["walker"][..., where], before)  # nobody has moved
    assert not np.array_equal(step.observation["walker"][..., where], before)  # another building


def test_what_a_batch_is_restored_to_is_seen_again() -> None:
    batch, _ = drawn("museum", 2, pixels={"width": 16, "height": 12})
    kept, seen = batch.snapshot(), batch.observations["visitor"].copy()
    rng = np.random.default_rng(0)
    after = batch.step(random_actions(batch, np.random.default_rng(1))).observation["visitor"].copy()
    for _ in range(5):
        batch.step(random_actions(batch, rng))
    assert np.array_equal(batch.restore(kept)["visitor"], seen)
    assert np.array_equal(batch.step(random_actions(batch, np.random.default_rng(1))).observation["visitor"], after)


def test_eyes_may_be_shut() -> None:
    batch, _ = drawn("wayfinding", 1, pixels={"width": 16, "height": 12, "mute": True})
    where = batch.roles["walker"].slices()["picture_90_degrees"]
    assert (batch.observations["walker"][..., where] == 0).all()


def test_without_a_width_there_is_no_picture() -> None:
    assert worlds.make_batch("wayfinding").roles["walker"].picture is None


def test_pictures_of_unlike_shape_do_not_fit_one_policy() -> None:
    tall = worlds.make_batch("wayfinding", pixels={"width": 16, "height": 32}).roles["walker"]
    wide = worlds.make_batch("wayfinding", pixels={"width": 32, "height": 16}).roles["walker"]
    assert tall.observation_size == wide.observation_size
    assert tall.signature() != wide.signature()
    far = worlds.make_batch("wayfinding", pixels={"width": 32, "height": 16, "fov_deg": 60.0}).roles["walker"]
    assert far.signature() != wide.signature()


def test_agents_of_pettingzoo_see() -> None:
    env = worlds.make("wayfinding", pixels={"width": 16, "height": 12})
    observations, _ = env.reset(seed=0)
    assert env.observation_space("walker_0").contains(observations["walker_0"])
    assert observations["walker_0"][-16 * 12 * 3 :].max() > 0.5


def test_buffers_that_do_not_fit_are_refused() -> None:
    eyes = worlds.make_batch("wayfinding").eyes("walker", 16, 12)
    with pytest.raises(UserError, match=r"rgb is uint8 \(1, 8, 16, 12, 3\); the views need a C-contiguous array uint8 \(1, 8, 12, 16, 3\)"):
        eyes.look(np.zeros((1, 8, 16, 12, 3), np.uint8))
    with pytest.raises(UserError, match="a view of 4 x 12 pixels, 90 degrees wide, cannot be drawn: sides go from 8"):
        worlds.make_batch("wayfinding").eyes("walker", 4, 12)
    with pytest.raises(UserError, match="memory has no sights: its avatars cannot see pictures"):
        worlds.make_batch("memory").eyes("agent")
