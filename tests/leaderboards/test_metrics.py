"""Metrics are folds over transcripts: their sums are those one gets by hand, or by slow geometry."""

from types import SimpleNamespace

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards import metrics
from avatarium.worlds.core import building, plan
from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.transcript import Transcript

KINDS = (
    *("arrival", "failure", "journey_time", "crowd_arrival", "collision", "intrusion", "visited", "watched"),
    *("seen", "seen_hidden", "discovered", "looped", "gaze_followed", "cued", "entered", "entered_hidden", "vault_opened", "at_glass"),
)


def told(*events, steps=600):
    """A transcript of two guests and two walkers in which ``events`` (kind, who, value) happened."""
    happened = np.zeros(len(events), EVENT)
    for k, (kind, who, value) in enumerate(events):
        happened[k] = (k, KINDS.index(kind), who, -1, value)
    return SimpleNamespace(
        steps=steps,
        events=happened,
        spec=SimpleNamespace(name="toy", events=[SimpleNamespace(name=kind) for kind in KINDS]),
        roles={name: Role(name, 2, (), (), ()) for name in ("guest", "walker")},
        rewards={"walker": np.array([[1.0, 2.0], [0.5, 0.25]], np.float32)},
        state=lambda t: museum_hall(),
        frame=lambda field: museum_walk(),
    )


def museum_hall():
    """A hall of 8 x 8 cells, all free but the rim, in which two open exhibits are asked for and a hidden one is not; it is one room."""
    hall = plan.allocate(1, 16, 8)
    hall.cells[0] = 1
    hall.cells[0, 1:7, 1:7] = 0
    exhibits = np.zeros((1, 3), [("x", "f4"), ("y", "f4"), ("where", "u1")])
    exhibits["x"], exhibits["y"], exhibits["where"] = [0.75, 3.25, 1.75], [0.75, 3.25, 1.75], [0, 0, 1]
    hall.cells[0, [1, 6, 3], [1, 6, 3]] = 1
    rooms = np.array([[(1, 1, 6, 6, 1, 1), (1, 1, 1, 1, 0, 1)]], building.ROOM)
    return SimpleNamespace(plan=hall, exhibits=exhibits, num_exhibits=np.array([3]), rooms=rooms, num_rooms=np.array([2]))


def museum_walk():
    """Walker 2 stands still, walker 3 goes a metre to the right, in four frames; only the one has seen the first exhibit."""
    frames = np.zeros((4, 4), [("x", "f4"), ("y", "f4"), ("seen", "u4")])
    frames["x"], frames["y"] = 1.25, 1.25
    frames["x"][2:, 3], frames["seen"][-1, 2] = 2.25, 1
    return frames


JOURNEYS = (
    ("arrival", 2, 0.5),
    ("arrival", 3, 1.0),
    ("failure", 3, 4.0),
    ("arrival", 0, 0.1),  # by a guest
    ("journey_time", 2, 8.0),
    ("journey_time", 3, 10.0),
    ("crowd_arrival", 4, 3.0),
    ("collision", 2, 1.0),
    ("intrusion", 2, 1.0),
    ("intrusion", 3, 1.0),
    ("visited", 2, 0.25),
    ("visited", 3, 0.125),
    ("watched", 3, 1.0),
    *(("seen", 2, 0.5), ("seen", 2, 0.5), ("seen", 3, 0.5), ("seen_hidden", 3, 0.25), ("discovered", 2, 0.1), ("looped", 2, 1.0)),
    *(("cued", 2, 1.0), ("cued", 3, 1.0), ("gaze_followed", 3, 4.0), ("entered", 2, 0.25), ("entered_hidden", 2, 1.0)),
    *(("entered_hidden", 3, 2.0), ("vault_opened", 3, 1.0), ("at_glass", 3, 1.0)),
)
BY_HAND = {
    "success": (2, 3),
    "spl": (1.5, 3),
    "collisions": (1, 2),
    "intrusion": (2, 1200),
    "journeys_per_minute": (2, 2),
    "journey_time": (18, 2),
    "crowd_delay": (3, 1),
    "episode_return": (3.75, 2),
    "coverage": (0.375, 2),
    "screen_time": (1, 1200),
    "exhibits_seen": (1.5, 2),
    "hidden_seen": (0.25, 2),
    "states_discovered": (0.1, 2),
    "loop_time": (1, 1200),
    "glass_time": (1, 1200),
    "gaze_following": (1, 2),
    "rooms_seen": (0.25, 2),
    "wing_found": (1, 2),
    "vault_opened": (1, 1),
    "time_to_90": (1.5 + 60, 2),  # the second exhibit of walker 2 comes in step 14
    "state_entropy": (1, 2),  # half the time here, half there: one bit
    "coverage_overlap": (0.5, 1),  # one square metre of two is common
    "knowledge": (1, 4),
    "rooms_entered": (2, 2),
}


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_gives_what_one_counts_by_hand(name):
    assert metrics.metric(name).fold(told(*JOURNEYS), "walker", range(2)) == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_says_what_it_is(name):
    found = metrics.metric(name)
    assert found.name == name
    assert found.title and found.meaning and found.unit
    assert found.floor is None or found.low <= found.floor <= found.high
    assert found.floor != (found.high if found.higher_is_better else found.low)


def test_single_avatars_can_be_asked_about():
    assert metrics.metric("success").fold(told(*JOURNEYS), "walker", [0]) == (1, 1)
    assert metrics.metric("success").fold(told(*JOURNEYS), "walker", [1]) == (1, 2)


def test_an_empty_episode_has_no_share():
    assert metrics.metric("success").fold(told(), "walker", range(2)) == (0, 0)


def test_unknown_metrics_are_explained(elsewhere):
    with pytest.raises(UserError, match="did you mean 'success'"):
        metrics.metric("sucess")
    with pytest.raises(UserError, match="no module 'no' to take a metric"):
        metrics.metric("no.such:METRIC")
    with pytest.raises(UserError, match="is a WorldSpec, not a Metric"):
        metrics.metric("elsewhere:WORLD")
    world = told()
    world.spec.events = world.spec.events[1:]
    with pytest.raises(UserError, match="needs events 'arrival', but toy has failure"):
        metrics.metric("spl").fold(world, "walker", range(2))


def blocked(a, b, boxes):
    """Whether the segment from a to b, walked in small steps, enters one of the boxes (rows x0, y0, x1, y1)."""
    for share in np.linspace(0, 1, 200):
        x, y = a + share * (b - a)
        if ((boxes[0] < x) & (x < boxes[2]) & (boxes[1] < y) & (y < boxes[3])).any():
            return True
    return False


def test_intrusion_is_what_slow_geometry_says(tmp_path):
    """Nearer than 0.45 m, body to body, and no wall between; checked on every fifth step."""
    config = {"crowd": 8, "split": "validation", "rooms_low": 2, "rooms_high": 2, "episode_steps": 200}
    (path,) = play("wayfinding", {"walker": agents.load("heuristic", "wayfinding", "walker", **config)}, [3], tmp_path, config=config)
    found = Transcript.open(path)
    frames, boxes = found.frame("avatars"), found.state(0).plan.boxes[0]
    noted = metrics.of_kind(found, "intrusion")
    through_walls = 0
    for step in range(0, found.steps, 5):
        places = np.stack([frames["x"][step + 1], frames["y"][step + 1]], axis=1).astype(float)
        apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 100 * np.eye(len(places))
        for walker in range(8):
            near = list(np.flatnonzero(apart[walker] < 0.45 + 2 * float(RADIUS_M)))
            seen = [other for other in near if not blocked(places[walker], places[other], boxes)]
            through_walls += len(near) - len(seen)
            assert bool(seen) == bool(((noted["step"] == step) & (noted["who"] == walker)).any())
    assert through_walls > 0
