"""Metrics of conduct on episodes that are written down: what comes out is what one works out by hand, however one looks at it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.leaderboards import metrics
from avatarium.leaderboards.conduct import signals
from avatarium.leaderboards.conduct.encounters import encounters
from avatarium.leaderboards.conduct.tracks import tracks
from avatarium.leaderboards.conduct.turns import offsets
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.speech import POINT, WAVE

sys.path.insert(0, str(Path(__file__).parent / "outside"))
from staged import Staged, still, walk

sys.path.pop(0)

CONDUCT = [name for name in metrics.names() if metrics.metric(name).topic]
EAST, WEST, NORTH, SOUTH = (1, 0), (-1, 0), (0, 1), (0, -1)


def share(name, episode, role="guest", avatars=None):
    """What a metric makes of an episode, for all avatars of a role or some."""
    return metrics.metric(name).fold(episode, role, range(episode.roles[role].count) if avatars is None else avatars)


def both(name, frames, **more):
    """The shares of the two guests, one by one."""
    episode = Staged(frames, **more)
    return share(name, episode, avatars=[0]), share(name, episode, avatars=[1])


def test_whoever_comes_near_is_charged():
    """One walks at 1 m/s up to 0.65 m from a stranger, who stands there, and stays."""
    frames = still(40, (0, 0, *EAST), (5.05, 0, *WEST))
    walk(frames, 0, [(1, 0)] * 40 + [(0, 0)])
    frames["vx"][40] = 0
    episode = Staged(frames, roles=(("guest", 1), ("host", 1)))
    gaps = 5.05 - 0.1 * np.arange(1, 41) - 0.5
    gaps[-1] = gaps[-2]
    weighted = np.clip(1 - gaps / 1.2, 0, 1).sum() * 0.1
    assert share("personal_space", episode) == pytest.approx((weighted, (gaps <= 3.6).sum() / 600), abs=1e-5)
    assert share("personal_space", episode, "host") == pytest.approx((0, (gaps <= 3.6).sum() / 600))


def test_parts_of_personal_space_add_up_to_the_whole():
    for seed in range(5):
        episode = improvised(seed)
        parts = [share(f"personal_space_{d}_{w}", episode) for d in ("passing", "talking") for w in ("own", "strangers")]
        assert np.sum(parts, axis=0) == pytest.approx(share("personal_space", episode))


def test_a_wall_keeps_people_apart():
    frames = still(10, (0, 0, *EAST), (1, 0, *WEST))
    assert both("personal_space", frames)[0][1] == pytest.approx(10 / 600)
    assert both("personal_space", frames, boxes=[(0.45, -5, 0.55, 5)]) == ((0, 0), (0, 0))


def test_a_wall_that_goes_away_lets_people_see_one_another():
    """A plan that is kept step by step is looked up step by step."""
    frames = still(10, (0, 0, *EAST), (1, 0, *WEST))
    episode = Staged(frames, boxes=[(0.45, -5, 0.55, 5)])
    counts = np.ones(11, np.int32)
    counts[5:] = 0
    episode.spec.frame_fields = ("avatars", "plan.num_boxes")
    episode.frames["plan.num_boxes"] = counts
    assert tracks(episode).visible[:, 0, 1].tolist() == [False] * 4 + [True] * 6


def head_on(sidestep):
    """Two walk towards one another at 1 m/s, 5 m apart; the first goes aside at 1 m/s for ``sidestep`` steps from step 10 on."""
    frames = still(50, (0, 0, *EAST), (5, 0, *WEST))
    velocity = np.tile([1.0, 0.0], (51, 1))
    velocity[10 : 10 + sidestep, 1] = 1
    walk(frames, 0, velocity)
    walk(frames, 1, WEST)
    return frames


@pytest.mark.parametrize(("sidestep", "shares"), [(0, (0, 0)), (2, (0, 0)), (4, (1, 0)), (8, (1, 0))])
def test_whoever_makes_half_of_the_room_has_done_its_share(sidestep, shares):
    """0.6 m are lacking; a sidestep of 0.4 m is more than half of them, one of 0.2 m is not."""
    frames = head_on(sidestep)
    assert both("yielding", frames) == ((shares[0], 1), (shares[1], 1))
    (met,) = encounters(tracks(Staged(frames)))
    assert met.lacking == pytest.approx(0.6, abs=1e-6)
    assert met.gave == pytest.approx((0.1 * sidestep, 0), abs=1e-6)


def test_waiting_yields_at_a_crossing_but_not_head_on():
    stop = np.array([(1.0, 0.0)] * 16 + [(0.0, 0.0)] * 35)
    crossing = walk(walk(still(50, (0, 0, *EAST), (3, -3, *NORTH)), 0, stop), 1, NORTH)
    assert both("yielding", crossing) == ((1, 1), (0, 1))
    head = walk(walk(still(50, (0, 0, *EAST), (5, 0, *WEST)), 0, stop), 1, WEST)
    assert both("yielding", head) == ((0, 1), (0, 1))


def test_who_is_pushed_aside_has_not_yielded():
    """They touch, and only then the first is shoved aside."""
    frames = head_on(0)
    touching = 1 + int(np.flatnonzero(np.abs(frames["x"][:, 0] - frames["x"][:, 1])[1:] <= 0.53)[0])
    frames["y"][touching + 1 :, 0] = 0.6
    assert both("yielding", frames) == ((0, 1), (0, 1))


def test_who_goes_the_same_way_or_behind_a_wall_is_no_encounter():
    chase = walk(walk(still(50, (0, 0, *EAST), (2, 0, *EAST)), 0, (1.4, 0)), 1, (0.7, 0))
    assert both("yielding", chase) == ((0, 0), (0, 0))
    assert both("yielding", head_on(0), boxes=[(2.45, -1, 2.55, 1)]) == ((0, 0), (0, 0))


def overtake(aside, back, far):
    """The first walks past the second, who walks at 0.5 m/s, ``aside`` m beside it, and steps over at step ``back`` if ``far`` is not 0."""
    frames = still(60, (0, aside, *EAST), (1.5, 0, *EAST))
    velocity = np.tile([1.25, 0.0], (61, 1))
    velocity[back : back + 10, 1] = -far / 1.0
    walk(frames, 0, velocity)
    walk(frames, 1, (0.5, 0))
    return frames


def test_cutting_in_is_passing_and_stepping_close_before():
    """At 0.75 m/s the first, 1.5 m behind, is abreast after 2 s, and 0.9 m ahead (body to body) about 1.9 s later."""
    assert both("cutting_in", overtake(1.2, 28, 1.2))[0][0] == 1
    assert both("overtaking", overtake(1.2, 28, 1.2)) == ((0, 1), (0, 0))
    assert both("cutting_in", overtake(1.2, 45, 1.2))[0][0] == 0, "it steps over 1.4 m ahead"
    assert both("overtaking", overtake(1.2, 45, 0)) == ((1, 1), (0, 0))
    assert both("overtaking", overtake(0.7, 45, 0)) == ((0, 1), (0, 0)), "0.2 m of room are too little"
    beside = np.hypot(overtake(1.2, 28, 0)["x"][1:, 0] - overtake(1.2, 28, 0)["x"][1:, 1], 1.2) - 0.5 <= 3.6
    assert both("cutting_in", overtake(1.2, 28, 0))[0] == pytest.approx((0, beside.sum() / 600))


def test_greetings_are_answered_in_time_and_face_to_face():
    frames = still(200, (0, 0, *EAST), (3, 0, *WEST))
    frames["gesture"][10:15, 0] = WAVE
    assert both("greeting_returned", frames) == ((0, 0), (0, 1))
    frames["gesture"][40, 1] = WAVE
    assert both("greeting_returned", frames) == ((0, 0), (1, 1)), "3 s later is in time, and an answer is no greeting"
    frames["gesture"][40, 1], frames["gesture"][41, 1] = 0, WAVE
    assert both("greeting_returned", frames) == ((0, 0), (0, 1))
    frames["word"][30, 1] = 4
    assert both("greeting_returned", frames) == ((0, 0), (1, 1)), "a word answers a wave"
    frames["cos"][:, 1] = 1
    assert both("greeting_returned", frames) == ((0, 0), (0, 1)), "the answer is said to the wall"


def test_a_greeting_is_new_after_half_a_minute_and_needs_time_to_be_answered():
    frames = still(700, (0, 0, *EAST), (3, 0, *WEST))
    for step in (1, 100, 200, 501, 690):
        frames["gesture"][step, 0] = WAVE
    assert both("greeting_returned", frames) == ((0, 0), (0, 2)), "at 1 and 501"
    frames["gesture"][690, 0] = 0
    frames["word"][695, 1] = 1
    assert both("greeting_returned", frames) == ((0, 0), (0, 2))


def talk(*turns, steps=100):
    """Two stand face to face, 1 m apart, and speak in ``turns`` (who, first step, last step)."""
    frames = still(steps, (0, 0, *EAST), (1.5, 0, *WEST))
    for who, first, last in turns:
        frames["word"][first : last + 1, who] = 1
    return frames


@pytest.mark.parametrize(
    ("turns", "shares"),
    [
        ([(0, 1, 10), (1, 13, 22)], (20, 20)),
        ([(0, 1, 30), (1, 33, 42)], (20, 40)),
        ([(0, 1, 30)], (0, 30)),
        ([(0, 1, 20), (1, 11, 30)], (20, 30)),  # 10 alone each, 10 at once
        ([(0, 1, 20), (1, 1, 20)], (0, 20)),
        ([(0, 1, 5), (0, 8, 12), (1, 20, 31)], (24, 24)),  # a pause of 2 steps is part of the turn
    ],
)
def test_turns_are_balanced_when_each_holds_the_floor_alone_as_long(turns, shares):
    assert both("turn_taking", talk(*turns)) == (shares, shares)


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ([(0, 1, 10), (1, 11, 20)], [0.0]),
        ([(0, 1, 10), (1, 16, 20)], [0.5]),
        ([(0, 1, 10), (1, 8, 20)], [-0.3]),
        ([(0, 1, 30), (1, 8, 20)], []),  # within the turn of the other
        ([(0, 1, 10), (1, 60, 70)], []),  # after a lapse
        ([(0, 1, 10), (0, 15, 20)], []),  # nobody takes over
    ],
)
def test_offsets_of_turns(turns, found):
    assert offsets(tracks(Staged(talk(*turns))), np.array([1])) == pytest.approx(found)
    smooth = sum(-0.2 <= offset <= 1 for offset in found)
    assert both("turn_transfer", talk(*turns))[1] == (smooth, len(found))


@pytest.mark.parametrize(
    ("turns", "broken"),
    [([(0, 1, 30), (1, 10, 20)], 1), ([(0, 1, 11), (1, 10, 20)], 0), ([(0, 1, 9), (1, 10, 20)], 0), ([(0, 10, 30), (1, 10, 20)], 0)],
)
def test_interruptions_begin_well_before_the_other_has_ended(turns, broken):
    assert both("interruption", talk(*turns)) == ((0, 1), (broken, 1))


def three(turned):
    """Two talk, 1 m apart; a third comes to their side after 2 s and looks at them. The first turns to it at step ``turned``, if ever."""
    frames = still(100, (0, 0, *EAST), (1.5, 0, *WEST), (0.75, -1.5, *NORTH))
    frames["present"][:20, 2] = 0
    frames["word"][1:, 0] = 1
    if turned:
        frames["cos"][turned:, 0], frames["sin"][turned:, 0] = np.sqrt(0.5), -np.sqrt(0.5)
    return Staged(frames, roles=(("guest", 2), ("newcomer", 1)))


def test_somebody_who_waits_at_the_edge_is_left_out_until_somebody_turns():
    never, soon, late = three(0), three(30), three(60)
    assert share("exclusion", never) == (2 * (81 - 20), 200)  # there from step 20 to 100; the first 2 s are not counted
    assert share("company_missed", never, "newcomer") == (61, 61)
    assert share("exclusion", soon) == (0, 200)
    assert share("company_missed", soon, "newcomer") == (0, 71)
    assert share("exclusion", late) == (2 * 20, 200)
    assert share("company_missed", late, "newcomer") == (20, 20 + 41)


def test_people_in_a_jam_are_in_no_conversation():
    frames = still(100, (0, 0, *EAST), (1.5, 0, *WEST), (0.75, -1.5, *NORTH))
    assert share("exclusion", Staged(frames, roles=(("guest", 3),))) == (0, 0)


def point(velocity, place=(6.0, 0.0)):
    """The first points east at step 1 and then walks with ``velocity``; the second stands at ``place`` and watches."""
    frames = still(150, (0, 0, *EAST), (*place, *WEST))
    frames["gesture"][1:3, 0] = POINT
    goes = np.zeros((151, 2))
    goes[5:35] = velocity
    return walk(frames, 0, goes)


def test_a_promise_is_kept_by_going_where_one_pointed():
    assert both("promise_kept", point((1, 0)))[0] == (1, 1)
    assert both("promise_kept", point((1, 0.5)))[0] == (1, 1), "27 degrees off, around somebody"
    assert both("promise_kept", point((0, 1)))[0] == (0, 1)
    assert both("promise_kept", point((0.5, 0)))[0] == (0, 1), "1.5 m are not there"
    assert both("promise_kept", point((0.5, 0), (3, 0)))[0] == (1, 1), "1.5 m lead up to the person pointed at"
    assert both("promise_kept", point((1, 0), (6, 12)))[0] == (0, 0), "nobody saw it"
    assert both("promise_kept", point((1, 0)), boxes=[(2.1, -1, 2.2, 1)])[0] == (0, 0), "there is a wall"


def test_news_is_what_the_hearer_had_not_heard():
    frames = still(700, (0, 0, *EAST), (3, 0, *WEST), (5, 0, *WEST))
    for step, word in ((1, 1), (2, 1), (100, 1), (110, 2), (500, 1)):
        frames["word"][step, 0] = word
    frames["word"][300, 2] = 2  # known to all since step 110
    episode = Staged(frames, roles=(("guest", 3),))
    assert share("information_shared", episode, avatars=[0]) == pytest.approx((6, 700 / 600))
    assert share("information_reach", episode, avatars=[0]) == (6, 3)
    assert share("information_shared", episode, avatars=[2])[0] == 0
    frames["word"][500, 2] = 1  # two say it at once, so that only one is left to hear it, from both
    assert signals.news(tracks(Staged(frames, roles=(("guest", 3),))))[499].tolist() == [0.5, 0, 0.5]


def test_the_absent_do_nothing():
    frames = improvised(3).frame("avatars")
    frames["present"][:, 1:] = 0
    episode = Staged(frames, roles=(("guest", 2), ("walker", 2)))
    assert {name: share(name, episode)[0] for name in CONDUCT} == dict.fromkeys(CONDUCT, 0)


def test_worlds_without_people_are_explained():
    episode = Staged(still(3, (0, 0, *EAST)), roles=(("guest", 1),))
    episode.spec.frame_fields = ()
    with pytest.raises(UserError, match="episodes of staged: that takes avatars in its frames and a plan"):
        share("yielding", episode)


def improvised(seed, steps=240):
    """Two guests, two walkers and a crowd of two come, walk, stand and look to the middle, speak and wave at random, around a wall."""
    rng, count, velocity = np.random.default_rng(seed), 6, np.zeros((steps + 1, 6, 2))
    frames = still(steps, *[(*rng.uniform(-1.5, 1.5, 2), *EAST) for _ in range(count)])
    for who in range(count):
        at = 0
        while at <= steps:
            part = slice(at, at + int(rng.integers(5, 50)))
            way = rng.normal(size=2) if rng.random() < 0.4 else -np.array([frames["x"][at, who], frames["y"][at, who]])
            frames["cos"][part, who], frames["sin"][part, who] = way / np.hypot(*way)
            velocity[part, who] = way / np.hypot(*way) * rng.choice([0, 0, 0.7, 1.4])
            frames["word"][part, who], frames["gesture"][part, who] = rng.choice([0, 0, 1, 2]), rng.choice([0, 0, WAVE, POINT])
            at = part.stop
        frames["word"][:, who] = np.roll(frames["word"][:, who], 7)  # so that people also begin to speak where they are
        frames["present"][: int(rng.integers(0, 30)), who] = 0
        walk(frames[:, who : who + 1], 0, velocity[:, who])
    for place in ("x", "y"):  # numbers that stay exact however the world is moved or turned, and that no edge of a box has
        frames[place] = (np.round(frames[place] * 2**14) + 0.5) / 2**14
    return Staged(frames, [(0.5, -3.0, 0.75, 0.0)], (("guest", 2), ("walker", 2)))


def moved(episode, x, y):
    frames = episode.frame("avatars").copy()
    frames["x"] += x
    frames["y"] += y
    return Staged(frames, [(a + x, b + y, c + x, d + y) for a, b, c, d in episode.boxes], (("guest", 2), ("walker", 2)))


def turned(episode):
    """The same, turned left by a right angle."""
    frames, told = episode.frame("avatars").copy(), episode.frame("avatars")
    for one, other in (("x", "y"), ("cos", "sin"), ("vx", "vy")):
        frames[one], frames[other] = -told[other], told[one]
    return Staged(frames, [(-d, a, -b, c) for a, b, c, d in episode.boxes], (("guest", 2), ("walker", 2)))


def mirrored(episode):
    frames = episode.frame("avatars").copy()
    for name in ("x", "cos", "vx"):
        frames[name] *= -1
    return Staged(frames, [(-c, b, -a, d) for a, b, c, d in episode.boxes], (("guest", 2), ("walker", 2)))


def renumbered(episode):
    """The same with the two of each kind exchanged."""
    return Staged(episode.frame("avatars")[:, [1, 0, 3, 2, 5, 4]].copy(), episode.boxes, (("guest", 2), ("walker", 2)))


def of_everybody(episode):
    return {(name, role): share(name, episode, role) for name in CONDUCT for role in episode.roles}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(-8, 8), st.integers(-8, 8))
def test_conduct_does_not_depend_on_where_one_stands_or_what_one_is_called(seed, x, y):
    episode = improvised(seed)
    expected = of_everybody(episode)
    for other in (moved(episode, x, y), turned(episode), mirrored(episode), renumbered(episode)):
        found = of_everybody(other)
        assert found == {key: pytest.approx(value, abs=1e-6) for key, value in expected.items()}
    ranges = {name: metrics.metric(name) for name in CONDUCT}
    assert all(below == 0 or ranges[name].low <= above / below <= ranges[name].high for (name, _), (above, below) in expected.items())


def test_chance_gives_occasion_for_everything():
    """So that the test above is not about nothing."""
    sums = np.zeros((len(CONDUCT), 2))
    for seed in range(40):
        found = of_everybody(improvised(seed))
        sums += [np.sum([found[name, role] for role in ("guest", "walker")], axis=0) for name in CONDUCT]
    assert dict(zip(CONDUCT, (sums > 0).all(axis=1).tolist(), strict=True)) == dict.fromkeys(CONDUCT, True)
