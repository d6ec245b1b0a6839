"""Metasync as it is drawn: a tenth of its size, ages as colours, queues as stacks, shares as bars, links to the nearest mast."""

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render.draw import frames
from avatarium.worlds.core.network.state import NEVER
from avatarium.worlds.metasync import WORLD
from avatarium.worlds.metasync.config import PRESETS
from avatarium.worlds.metasync.scene import AGES, ARM_M, KEY, LONG_M, MAST_M, SENSORS, TINTS, UNTOLD, USERS

TEAL, GREEN, YELLOW, ORANGE, RED = AGES


def episode(steps=60, shares=(0.45, 0.40), **settings):
    """A batch of one after so many steps in which users got ``shares`` of bandwidth and compute."""
    batch = worlds.make_batch("metasync", num_envs=1, autoreset=False, **settings)
    batch.reset(7)
    for _ in range(steps):
        given = {}
        for name, role in batch.roles.items():
            mine = [dict(zip(("bandwidth", "compute"), shares, strict=True))[control] for control in role.continuous]
            given[name] = np.tile(np.array(mine, np.float32), (1, role.count, 1))
        batch.step(given)
    return batch


def drawn(batch):
    return WORLD.scene(batch.state, batch.config, 0)


def boxes_on_poles(scene, batch):
    """Palette indices of sensors, in their order."""
    sites = batch.state.sites[0] / 10
    found = [row for site in sites for row in scene.beams if row[:2] == pytest.approx(site) and row[6] > 0.3 and row[2] > 0]
    assert len(found) == len(sites)
    return np.array([row[7] for row in found])


def links(scene, kind):
    return scene.beams[(scene.beams[:, 7] == kind) & (scene.beams[:, 5] == np.float32(MAST_M - 0.2))]


def stacks(scene):
    """Heights (m) of queues by kind."""
    return {int(row[7]): row[5] - row[2] for row in scene.beams if row[6] == np.float32(0.66)}


def test_places_are_drawn_at_a_tenth_and_everything_is_within_bounds():
    batch = episode(steps=5)
    scene, avatars = drawn(batch), batch.state.avatars[0]
    assert scene.figures["x"] == pytest.approx(avatars["x"] / 10)
    assert scene.figures["y"] == pytest.approx(avatars["y"] / 10)
    x0, y0, x1, y1 = scene.bounds
    for x, y in ((scene.beams[:, [0, 3]], scene.beams[:, [1, 4]]), (scene.boxes[:, [0, 2]], scene.boxes[:, [1, 3]])):
        assert (x >= x0).all() and (x <= x1).all() and (y >= y0).all() and (y <= y1).all()
    assert scene.figures["speed"][1:] == pytest.approx(1.5, abs=1e-4)  # a person's pace


@pytest.mark.parametrize(("age", "colour"), [(0, TEAL), (5, TEAL), (6, GREEN), (15, GREEN), (16, YELLOW), (35, ORANGE), (36, RED)])
def test_ages_go_from_teal_to_red(age, colour):
    batch = episode(steps=1)
    batch.state.sensors["age"], batch.state.avatars["aosi"][:, 1:] = age, age
    scene = drawn(batch)
    assert (boxes_on_poles(scene, batch) == colour).all()
    assert (scene.figures["colour"][1:] == colour).all()


def test_what_the_state_tells_of_sensors_and_users_is_what_the_network_knows():
    batch = episode(steps=30)
    network, sensors, users = batch.state.network, batch.state.sensors[0], batch.state.avatars[0, 1:]
    assert (sensors["age"] == 29 - network.sensors[0]["processed"]).all()
    assert (sensors["waiting"] == network.sensors[0]["waiting"]).all()
    answered = network.users[0]["processed"] != NEVER
    assert answered.any()
    assert (users["aosi"][answered] == network.users[0]["aosi"][answered]).all()
    batch.reset(8)
    assert (batch.state.avatars["aosi"] == NEVER).all() and not batch.state.sensors["age"].any()


def test_who_ignores_sensors_is_seen_at_once():
    ignorant, good = episode(shares=(1, 1)), episode()
    assert (boxes_on_poles(drawn(ignorant), ignorant) == RED).all()
    assert (drawn(ignorant).figures["colour"][1:] == UNTOLD).all()
    assert not (boxes_on_poles(drawn(good), good) == RED).any()
    assert np.isin(drawn(good).figures["colour"][1:], [TEAL, GREEN, YELLOW]).all()
    stacks = [max(row[5] for row in drawn(batch).beams if row[6] == np.float32(0.66) and row[7] == USERS) for batch in (ignorant, good)]
    assert stacks[0] > 1.3 * stacks[1]
    red = [red_share(drawn(batch)) for batch in (ignorant, good)]
    assert red[0] > 3 * red[1]


def red_share(scene):
    """Share of the picture that is of a strong red."""
    pixels = frames.frame(scene, "orbit", 320, 200, "cpu").astype(int)
    return ((pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=2) < 110)).mean()


def test_stacks_are_queues_and_grow_by_an_arm_of_the_mast_for_ten_times_as_many():
    batch = episode(steps=1)
    batch.state.boards["requests"], batch.state.boards["updates"] = 99, 9999
    scene = drawn(batch)
    high = stacks(scene)
    assert high == pytest.approx({USERS: 2 * ARM_M, SENSORS: 4 * ARM_M})
    assert max(high.values()) < MAST_M
    assert "requests 99 · updates 9999" in [label.text for label in scene.labels]
    assert scene.notes["orchestrator_0"] == "in queues: requests 99, updates 9999"


def test_bars_are_split_as_bandwidth_and_compute_are():
    scene = drawn(episode(steps=1, shares=(0.25, 0.75)))
    bars = scene.beams[scene.beams[:, 6] == np.float32(0.4)]
    lengths = (bars[:, 3] - bars[:, 0]).reshape(2, 2) / LONG_M
    assert lengths == pytest.approx(np.array([[0.25, 0.75], [0.75, 0.25]]), abs=1e-5)
    assert bars[:, 7].tolist() == [USERS, SENSORS] * 2


def test_links_lead_to_the_nearest_of_three_masts_and_swell_with_what_waits():
    batch = episode(steps=20, shares=(0.75, 0.75), **PRESETS["cells"])
    stations, scene = batch.state.network.stations[0], drawn(batch)
    for kind, devices, seen in (
        (USERS, batch.state.network.users[0], batch.state.avatars[0, 3:]),
        (SENSORS, batch.state.network.sensors[0], batch.state.sensors[0]),
    ):
        found = links(scene, kind)
        assert found[:, 3] == pytest.approx(stations["x"][devices["station"]] / 10)
        assert found[:, 4] == pytest.approx(stations["y"][devices["station"]] / 10)
        assert (np.argsort(found[:, 6], kind="stable") == np.argsort(seen["waiting"], kind="stable")).all()
    assert np.ptp(links(scene, SENSORS)[:, 6]) > 0.01


def test_floors_share_out_the_area_among_the_nearest_masts():
    scene = drawn(episode(steps=0, **PRESETS["cells"]))
    sizes = (scene.floors[:, 2] - scene.floors[:, 0]) * (scene.floors[:, 3] - scene.floors[:, 1])
    assert sizes.sum() == pytest.approx(400)
    assert set(scene.floor_tints.tolist()) == set(TINTS)
    middles = np.stack([scene.floors[:, [0, 2]].mean(axis=1), scene.floors[:, [1, 3]].mean(axis=1)], axis=1)
    at_first = np.hypot(*(middles - (9.0, 5.0)).T) < 3
    assert (scene.floor_tints[at_first] == TINTS[0]).all()


def test_only_who_is_there_is_drawn():
    batch = episode(steps=0, **(PRESETS["dynamic"] | {"traffic": "ramp_up"}))
    assert drawn(batch).names == ("orchestrator_0",)
    assert len(links(drawn(batch), USERS)) == 0
    assert len(links(drawn(batch), SENSORS)) == 12


def test_every_colour_of_ages_and_kinds_is_explained_beside_the_area():
    scene = drawn(episode(steps=1))
    beside = scene.beams[scene.beams[:, 3] < 0]
    assert {*AGES, UNTOLD, USERS, SENSORS} == set(beside[:, 7].astype(int).tolist())
    assert {text for text, _ in KEY} <= {label.text for label in scene.labels}


def test_notes_tell_how_users_fare():
    batch = episode(steps=1)
    batch.state.avatars["waiting"][0, 1] = 4
    assert drawn(batch).notes["user_0"] == "no answer yet, not sent 4"
    batch.state.avatars["aosi"][0, 1], batch.state.avatars["aori"][0, 1] = 3, 12
    assert drawn(batch).notes["user_0"] == "AoSI 3, AoRI 12, not sent 4"
