"""The museum: its halls and doors, machines, screens, attention, visitors, and bounds."""

from typing import Any

import numpy as np
import pytest

from avatarium.worlds import make_batch
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import place
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.museum import WORLD
from avatarium.worlds.museum.exhibits import (
    CHIME,
    DIAL,
    FACE,
    FACE_COUNT,
    LAMP,
    LOOP,
    LOOP_PICTURES,
    LOOP_STEPS,
    NEXT,
    NOISE,
    PERIOD,
    SWING,
)
from avatarium.worlds.museum.state import OPEN, SHOWCASE, VAULT, WING

EVENT = {event.name: k for k, event in enumerate(WORLD.events)}
STILL = (0, 0, 0)
USE = (0, 0, 1)


def fresh(num_envs: int = 1, seed: int = 0, **config: Any) -> Batch:
    """A museum that was just entered."""
    batch = make_batch("museum", num_envs=num_envs, autoreset=False, **config)
    batch.reset(seed)
    return batch


def do(batch: Batch, *actions: tuple[int, int, int]) -> None:
    """One step of environment 0; visitors without an action stand still."""
    rows = np.zeros((batch.num_envs, batch.num_agents["visitor"], 3), np.int32)
    for a, action in enumerate(actions):
        rows[0, a] = action
    batch.step({"visitor": rows})


def count(batch: Batch, kind: str, i: int = 0) -> int:
    return int(batch.events.tally["count"][i, EVENT[kind]])


def before(batch: Batch, a: int, e: int, away_m: float = 1.0, aside: float = 0.0) -> None:
    """Put avatar ``a`` of environment 0 before exhibit ``e`` where there is room, facing it but for ``aside`` (rad)."""
    exhibit, cells = batch.state.exhibits[0, e], batch.state.plan.cells[0]
    for angle in np.linspace(0, 2 * np.pi, 64):
        x, y = exhibit["x"] - away_m * np.cos(angle), exhibit["y"] - away_m * np.sin(angle)
        way = [exhibit["x"] - share * away_m * np.cos(angle) for share in (0.4, 0.6, 0.8, 1)]
        way = list(zip(way, [exhibit["y"] - share * away_m * np.sin(angle) for share in (0.4, 0.6, 0.8, 1)], strict=True))
        if not any(cells[int(2 * v), int(2 * u)] for u, v in way if np.hypot(u - exhibit["x"], v - exhibit["y"]) > 0.36):
            heading = (angle + aside + np.pi) % (2 * np.pi) - np.pi
            place(batch.state.avatars[0, a], np.float32(x), np.float32(y), np.float32(heading))
            batch.state.avatars[0, a]["room"] = exhibit["room"]
            return
    raise AssertionError("there is no room before the exhibit")


def of_kind(batch: Batch, kind: int) -> int:
    """The first exhibit of a kind in environment 0."""
    return int(np.flatnonzero(batch.state.exhibits["kind"][0, : batch.state.num_exhibits[0]] == kind)[0])


def doors(batch: Batch, sort: int) -> np.ndarray:
    """Whether each door of a sort stands open in environment 0."""
    gates = batch.state.gates[0, : batch.state.num_gates[0]]
    found: np.ndarray = batch.state.opened[0, : len(gates)][gates["sort"] == sort]
    return found


def reachable(cells: np.ndarray, x: float, y: float) -> np.ndarray:
    """bool [H, W]: cells that one can walk to from a point, told by spreading step by step."""
    found = np.zeros(cells.shape, np.bool_)
    found[int(2 * y), int(2 * x)] = True
    while True:
        spread = found.copy()
        for axis, turn in ((0, 1), (0, -1), (1, 1), (1, -1)):
            spread |= np.roll(found, turn, axis)
        spread &= cells == 0
        if (spread == found).all():
            return found
        found = spread


@pytest.mark.parametrize("split", ["train", "validation", "held-out"])
def test_every_museum_has_what_the_config_says_and_nothing_is_cut_off(split: str) -> None:
    batch = fresh(100, split=split)
    state, more = batch.state, 2 if split == "held-out" else 0
    for i in range(100):
        exhibits = state.exhibits[i, : state.num_exhibits[i]]
        assert [int((exhibits["where"] == where).sum()) for where in (OPEN, WING, VAULT, SHOWCASE)] == [12 + more, 2, 1, 2]
        assert [int((exhibits["kind"] == kind).sum()) for kind in (DIAL, LAMP, SWING, CHIME, NOISE, LOOP)] == [1, 1, 1, 1, 1, 1]
        reached = reachable(state.plan.cells[i], *(float(state.avatars[name][i, 0]) for name in ("x", "y")))
        for e, exhibit in enumerate(exhibits):
            x, y = int(2 * exhibit["x"]), int(2 * exhibit["y"])
            near = reached[y - 1 : y + 2, x - 1 : x + 2].any()
            assert near == (exhibit["where"] == OPEN), f"exhibit {e} of museum {i}"
        assert (exhibits["room"] != state.entrance[i]).all()
        for k, (x, y) in enumerate(state.plates[i]):
            assert reached[int(2 * y), int(2 * x)], f"plate {k} of museum {i}"
        assert np.hypot(*(state.plates[i, 0] - state.plates[i, 1])) > 0.9, "one avatar could press both"


def test_held_out_museums_are_larger() -> None:
    rooms = {}
    for split in ("train", "held-out"):
        state = fresh(200, split=split).state
        rooms[split] = np.mean([(state.rooms["kind"][i, : state.num_rooms[i]] > 0).sum() for i in range(200)])
    assert rooms["held-out"] > rooms["train"] + 1.5


def test_parts_of_a_museum_can_be_left_out() -> None:
    state = fresh(50, wing=False, vault=False, showcase=False, screens=0, loops=0).state
    assert not state.num_gates.any() and not state.access.any() and not state.plates.any()
    assert (state.num_exhibits == 12).all() and (state.exhibits["kind"] < NOISE).all()


@pytest.mark.parametrize(
    ("kind", "faces"), [(DIAL, [0, 1, 2, 3, 0, 1]), (LAMP, [0, 0, 1, 1, 0, 0]), (SWING, [0, 1, 2, 3, 2, 1]), (CHIME, [0, 2, 1, 3, 0, 2])]
)
def test_machines_answer_to_use_by_their_rule(kind: int, faces: list[int]) -> None:
    batch = fresh(visitors=1, wing=False)
    e = of_kind(batch, kind)
    batch.state.settings[0, e] = 0
    before(batch, 0, e)
    do(batch)
    shown, pictures = [], set()
    for _ in faces:
        shown.append(int(FACE[kind, batch.state.settings[0, e]]))
        pictures.add((shown[-1], batch.state.pictures[0, e].tobytes()))
        do(batch, USE)
        do(batch, STILL)
    assert shown == faces and len(pictures) == FACE_COUNT[kind] and count(batch, "used") == len(faces)
    assert count(batch, "discovered") == FACE_COUNT[kind] - 1 and NEXT[kind, PERIOD[kind] - 1] == 0


def test_the_hand_works_when_it_begins_to_and_only_on_what_is_near_and_faced() -> None:
    batch = fresh(visitors=1, wing=False)
    e = of_kind(batch, DIAL)
    for away, aside, works in ((1.0, 0.0, True), (1.0, 1.2, False), (1.8, 0.0, False)):
        before(batch, 0, e, away, aside)
        do(batch)
        used = count(batch, "used")
        do(batch, USE)
        do(batch, USE)
        assert count(batch, "used") == used + works
        do(batch)


def test_an_exhibit_is_seen_after_a_second_of_attention_and_once() -> None:
    batch = fresh(visitors=1, wing=False, vault=False, showcase=False)
    e = of_kind(batch, LAMP)
    before(batch, 0, e, 1.5)
    for _ in range(9):
        do(batch)
    assert count(batch, "seen") == 0
    before(batch, 0, e, 1.5, aside=2.0)
    do(batch)
    before(batch, 0, e, 1.5)
    for _ in range(9):
        do(batch)
    assert count(batch, "seen") == 0, "the second has to be without a break"
    for _ in range(30):
        do(batch)
    others = int(batch.state.avatars[0, 0]["seen"]).bit_count()
    assert count(batch, "seen") == others >= 1
    assert batch.events.tally["value"][0, EVENT["seen"]] == pytest.approx(others / 12)


def test_sight_and_attention_are_what_slow_geometry_says() -> None:
    batch, rng = fresh(8, crowd=2), np.random.default_rng(0)
    checked = 0
    for t in range(150):
        batch.step(random_actions(batch, rng))
        if t % 30:
            continue
        for i in range(8):
            boxes, kinds = batch.state.plan.boxes[i, :, : batch.state.plan.num_boxes[i]], batch.state.plan.kinds[i]
            me = batch.state.avatars[i, 0]
            for e in range(batch.state.num_exhibits[i]):
                exhibit = batch.state.exhibits[i, e]
                dx, dy = float(exhibit["x"] - me["x"]), float(exhibit["y"] - me["y"])
                away, angle = np.hypot(dx, dy), abs((np.arctan2(dy, dx) - me["heading"] + np.pi) % (2 * np.pi) - np.pi)
                hidden = blocked(me["x"], me["y"], dx, dy, away, boxes, kinds)
                seen = away < 8 and angle < 0.75 * np.pi and not hidden
                if min(abs(away - 8), abs(away - 2), abs(angle - 0.75 * np.pi), abs(angle - 0.25 * np.pi)) > 1e-2:
                    assert bool(int(me["sight"]) >> e & 1) == seen
                    assert bool(int(me["attends"]) >> e & 1) == (seen and away < 2 and angle < 0.25 * np.pi)
                    checked += seen
    assert checked > 20


def blocked(x: float, y: float, dx: float, dy: float, away: float, boxes: np.ndarray, kinds: np.ndarray) -> bool:
    """Whether the segment to just before an exhibit, walked in small steps, enters a box that is not of glass."""
    for share in np.linspace(0, max(1 - 0.3 / max(away, 0.3), 0), 600):
        px, py = x + share * dx, y + share * dy
        inside = (boxes[0] < px) & (px < boxes[2]) & (boxes[1] < py) & (py < boxes[3]) & (kinds[: boxes.shape[1]] != 1)
        if inside.any():
            return True
    return False


def test_the_wing_opens_for_good_when_both_machines_are_right() -> None:
    batch = fresh(visitors=1, vault=False)
    state = batch.state
    keys = state.keys[0]
    assert not doors(batch, WING).any() and len(doors(batch, WING))
    for key in keys:
        e = int(key["exhibit"])
        for _ in range(6):
            if FACE[state.exhibits[0, e]["kind"], state.settings[0, e]] != key["face"]:
                before(batch, 0, e)
                do(batch)
                do(batch, USE)
    assert doors(batch, WING).all() and count(batch, "wing_opened") == 1
    gate = state.gates[0, np.flatnonzero(state.gates["sort"][0] == WING)[0]]
    assert not state.plan.cells[0, gate["cy0"] : gate["cy1"] + 1, gate["cx0"] : gate["cx1"] + 1].any()
    before(batch, 0, int(keys[0]["exhibit"]))
    for _ in range(3):
        do(batch)
        do(batch, USE)
    assert doors(batch, WING).all(), "it stays open whatever the machines show later"


def test_the_door_of_the_wing_tells_what_it_asks_for() -> None:
    batch = fresh(visitors=1, vault=False, showcase=False)
    state, where = batch.state, batch.roles["visitor"].slices()["door"]
    gate = state.gates[0, 0]
    door = state.doors[0, gate["door"]]
    side = 1 if state.access[0, door["ahead"]] == OPEN else -1
    dx, dy = (0.0, 1.0) if door["along_x"] else (1.0, 0.0)
    heading = np.arctan2(-side * dy, -side * dx)
    place(state.avatars[0, 0], np.float32(gate["x"] + side * dx), np.float32(gate["y"] + side * dy), np.float32(heading))
    do(batch)
    told = batch.observations["visitor"][0, 0, where]
    assert told[0] == 1 and told[1] == pytest.approx(1 / 8, abs=0.01) and told[3:6].tolist() == [0, 0, 0]
    for k, key in enumerate(state.keys[0]):
        e = int(key["exhibit"])
        state.settings[0, e] = np.flatnonzero(FACE[state.exhibits[0, e]["kind"], : PERIOD[state.exhibits[0, e]["kind"]]] == key["face"])[0]
        do(batch)
        told = batch.observations["visitor"][0, 0, where]
        assert told[6 + k] == 1
        assert told[8 + 4 * k : 12 + 4 * k] == pytest.approx(state.pictures[0, e] / 127.5 - 1, abs=1e-5)


def test_the_vault_is_open_while_two_press_and_shuts_on_nobody() -> None:
    batch = fresh(visitors=3, wing=False, hold=5)
    state = batch.state
    for a in range(2):
        place(state.avatars[0, a], *state.plates[0, a], np.float32(0))
        assert not doors(batch, VAULT).any()
        do(batch)
    assert doors(batch, VAULT).all() and count(batch, "vault_opened") >= 1
    entrance = state.rooms[0, state.entrance[0]]
    away = np.float32(0.5 * entrance["x0"] + 0.25), np.float32(0.5 * entrance["y0"] + 0.25)
    inside = int(np.flatnonzero(state.exhibits["where"][0] == VAULT)[0])
    before(batch, 2, inside, 0.8)
    place(state.avatars[0, 0], *away, np.float32(0))
    for _ in range(20):
        do(batch)
    assert doors(batch, VAULT).all(), "somebody is inside"
    place(state.avatars[0, 2], away[0] + np.float32(0.7), away[1], np.float32(0))
    for _ in range(7):
        do(batch)
    assert not doors(batch, VAULT).any()


def test_nobody_gets_behind_the_glass_but_everybody_sees_through_it() -> None:
    batch, rng = fresh(32, showcase=True), np.random.default_rng(0)
    seen = 0
    for _ in range(400):
        batch.step(random_actions(batch, rng))
        state = batch.state
        inside = (state.exhibits["where"] == SHOWCASE) @ (np.uint32(1) << np.arange(32, dtype=np.uint32))
        seen += int(((state.avatars["sight"] & inside[:, None]) != 0).sum())
        assert (np.take_along_axis(state.access, state.avatars["room"], axis=1) != SHOWCASE).all()
    assert seen > 0


def test_noise_never_repeats_and_a_loop_comes_again() -> None:
    batch = fresh(visitors=1)
    noise, loop = of_kind(batch, NOISE), of_kind(batch, LOOP)
    noises, loops = [], []
    for _ in range(LOOP_STEPS * LOOP_PICTURES + 20):
        do(batch)
        noises.append(batch.state.pictures[0, noise].tobytes())
        loops.append(batch.state.pictures[0, loop].tobytes())
    assert len(set(noises)) == len(noises)
    assert len(set(loops)) == LOOP_PICTURES and loops[:20] == loops[LOOP_STEPS * LOOP_PICTURES :]


def test_screens_look_alike() -> None:
    batch = fresh(visitors=1, wing=False)
    where = batch.roles["visitor"].slices()["exhibits"]
    for kind in (NOISE, LOOP):
        before(batch, 0, of_kind(batch, kind), 0.8)
        do(batch)
        assert batch.observations["visitor"][0, 0, where][3:9].tolist() == [0, 0, 0, 0, 0, 1]
    assert count(batch, "watched") == count(batch, "looped") == 1


def test_a_gaze_is_followed_when_one_looks_soon_after() -> None:
    batch = fresh(visitors=2, exhibits=4, screens=0, loops=0, wing=False, vault=False, showcase=False)
    e = of_kind(batch, LAMP)
    before(batch, 1, e, 1.0)
    before(batch, 0, e, 1.9, aside=1.0)
    do(batch)
    assert count(batch, "cued") >= 1 and count(batch, "gaze_followed") == 0
    before(batch, 0, e, 1.6)
    do(batch)
    assert count(batch, "gaze_followed") == 1
    assert batch.events.tally["value"][0, EVENT["gaze_followed"]] == pytest.approx(0.1)


def test_nothing_is_paid_by_default_and_everything_that_is_asked_to_be() -> None:
    weights = {f"rewards.{name}": 1.0 for name in ("discovery", "face", "interest", "guide")}
    plain, paid = fresh(visitors=2, wing=False), fresh(visitors=2, wing=False, **weights)
    for batch in (plain, paid):
        before(batch, 0, of_kind(batch, DIAL), 1.0)
    total, terms = 0.0, np.zeros((2, 4))
    level = 0.0
    for t in range(40):
        for batch in (plain, paid):
            do(batch, USE if t % 2 else STILL)
        total += np.abs(plain.rewards["visitor"]).sum()
        terms += paid.reward_terms["visitor"][0]
        level = float((paid.state.interest[0, 0] * (paid.state.themes[0] @ paid.state.tastes[0, 0])).sum())
    seen = int(paid.state.avatars[0, 0]["seen"]).bit_count()
    assert total == 0 and terms[0, 0] == seen >= 1 and terms[0, 1] == 3
    assert terms[0, 2] == pytest.approx(level, rel=1e-4) and level > 0
    assert terms[1, 3] == pytest.approx(terms[0, 2], rel=1e-4), "the guide is paid for what the other came to like"


def test_the_level_of_interest_is_the_formula() -> None:
    batch = fresh(visitors=1, wing=False, memory=True)
    e = of_kind(batch, SWING)
    before(batch, 0, e, 1.2)
    attention = 0.0
    for _ in range(60):
        do(batch)
        me, exhibit = batch.state.avatars[0, 0], batch.state.exhibits[0, e]
        dx, dy = float(exhibit["x"] - me["x"]), float(exhibit["y"] - me["y"])
        cosine = (dx * me["cos"] + dy * me["sin"]) / np.hypot(dx, dy)
        attention += 0.1 * max(cosine, 0) * np.exp(-(dx * dx + dy * dy) / 9)
    assert batch.state.interest[0, 0, e] == pytest.approx(1 - np.exp(-attention / exhibit["reading_s"]), rel=1e-3)


def test_memory_and_taste_are_sensed_when_asked_for() -> None:
    plain, more = fresh(4), fresh(4, memory=True, **{"rewards.interest": 1.0})
    names = set(more.roles["visitor"].slices()) - set(plain.roles["visitor"].slices())
    assert names == {"memory", "taste"}
    where = more.roles["visitor"].slices()
    assert more.observations["visitor"][..., where["taste"]] == pytest.approx(more.state.tastes)
    for _ in range(60):
        do(more)
        before(more, 0, of_kind(more, LAMP), 1.0)
    assert more.observations["visitor"][0, 0, where["memory"]].max() == 1
