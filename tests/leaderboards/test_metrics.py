"""Metrics are folds over transcripts: their sums are those one gets by hand, or by slow geometry."""

from types import SimpleNamespace

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards import metrics
from avatarium.worlds.core import bodies, building, plan
from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.speech import SAY
from avatarium.worlds.core.transcript import Transcript

KINDS = ("arrival", "failure", "journey_time", "crowd_arrival", "collision", "intrusion", "visited", "watched")
KINDS += ("conversation_step", "alone_step", "left_out_step", "overlap", "acquaintance", "greeting", "greeting_returned")
KINDS += ("f_formation", "offence")
KINDS += ("seen", "seen_hidden", "discovered", "looped", "gaze_followed", "cued", "entered", "entered_hidden", "vault_opened", "at_glass")
KINDS += ("score", "conceded", "tag", "tagged", "meal", "scarce_meal", "fined")
KINDS += ("requested", "served", "synced", "late")


class Told(SimpleNamespace):
    """What metrics ask of a transcript."""

    __hash__ = object.__hash__

    def frame(self, field):
        return self.frames[field]

    def state(self, step):
        return SimpleNamespace(plan=plan.allocate(1, 0, 1))


def chat(steps):
    """Nobody but the two walkers, who stand 0.38 m apart, face to face; one speaks for a second, 0.2 s later the other does."""
    frames = np.zeros((steps + 1, 4), bodies.BODY_FIELDS)
    frames["present"][:, 2:], frames["cos"][:, 2], frames["cos"][:, 3], frames["x"][:, 3] = 1, 1, -1, 0.88
    frames["word"][1:11, 2], frames["word"][13:23, 3] = 1, 2
    return frames


def told(*events, steps=600):
    """A transcript of two guests and two walkers in which ``events`` (kind, who, value, perhaps whom) happened, while the walkers chat."""
    happened = np.zeros(len(events), EVENT)
    for k, (kind, who, value, *whom) in enumerate(events):
        happened[k] = (k, KINDS.index(kind), who, whom[0] if whom else -1, value)
    return Told(
        steps=steps,
        events=happened,
        frames={"avatars": chat(steps)},
        spec=SimpleNamespace(name="toy", events=[SimpleNamespace(name=kind) for kind in KINDS], frame_fields=("avatars",)),
        roles={name: Role(name, 2, (), (SAY,), ()) for name in ("guest", "walker")},
        rewards={"walker": np.array([[1.0, 2.0], [0.5, 0.25]], np.float32)},
    )


def toured(*events):
    """The same in a museum through which the walkers go instead of having a chat."""
    visit = told(*events)
    return SimpleNamespace(**vars(visit) | {"state": lambda t: museum_hall(), "frame": lambda field: museum_walk()})


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
    ("meal", 2, 1.0),  # commons, this and the next seven
    ("meal", 2, 4.0),
    ("meal", 3, 8.0),
    ("meal", 0, 2.0),  # by a guest
    ("scarce_meal", 3, 0.0),
    ("fined", 2, 25.0),
    ("fined", 2, 600.0),  # as step 33: 566 steps of time-out are left
    ("fined", 1, 5.0),  # by a guest
    *(("score", 2, 9.0), ("score", 3, 4.0), ("conceded", 2, 6.0), ("conceded", 3, 4.0)),
    *(("tag", 2, 1.0), ("tag", 3, 1.0), ("tag", 0, 1.0), ("tagged", 3, 1.0)),
    *(("requested", 0, 3.0), ("requested", 2, 1.0)),  # metasync: four requests, of which two are served, whoever by
    *(("served", 0, 5.0), ("synced", 0, 2.0), ("late", 0, 5.0), ("served", 2, 1.0), ("synced", 2, 4.0)),
)
TALKS = (
    ("conversation_step", 2, 0.5, 3),  # walker 0 listens to walker 1
    ("conversation_step", 3, 0.5, 3),
    ("conversation_step", 2, 0.25, 2),  # and the other way about
    ("conversation_step", 3, 0.25, 2),
    ("conversation_step", 2, 0.75, 3),
    ("conversation_step", 3, 0.75, 3),
    ("conversation_step", 2, 0.0, -1),  # silence
    ("conversation_step", 0, 1.0, 2),  # a guest listens to walker 0
    ("left_out_step", 2, 1.0),
    ("alone_step", 3, 1.0),
    ("alone_step", 1, 1.0),
    ("overlap", 2, 1.0, 3),
    ("acquaintance", 2, 0.8, 3),
    ("acquaintance", 3, 0.8, 2),
    ("greeting", 3, 1.0, 2),
    ("greeting", 0, 1.0, 3),
    ("greeting_returned", 2, 0.5, 3),
    ("f_formation", 2, 0.5),
    ("f_formation", 3, 1.0),
    ("offence", 2, 1.0, 4),
)
BY_HAND = {
    "success": (2, 3),
    "spl": (1.5, 3),
    "sct": (1.5, 3),
    "collisions": (1, 2),
    "intrusion": (2, 1200),
    "journeys_per_minute": (2, 2),
    "journey_time": (18, 2),
    "crowd_delay": (3, 1),
    "episode_return": (3.75, 2),
    "coverage": (0.375, 2),
    "screen_time": (1, 1200),
    # Conduct: the chat is alive from its first word until 5 s after its last, 72 steps; then they only stand there.
    "personal_space": (7.2 * (1 - 0.38 / 0.45) + 52.8 * (1 - 0.38 / 0.76), 2),
    "personal_space_passing_own": (52.8 * (1 - 0.38 / 0.76), 1.76),
    "personal_space_passing_strangers": (0, 0),
    "personal_space_talking_own": (7.2 * (1 - 0.38 / 0.45), 0.24),
    "personal_space_talking_strangers": (0, 0),
    "yielding": (0, 0),
    "overtaking": (0, 0),
    "cutting_in": (0, 0),
    "greeting_returned": (1, 1),
    "turn_taking": (40, 40),
    "turn_transfer": (1, 1),
    "interruption": (0, 2),
    "exclusion": (0, 144),
    "company_missed": (0, 144),
    "promise_kept": (0, 0),
    "information_shared": (2, 2),
    "information_reach": (2, 2),
    "conversation_time": (7, 9),
    "matched_conversation": (3, 9),
    "overlap_share": (1, 4),
    "turn_balance": (4, 7),
    "partner_match": (2.4, 3),
    "circulation": (2, 0.015),
    "left_out": (1, 9),
    "greetings_answered": (1, 2),
    "f_formation": (1.5, 2),
    "reward_gini": (0.2625 / 2 / 0.8625, 1),
    "offences": (1, 0.015),
    "win_rate": (1.5, 2),
    "score_margin": (3, 2),
    "point_share": (13, 23),
    "tags": (2, 2),
    "deaths": (1, 2),
    "collective_return": (3.75, 60),
    "equality": (1 - 12 / 32, 1),  # meals 1, 0, 2, 1: of 16 differences between two, 10 are not 0, and sum to 12
    "sustainability": (2.5 + 8 + 2, 3),
    "peace": (2400 - 25 - 566 - 5, 2400),
    "fines_per_minute": (2, 2),
    "restraint": (2, 3),
    "aori": (6, 2),
    "aosi": (6, 2),
    "served": (2, 4),
    "late": (1, 2),
    "reward_per_request": (3.75 / 2, 4),
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
    "untouched_journeys": (2, 3),  # the contact comes after the last journey
    "achievements": ((13.5 * 76 * 6 * 51 * 13.5) ** 0.2 / 100 - 0.01, 1),
}


TOURS = ("state_entropy", "coverage_overlap", "knowledge", "rooms_entered")
"""Metrics of where one went and what one saw there."""


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_gives_what_one_counts_by_hand(name):
    transcript = toured if name in TOURS else told
    assert metrics.metric(name).fold(transcript(*JOURNEYS, *TALKS), "walker", range(2)) == pytest.approx(BY_HAND[name])


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


def test_whoever_walks_into_somebody_spoils_the_journey_that_it_is_on():
    journeys = (
        ("collision", 2, 1.0, 3),
        ("arrival", 2, 0.5),
        ("arrival", 3, 1.0),
        ("collision", 3, 1.0),
        ("collision", 0, 1.0),
        ("arrival", 2, 1),
    )
    untouched = metrics.metric("untouched_journeys").fold
    assert [untouched(told(*journeys), "walker", some) for some in ([0], [1], [0, 1])] == [(1, 2), (1, 1), (2, 3)]
    led = (("collision", 2, 1.0), ("arrival", 0, 1.0, 2), ("arrival", 1, 1.0, 2), ("collision", 1, 1.0), ("arrival", 1, 1.0, 2))
    assert untouched(told(*led), "walker", [0]) == (1, 3), (
        "who leads answers for its own contacts, from the beginning to the end of each journey"
    )


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
