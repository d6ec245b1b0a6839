"""Gathering: its hall, who comes and goes, how conversations form, what they pay, and that manners cannot be got around."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import agents, worlds
from avatarium.agents.play import play
from avatarium.leaderboards.metrics import metric
from avatarium.worlds.core.bodies import FORWARD, LEFT
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.formation import FACING, INNER_M, NEAR_M
from avatarium.worlds.core.speech import POINT, WAVE
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.core.trig import cosine, sine
from avatarium.worlds.gathering import WORLD
from avatarium.worlds.gathering.level import DULL
from avatarium.worlds.gathering.rules import GRACE_STEPS

KIND = {event.name: k for k, event in enumerate(WORLD.events)}
TERM = {name: k for k, name in enumerate(WORLD.roles(WORLD.config())[0].terms)}
EMPTY = {"late": 0.0, "early": 0.0, "tables": 0, "plants": 0, "partitions": 0}
Script = Callable[[int], list[tuple[int, int, int, int]]]


def placed(*bodies: tuple[float, float, float], **config: Any) -> Any:
    """A batch of one empty hall with guests at (x, y) in m from a place in the middle, heading in rad."""
    batch = worlds.make_batch("gathering", num_envs=1, autoreset=False, guests=len(bodies), **(EMPTY | config))
    batch.reset(3)
    for me, (x, y, heading) in zip(batch.state.avatars[0], bodies, strict=False):
        me["x"], me["y"], me["heading"] = 4.5 + x, 4.5 + y, heading
        me["cos"], me["sin"] = cosine(np.float32(heading)), sine(np.float32(heading))
    return batch


def pair(**config: Any) -> Any:
    """Two who stand 1.4 m apart and face one another; both like the topics 1 to 5."""
    batch = placed((-0.7, 0.0, 0.0), (0.7, 0.0, -np.pi), **config)
    batch.state.interests[0] = DULL
    batch.state.interests[0, :, :5] = 1.0
    return batch


def run(batch: Any, script: Script, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Reward by term, float32 [T, A, terms], and all events, structured [E], of a hall whose guests act by a script."""
    terms, events = [], []
    for t in range(steps):
        batch.step({"guest": np.array([script(t)], np.int32)})
        terms.append(batch.reward_terms["guest"][0].copy())
        events.append(batch.events.records[0, : batch.events.count[0]].copy())
    return np.array(terms), np.concatenate(events)


def of(events: np.ndarray, kind: str) -> np.ndarray:
    """Those events that are of one kind."""
    return events[events["kind"] == KIND[kind]]


def taking_turns(t: int) -> list[tuple[int, int, int, int]]:
    """Two who speak of topic 1 by turns, 0.8 s each."""
    return [(0, 0, 0, 1 if t % 16 == 0 else 0), (0, 0, 0, 1 if t % 16 == 8 else 0)]


def test_two_who_face_one_another_within_reach_are_in_conversation() -> None:
    for distance, turned, together in ((1.4, 0.0, True), (1.95, 0.0, True), (2.1, 0.0, False), (1.4, 0.7, True), (1.4, 0.9, False)):
        batch = placed((0.0, 0.0, turned), (distance, 0.0, -np.pi))
        _, events = run(batch, lambda t: [(0, 0, 0, 0)] * 2, 2)
        assert bool(len(of(events, "conversation_step"))) == together, (distance, turned)


def test_a_wall_between_keeps_people_apart() -> None:
    batch = placed((-0.7, 0.0, 0.0), (0.7, 0.0, -np.pi))
    n = batch.state.plan.num_boxes[0]
    batch.state.plan.boxes[0, :, n] = (4.45, 3.0, 4.55, 6.0)
    batch.state.plan.num_boxes[0] += 1
    _, events = run(batch, taking_turns, 20)
    assert not len(of(events, "conversation_step"))


def test_passers_by_do_not_converse() -> None:
    batch = placed((-2.0, 0.4, 0.0), (2.0, -0.4, -np.pi))
    _, events = run(batch, lambda t: [(FORWARD, 0, 0, 1)] * 2, 30)
    assert not len(of(events, "conversation_step"))


def test_four_at_most_stand_in_one_conversation_and_the_fifth_is_left_out() -> None:
    ring = [(0.8 * np.cos(a), 0.8 * np.sin(a), np.arctan2(-np.sin(a), -np.cos(a))) for a in (0.0, np.pi / 2, -np.pi, -np.pi / 2)]
    batch = placed(*ring, (1.1, 1.1, -0.75 * np.pi))
    _, events = run(batch, lambda t: [(0, 0, 0, 0)] * 5, 10)
    assert batch.state.formations["size"][0].tolist()[0] == 4
    assert set(of(events, "left_out_step")["who"].tolist()) == {4}
    assert of(events, "f_formation")["value"].min() > 0.95


def test_every_conversation_is_a_formation_that_slow_geometry_accepts() -> None:
    batch = worlds.make_batch("gathering", num_envs=8, guests=12)
    batch.reset(0)
    sizes = set()
    for _ in range(150):
        rows = batch.observations["guest"].reshape(96, -1)
        batch.step({"guest": WORLD.heuristic("guest", rows, batch.config).reshape(8, 12, 4)})  # type: ignore[misc]
        for i in range(8):
            people, inside = batch.state.avatars[i], batch.state.avatars[i]["formation"]
            for g in range(batch.state.formations.shape[1]):
                members = np.flatnonzero(inside == g)
                bits = int(batch.state.formations[i, g]["members"])
                assert [a for a in range(12) if bits >> a & 1] == members.tolist()
                assert len(members) in (0, 2, 3, 4)
                sizes.add(len(members))
                if len(members) and (people["present"][members] == 1).all():
                    place = np.stack([people["x"][members], people["y"][members]], axis=1).astype(float)
                    way = place.mean(axis=0) - place
                    away = np.linalg.norm(way, axis=1)
                    ahead = (way[:, 0] * people["cos"][members] + way[:, 1] * people["sin"][members]) / away
                    assert away.max() <= NEAR_M + 1e-4 and away.min() >= INNER_M - 1e-4 and ahead.min() >= FACING - 1e-4
    assert sizes == {0, 2, 3, 4}


def test_the_first_step_of_speech_pays_what_one_works_out() -> None:
    batch = pair()
    terms, events = run(batch, taking_turns, 2)
    (first, *_) = of(events, "conversation_step")
    fresh = np.float32(0.2)  # interest 1, nothing worn off
    assert terms[0, 1, TERM["listening"]] == pytest.approx(fresh)
    assert terms[0, 0, TERM["attention"]] == pytest.approx(fresh)
    assert first["whom"] == 0 and first["value"] == pytest.approx(1.0)
    boredom, weariness = 0.0125 * (1 - 0.0033), 0.005  # after one step; partners come back only when they are apart
    assert terms[1, 1, TERM["listening"]] == pytest.approx(0.2 * (1 - boredom) * (1 - weariness), rel=1e-4)
    assert batch.state.tastes[0, 0, 1, 0] > 0 and batch.state.tastes[0, 1, 0, 0] == 0
    assert [(e["who"], e["value"]) for e in of(events, "acquaintance")] == [(0, pytest.approx(1.0)), (1, pytest.approx(1.0))]


def test_a_word_is_said_to_its_end_and_followed_by_a_breath() -> None:
    batch = pair()
    said = []
    for t in range(32):
        batch.step({"guest": np.array([[(0, 0, 0, 1 + t % 16), (0, 0, 0, 0)]], np.int32)})
        said.append(int(batch.state.avatars["word"][0, 0]))
    assert said[:8] == [1] * 8 and said[8:14] == [0] * 6 and len(set(said[14:22])) == 1 and said[14] == 15


def test_overlap_costs_both_and_pays_nobody() -> None:
    terms, events = run(pair(), lambda t: [(0, 0, 0, 1)] * 2, 8)
    assert (terms[:, :, TERM["overlap"]] == np.float32(-0.02)).all() and not terms[:, :, TERM["listening"]].any()
    assert len(of(events, "overlap")) == 16 and not len(of(events, "interruption"))


def test_breaking_in_is_an_interruption_and_taking_over_is_a_turn() -> None:
    _, events = run(pair(), lambda t: [(0, 0, 0, 1 if t == 0 else 0), (0, 0, 0, 2 if t == 3 else 0)], 12)
    (burst,) = of(events, "interruption")
    assert (burst["who"], burst["whom"]) == (1, 0) and burst["value"] == pytest.approx(0.3)
    _, events = run(pair(), taking_turns, 33)
    assert of(events, "turn")["who"].tolist() == [0, 1, 0, 1, 0] and of(events, "turn")["whom"].tolist() == [-1, 0, 1, 0, 1]


def test_manners_may_be_free() -> None:
    free = {"rewards.overlap": 0.0, "rewards.closeness": 0.0, "rewards.greeting": 0.0}
    batch = placed((-0.3, 0.0, 0.0), (0.3, 0.0, -np.pi), **free)
    terms, events = run(batch, lambda t: [(0, 0, WAVE, 1)] * 2, 8)
    assert len(of(events, "overlap")) and len(of(events, "intrusion")) and len(of(events, "greeting_returned"))
    assert not terms[:, :, [TERM["overlap"], TERM["closeness"], TERM["greeting"]]].any()


def test_a_greeting_is_returned_within_three_seconds_or_not() -> None:
    for wait, returned in ((20, True), (30, True), (31, False)):
        terms, events = run(pair(), lambda t, wait=wait: [(0, 0, WAVE if t == 0 else 0, 0), (0, 0, WAVE if t == wait else 0, 0)], 40)
        assert [(e["who"], e["whom"]) for e in of(events, "greeting")] == [(0, 1)]
        assert of(events, "greeting_returned")["value"].tolist() == ([pytest.approx(wait / 10)] if returned else [])
        assert terms[:, :, TERM["greeting"]].sum(axis=0).tolist() == pytest.approx([0.3, 0.3] if returned else [0, 0])


def test_somebody_behind_or_far_away_is_not_greeted_and_pointing_is_no_wave() -> None:
    for bodies, hand in (((0.0, np.pi / 2), WAVE), ((4.5, 0.0), WAVE), ((0.0, 0.0), POINT)):
        batch = placed((-0.7 - bodies[0], 0.0, bodies[1]), (0.7, 0.0, -np.pi))
        _, events = run(batch, lambda t, hand=hand: [(0, 0, hand, 0), (0, 0, 0, 0)], 3)
        assert not len(of(events, "greeting"))


def earned(script: Script, steps: int = 590) -> np.ndarray:
    """What two who like the same earn with a script, float [A]."""
    terms, _ = run(pair(), script, steps)
    return np.asarray(terms.sum(axis=(0, 2)))


def test_chanting_one_favourite_pays_less_than_changing_the_subject() -> None:
    def varied(t: int) -> list[tuple[int, int, int, int]]:
        topic = 1 + t // 16 % 5
        return [(0, 0, 0, topic if t % 16 == 0 else 0), (0, 0, 0, topic if t % 16 == 8 else 0)]

    assert earned(taking_turns).sum() < 0.7 * earned(varied).sum()


def test_ones_own_favourite_pays_nothing_where_nobody_shares_it() -> None:
    batch = pair()
    batch.state.interests[0, 1] = DULL
    batch.state.interests[0, 1, 10] = 1.0
    terms, _ = run(batch, lambda t: [(0, 0, 0, 1), (0, 0, 0, 0)], 100)
    assert terms.sum() < 0


def test_silence_and_waving_on_pay_nothing_more() -> None:
    assert not earned(lambda t: [(0, 0, 0, 0)] * 2).any()
    assert earned(lambda t: [(0, 0, WAVE if t % 2 else 0, 0)] * 2) == pytest.approx([0.3, 0.3])


def test_stepping_out_and_in_again_refreshes_little() -> None:
    """Time apart is time apart, however short; nothing begins anew."""

    def fidgeting(t: int) -> list[tuple[int, int, int, int]]:
        turn = 1 if t % 20 in (12, 13, 14, 15) else (2 if t % 20 > 15 else 0)  # to 72 degrees and back
        return [(0, turn, 0, taking_turns(t)[0][3]), taking_turns(t)[1]]

    assert earned(fidgeting).sum() < 1.1 * earned(taking_turns).sum()


def test_guests_come_in_by_the_door_and_leave_by_it_for_good() -> None:
    batch = worlds.make_batch("gathering", num_envs=32, autoreset=False, late=0.5, early=0.5)
    batch.reset(5)
    begun, gone, ended = batch.present["guest"].copy(), np.zeros((32, 8), np.bool_), np.zeros((32, 8), np.bool_)
    comes, leaves = batch.state.avatars["comes"].copy(), batch.state.avatars["leaves"].copy()
    assert begun.any(axis=1).all() and (begun == (comes == 0)).all()
    rooms = batch.state.rooms[:, 1]
    for t in range(1, 601):
        before = batch.present["guest"].copy()
        rows = batch.observations["guest"].reshape(256, -1)
        assert not batch.observations["guest"][~before & ~ended].any(), "whoever is not there senses nothing, once it has seen its end"
        step = batch.step({"guest": WORLD.heuristic("guest", rows, batch.config).reshape(32, 8, 4)})  # type: ignore[misc]
        here, ended = batch.present["guest"], step.termination["guest"].copy()
        assert here.any(axis=1).all(), "somebody is always there, so that PettingZoo's episode goes on"
        assert (ended == (before & ~here)).all() and not (ended & gone).any()
        assert (leaves[ended] <= t).all() and (t - leaves[ended] <= GRACE_STEPS).all()
        for i, a in np.argwhere(here & ~before):
            x, y, room = batch.state.avatars["x"][i, a] * 2, batch.state.avatars["y"][i, a] * 2, rooms[i]
            assert comes[i, a] <= t and room["x0"] <= x < room["x1"] + 1 and room["y0"] <= y < room["y1"] + 1
        assert not batch.state.avatars["word"][:, :8][~here].any() and (batch.state.avatars["formation"][:, :8][~here] == -1).all()
        assert not step.reward["guest"][~before & ~here].any()
        gone |= ended
    assert (step.truncation["guest"] == here).all() and gone.any() and (here | gone).all()


def test_a_transcript_counts_only_the_time_that_somebody_is_there(tmp_path: Path) -> None:
    config = {"late": 1.0, "early": 1.0}
    (path,) = play("gathering", {"guest": agents.load("heuristic", "gathering", "guest", **config)}, [3], tmp_path, config)
    told = Transcript.open(path)
    there = told.frame("avatars")["present"]
    acted = there[:-1].sum(axis=0)  # whoever is there before a step acts in it
    for guest in range(8):
        assert metric("conversation_time").fold(told, "guest", [guest])[1] == acted[guest]
    assert metric("matched_conversation").fold(told, "guest", range(8))[1] == acted.sum() < 0.8 * 8 * 600


def test_pettingzoo_sees_people_come_and_go() -> None:
    env = worlds.make("gathering", late=1.0, early=1.0)
    env.reset(seed=1)
    assert env.agents != env.possible_agents
    seen, ended = set(env.agents), set()
    while env.agents:
        acting = set(env.agents)
        observed, rewards, terminated, truncated, _ = env.step({agent: env.action_space(agent).sample() for agent in env.agents})
        assert acting <= set(observed) and not ended & set(observed)
        assert all(rewards[agent] == 0 for agent in set(observed) - acting)
        seen |= set(observed)
        ended |= {agent for agent in observed if terminated[agent] or truncated[agent]}
    assert seen == ended == set(env.possible_agents)


def test_held_out_halls_are_larger_fuller_and_of_other_tastes() -> None:
    area, likes, things = {}, {}, {}
    for split in ("train", "validation", "held-out"):
        batch = worlds.make_batch("gathering", num_envs=200, split=split)
        batch.reset(0)
        area[split] = (batch.state.extent[:, 0] * batch.state.extent[:, 1]).mean()
        things[split] = batch.state.plan.num_boxes.mean()
        liked = batch.state.interests > 0
        assert (liked.sum(axis=2) == 5).all()
        likes[split] = (liked & np.roll(liked, 1, axis=2)).sum(axis=2).mean()
        for i in range(200):
            assert reachable(batch.state.plan.cells[i]), "a part of the hall is cut off"
    assert area["held-out"] > 1.5 * area["train"] and things["held-out"] > things["train"] + 3
    assert likes["train"] == pytest.approx(likes["validation"], abs=0.15) and likes["train"] > 3 > 2 > likes["held-out"]


def reachable(cells: np.ndarray) -> bool:
    """Whether all free cells hang together."""
    free = cells == 0
    known = np.zeros_like(free)
    known[tuple(np.argwhere(free)[0])] = True
    while True:
        grown = known.copy()
        for axis in (0, 1):
            for turn in (1, -1):
                grown |= np.roll(known, turn, axis)
        grown &= free
        if (grown == known).all():
            return bool((known == free).all())
        known = grown


@pytest.mark.parametrize(
    ("custom", "number", "rude"),
    [("greet-first", 1, (0, 0, 0, 0)), ("do-not-interrupt", 2, (0, 0, 0, 3)), ("keep-distance", 3, (FORWARD, 0, 0, 0))],
)
def test_the_crowd_turns_away_from_whoever_breaks_its_custom(custom: str, number: int, rude: tuple[int, int, int, int]) -> None:
    def offences(custom: str, hand: int) -> np.ndarray:
        batch = placed((-0.7, 0.0, 0.0), crowd=1, custom=custom)
        other = batch.state.avatars[0, 1]
        other["x"], other["y"], other["heading"], other["cos"], other["sin"] = 5.2, 4.5, -np.pi, -1.0, 0.0
        _, events = run(batch, lambda t: [(*rude[:2], hand if t % 2 else 0, rude[3])], 60)
        return of(events, "offence")

    found = offences(custom, 0)
    assert len(found) and found[0]["who"] == 0 and found[0]["whom"] == 1 and found[0]["value"] == number
    assert not len(offences("none", 0))
    if custom == "greet-first":
        assert not len(offences(custom, WAVE))


def outcome(policy: str, num_envs: int = 8, steps: int = 600, **config: Any) -> dict[str, float]:
    """Shares of the time there, over the first ``steps`` steps of everybody."""
    batch = worlds.make_batch("gathering", num_envs=num_envs, **config)
    batch.reset(1)
    count = batch.num_agents["guest"]
    envs, avatars, rng = np.repeat(np.arange(num_envs), count), np.tile(np.arange(count), num_envs), np.random.default_rng(0)
    assert WORLD.heuristic is not None and WORLD.oracle is not None
    for _ in range(steps):
        if policy == "oracle":
            acts = WORLD.oracle(batch, "guest", envs, avatars).reshape(num_envs, count, -1)
        elif policy == "heuristic":
            rows = batch.observations["guest"].reshape(num_envs * count, -1)
            acts = WORLD.heuristic("guest", rows, batch.config).reshape(num_envs, count, -1)
        else:
            acts = random_actions(batch, rng)["guest"]
        batch.step({"guest": acts})
    tally = batch.events.tally
    talk = tally[:, KIND["conversation_step"]]
    there = sum(tally["count"][:, KIND[kind]].sum() for kind in ("conversation_step", "alone_step", "left_out_step"))
    overlap = tally["count"][:, KIND["overlap"]].sum()
    return {"talk": talk["count"].sum() / there, "matched": talk["value"].sum() / there, "overlap": overlap / talk["count"].sum()}


def test_the_heuristic_is_between_chance_and_the_oracle() -> None:
    chance, heuristic, oracle = (outcome(policy) for policy in ("random", "heuristic", "oracle"))
    assert 10 * chance["matched"] < heuristic["matched"] < 0.6 * oracle["matched"]
    assert chance["talk"] < 0.1 < 0.6 < heuristic["talk"]
    assert chance["overlap"] > heuristic["overlap"] > oracle["overlap"]


@pytest.mark.parametrize(
    "config", [{"control": "continuous"}, {"split": "held-out"}, {"crowd": 6, "custom": "greet-first"}, {"guests": 16, "hall_high_m": 9.0}]
)
def test_the_bounds_hold_in_every_variant(config: dict[str, Any]) -> None:
    heuristic, oracle = outcome("heuristic", 4, 300, **config), outcome("oracle", 4, 300, **config)
    assert 0.03 < heuristic["matched"] < oracle["matched"]


def test_a_sidestep_keeps_the_conversation() -> None:
    _, events = run(pair(), lambda t: [(LEFT if t < 4 else 0, 0, 0, 0), (0, 0, 0, 0)], 10)
    assert len(of(events, "conversation_step")) == 20


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    path = play(
        "gathering", {"guest": agents.load("heuristic", "gathering", "guest")}, [2026], tmp_path, {"crowd": 4, "custom": "greet-first"}
    )[0]
    digest = Transcript.open(path).digest
    card = Path(__file__).parents[2] / "worlds" / "gathering" / "README.md"
    assert digest in card.read_text()
