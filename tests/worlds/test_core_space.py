"""Geometry of the toolbox, held against plain slow NumPy: sight, rays, ways, bodies."""

import heapq
from typing import Any

import numpy as np
import pytest

from avatarium.worlds import make_batch
from avatarium.worlds.core import bodies, geodesic, people, rays
from avatarium.worlds.core.plan import in_sight

F = np.float32


@pytest.fixture(scope="module")
def building() -> Any:
    """A batch of 6 buildings in which people have walked a while."""
    batch = make_batch("wayfinding", num_envs=6)
    batch.reset(3)
    draw = np.random.default_rng(0)
    for _ in range(50):
        batch.step({"walker": draw.integers(0, [5, 3], (6, 8, 2)).astype(np.int32)})
    return batch


def boxes_of(batch: Any, i: int) -> np.ndarray:
    """float64 [B, 4] of environment ``i``."""
    return batch.state.plan.boxes[i, :, : batch.state.plan.num_boxes[i]].T.astype(np.float64)


def first_hit(boxes: np.ndarray, x: float, y: float, dx: float, dy: float) -> float:
    """Distance along a ray to the nearest box, by the slab test in float64; infinite when there is none."""
    with np.errstate(divide="ignore"):
        t = (boxes - [x, y, x, y]) / [dx, dy, dx, dy]
    near = np.maximum(np.minimum(t[:, 0], t[:, 2]), np.minimum(t[:, 1], t[:, 3]))
    far = np.minimum(np.maximum(t[:, 0], t[:, 2]), np.maximum(t[:, 1], t[:, 3]))
    return float(np.min(near, where=(near <= far) & (near > 0), initial=np.inf))


def test_rays_see_what_slow_geometry_sees(building: Any) -> None:
    out = np.zeros(rays.SIZE, F)
    angles = np.linspace(-0.75 * np.pi, 0.75 * np.pi, rays.RAYS)
    for i in range(6):
        avatars = building.state.avatars[i]
        for a in range(8):
            rays.look(building.state.plan, avatars, i, a, out)
            x, y, h = (float(avatars[a][f]) for f in ("x", "y", "heading"))
            for k, angle in enumerate(angles + h):
                dx, dy = np.cos(angle), np.sin(angle)
                wall, person = first_hit(boxes_of(building, i), x, y, dx, dy), nearest_disc(avatars, a, x, y, dx, dy)
                want = 1 - min(wall, person, 10.0) / 10
                assert out[k] == pytest.approx(want, abs=2e-2 if abs(wall - person) < 0.05 else 2e-3) or grazes(
                    building, i, a, x, y, angle, out[k]
                )
                if min(wall, person) < 9.9 and abs(wall - person) > 0.1 and out[k] == pytest.approx(want, abs=2e-3):
                    assert out[(2 if person < wall else 1) * rays.RAYS + k] + out[3 * rays.RAYS + k] >= 1


def nearest_disc(avatars: np.ndarray, a: int, x: float, y: float, dx: float, dy: float) -> float:
    """Distance along a ray to the nearest other body; infinite when there is none."""
    best = np.inf
    for b, other in enumerate(avatars):
        ox, oy = float(other["x"]) - x, float(other["y"]) - y
        along, under = ox * dx + oy * dy, (ox * dx + oy * dy) ** 2 - ox * ox - oy * oy + 0.25**2
        if b != a and under > 0 and along > 0:
            best = min(best, along - np.sqrt(under))
    return best


def grazes(batch: Any, i: int, a: int, x: float, y: float, angle: float, seen: float) -> bool:
    """Whether a ray turned by a thousandth of a rad would have seen what was seen: it passes an edge."""
    avatars, boxes = batch.state.avatars[i], boxes_of(batch, i)
    for turned in (angle - 1e-3, angle + 1e-3):
        dx, dy = np.cos(turned), np.sin(turned)
        hit = min(first_hit(boxes, x, y, dx, dy), nearest_disc(avatars, a, x, y, dx, dy), 10.0)
        if abs(seen - (1 - hit / 10)) < 5e-3:
            return True
    return False


def test_sight_agrees_with_rays(building: Any) -> None:
    draw = np.random.default_rng(1)
    for i in range(6):
        width, height = building.state.extent[i] * 0.5
        for _ in range(300):
            a, b = draw.uniform([0.6, 0.6], [width - 0.6, height - 0.6], (2, 2))
            d = float(np.hypot(*(b - a)))
            hit = first_hit(boxes_of(building, i), *a, *((b - a) / d))
            inside = any((bx[0] <= a[0] <= bx[2]) and (bx[1] <= a[1] <= bx[3]) for bx in boxes_of(building, i))
            if not inside and abs(hit - d) > 1e-3:
                assert in_sight(building.state.plan, i, F(a[0]), F(a[1]), F(b[0]), F(b[1]), F(0)) == (hit > d)


def test_fields_hold_the_shortest_ways_over_cells(building: Any) -> None:
    for i in range(3):
        cells, field = building.state.plan.cells[i], building.state.ways[i, 0]
        zone = list(zip(*np.nonzero(field == 0), strict=True))
        slow = dijkstra(cells, [(int(y), int(x)) for y, x in zone])
        reached = slow < np.inf
        assert (field[reached] == slow[reached]).all() and (field[~reached] == geodesic.FAR).all()


def dijkstra(cells: np.ndarray, zone: list[tuple[int, int]]) -> np.ndarray:
    """Decimetres to the zone from every cell: float64 [H, W]."""
    far = np.full(cells.shape, np.inf)
    heap = [(0, *at) for at in zone]
    for _, y, x in heap:
        far[y, x] = 0
    while heap:
        d, y, x = heapq.heappop(heap)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                to = d + (5 if dx == 0 or dy == 0 else 7)
                if (
                    cells[y + dy, x + dx] == 0
                    and cells[y + dy, x] == 0
                    and cells[y, x + dx] == 0
                    and (dx or dy)
                    and to < far[y + dy, x + dx]
                ):
                    far[y + dy, x + dx] = to
                    heapq.heappush(heap, (to, y + dy, x + dx))
    return far


def test_the_pulled_path_is_no_longer_than_the_cells_and_no_shorter_than_the_crow(building: Any) -> None:
    for i in range(6):
        for a in range(8):
            me = building.state.avatars[i, a]
            over_cells = float(geodesic.distance(building.state.ways[i, a], me["x"], me["y"]))
            pulled = float(geodesic.path_length(building.state.plan, i, building.state.ways[i, a], me["x"], me["y"]))
            crow = float(np.hypot(me["goal_x"] - me["x"], me["goal_y"] - me["y"])) - 1.5
            assert crow - 1e-3 <= pulled <= over_cells + 1.0


def test_people_are_the_nearest_in_sight(building: Any) -> None:
    out = np.zeros(people.SIZE, F)
    for i in range(6):
        avatars = building.state.avatars[i]
        for a in range(8):
            people.look(building.state.plan, avatars, i, a, 8, out)
            me = avatars[a]
            gaps = {b: float(np.hypot(o["x"] - me["x"], o["y"] - me["y"])) for b, o in enumerate(avatars) if b != a}
            seen = [
                b
                for b in sorted(gaps, key=gaps.__getitem__)
                if gaps[b] < 10 and in_sight(building.state.plan, i, me["x"], me["y"], *(avatars[b][f] for f in "xy"), F(0))
            ]
            table = out.reshape(people.NEAREST, people.COLUMNS)
            assert int(table[:, 0].sum()) == min(len(seen), people.NEAREST)
            for row, b in zip(table, seen, strict=False):
                assert np.hypot(row[1], row[2]) * 10 == pytest.approx(gaps[b], abs=1e-3)
            assert not table[len(seen) :].any()


def test_walking_speeds_up_slides_along_walls_and_stops_at_them() -> None:
    batch = make_batch("wayfinding", walkers=1, furniture=0.0)
    batch.reset(0)
    me = batch.state.avatars[0, 0]
    room = batch.state.rooms[0, 0]
    bodies.place(me, F((room["x0"] + 2.5) * 0.5), F((room["y0"] + 1.5) * 0.5), F(0))
    forward = {"walker": np.array([[[1, 0]]], np.int32)}
    speeds = []
    for _ in range(4):
        batch.step(forward)
        speeds.append(float(np.hypot(me["vx"], me["vy"])))
    assert speeds[0] == pytest.approx(0.7, abs=1e-3) and speeds[1:] == pytest.approx([1.4] * 3, abs=1e-3)
    for _ in range(200):
        batch.step(forward)
    assert float(np.hypot(me["vx"], me["vy"])) < 0.01 and me["at_wall"] == 1
    along = {"walker": np.array([[[3, 0]]], np.int32)}
    y = float(me["y"])
    for _ in range(5):
        batch.step(along)
    assert float(me["y"]) != y


def test_one_who_is_pushed_gives_way_and_nobody_overlaps() -> None:
    batch = make_batch("wayfinding", walkers=2, furniture=0.0)
    batch.reset(0)
    room, (a, b) = batch.state.rooms[0, 0], batch.state.avatars[0]
    x, y = (room["x0"] + 2) * 0.5, (room["y0"] + room["y1"] + 1) * 0.25
    bodies.place(a, F(x), F(y), F(0))
    bodies.place(b, F(x + 0.6), F(y + 0.02), F(0))
    start = float(b["x"])
    for _ in range(8):
        batch.step({"walker": np.array([[[1, 0], [0, 0]]], np.int32)})
        assert np.hypot(a["x"] - b["x"], a["y"] - b["y"]) >= 2 * bodies.RADIUS_M
    assert float(b["x"]) > start
