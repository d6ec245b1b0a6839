"""Concierge: who comes and goes, who knows what, what is said and heard, who is paid for what."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.agents import load
from avatarium.agents.play import Seat, play
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.concierge import WORLD
from avatarium.worlds.concierge.state import ABSENT, GONE, HERE, KINDS, LOBBY
from avatarium.worlds.core import speech
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.transcript import Transcript

KIND = {event.name: k for k, event in enumerate(WORLD.events)}


def acted(batch: Batch, **minds: str) -> dict[str, np.ndarray]:
    """Actions by role: of the heuristic, or of the oracle where ``minds`` says so."""
    assert WORLD.heuristic is not None and WORLD.oracle is not None
    found = {}
    for role, count in batch.num_agents.items():
        envs, avatars = np.divmod(np.arange(batch.num_envs * count), count)
        rows = batch.observations[role].reshape(len(envs), -1)
        oracle = minds.get(role) == "oracle"
        chosen = WORLD.oracle(batch, role, envs, avatars) if oracle else WORLD.heuristic(role, rows, batch.config)
        found[role] = chosen.reshape(batch.num_envs, count, -1)
    return found


def nothing_done(batch: Batch) -> dict[str, np.ndarray]:
    """Actions by role: everybody stands, silent."""
    return {role: np.zeros((batch.num_envs, count, len(batch.roles[role].heads)), np.int32) for role, count in batch.num_agents.items()}


def success(steps: int = 600, num_envs: int = 24, minds: dict[str, str] | None = None, **config: Any) -> float:
    """Share of wishes fulfilled among those that were settled."""
    batch = make_batch("concierge", num_envs=num_envs, **config)
    batch.reset(1)
    for _ in range(steps):
        batch.step(acted(batch, **(minds or {})))
    fulfilled, given_up = (batch.events.tally["count"][:, KIND[kind]].sum() for kind in ("arrival", "failure"))
    return float(fulfilled / (fulfilled + given_up))


def test_the_oracle_arrives_and_the_pair_with_a_code_mostly_does() -> None:
    assert success(minds={"visitor": "oracle"}) > 0.98
    assert success() > 0.7 and success(split="held-out") > 0.7


def test_without_words_that_mean_something_the_pair_is_lost() -> None:
    assert success(**{"hearing.mute": True}) < 0.1
    assert success(confusion=1.0) < 0.2


def test_several_visitors_at_once_can_be_served() -> None:
    assert success(at_once=3, visitors=6) > 0.1


def test_visitors_come_one_after_another_and_leave_for_good() -> None:
    batch = make_batch("concierge", num_envs=8, autoreset=False, visitors=3, wishes=1, pause=5, episode_steps=6000, patience=1)
    batch.reset(0)
    stages = [batch.state.avatars["stage"][:, 1:].copy()]
    assert (stages[0] == [HERE, ABSENT, ABSENT]).all()
    for _ in range(3000):
        present, going = batch.present["visitor"].copy(), ~batch.episodes.over
        step = batch.step(acted(batch, visitor="oracle"))
        stages.append(batch.state.avatars["stage"][:, 1:].copy())
        left = present & ~batch.present["visitor"]
        assert (step.termination["visitor"] == left)[going].all()
        assert (batch.present["visitor"] == (batch.state.avatars["present"][:, 1:] == 1)).all()
        assert ((stages[-1] == HERE).sum(axis=1) <= 1).all()
        assert not batch.observations["visitor"][~batch.present["visitor"] & ~step.termination["visitor"]].any()
        assert (step.final_observation["visitor"][left] != 0).any(axis=-1).all(), "what it saw last is kept"
        if batch.episodes.over.all():
            break
    assert (stages[-1] == GONE).all() and batch.ended.all()
    assert step.termination["host"][batch.ended].all() and not step.truncation["host"].any(), "the last visitor's leaving ends it"
    assert all((after >= before).all() for before, after in itertools.pairwise(stages))


def test_agents_come_and_go_in_pettingzoo_as_they_do_in_the_batch() -> None:
    env = worlds.make("concierge", visitors=2, wishes=1, patience=1.0, pause=3)
    seen, _ = env.reset(seed=3)
    assert set(seen) == set(env.agents) == {"host_0", "visitor_0"}
    lives: dict[str, list[str]] = {"visitor_0": ["here"], "visitor_1": []}
    while env.agents:
        _, _, terminations, truncations, _ = env.step({name: np.zeros(env.action_space(name).shape, np.int64) for name in env.agents})
        for name, life in lives.items():
            if terminations.get(name):
                life.append("left")
            elif name in env.agents and life[-1:] != ["here"]:
                life.append("here")
    assert lives == {"visitor_0": ["here", "left"], "visitor_1": ["here", "left"]}
    assert terminations["host_0"] and not truncations["host_0"]


def test_wishes_are_for_rooms_there_are_and_not_for_the_one_it_is_in() -> None:
    batch = make_batch("concierge", num_envs=256, split="held-out")
    batch.reset(0)
    wishes, ways = batch.state.avatars["wish"][:, 1], batch.state.avatars["way"][:, 1]
    assert (batch.state.room_of[np.arange(256), wishes - 1] >= 0).all() and (ways > 0).all()
    assert set(wishes.tolist()) == set(range(1, len(KINDS) + 1))
    kinds = np.array(
        [np.bincount(rooms["kind"][:n], minlength=LOBBY + 2) for rooms, n in zip(batch.state.rooms, batch.state.num_rooms, strict=True)]
    )
    assert (kinds[:, LOBBY] == 1).all() and (kinds[:, 1:LOBBY] <= 1).all()


def test_the_host_does_not_know_the_wish_nor_the_visitor_the_way() -> None:
    """Buildings alike with wishes unlike: what the host senses is the same, as long as nothing is said."""
    batch = make_batch("concierge", num_envs=32)
    batch.reset(0)
    kept = batch.snapshot()
    still = nothing_done(batch)
    for me, rooms in zip(batch.state.avatars[:, 1], batch.state.room_of, strict=True):
        me["wish"] = next(kind for kind in range(1, len(KINDS) + 1) if rooms[kind - 1] >= 0 and kind != me["wish"])
    batch.step(still)
    other = {role: seen.copy() for role, seen in batch.observations.items()}
    batch.restore(kept)
    batch.step(still)
    assert np.array_equal(other["host"], batch.observations["host"])
    wish = batch.roles["visitor"].slices()["wish"]
    differs = (other["visitor"] != batch.observations["visitor"]).any(axis=(0, 1))
    assert differs[wish].any() and not np.delete(differs, np.arange(wish.start, wish.stop)).any()


def test_both_are_paid_alike_for_what_the_visitor_achieves() -> None:
    batch = make_batch("concierge", num_envs=16, visitors=1)
    batch.reset(4)
    terms = batch.roles["host"].terms
    paid = np.zeros((2, len(terms)))
    for _ in range(200):
        way, settled = batch.state.avatars["way"][:, 1].copy(), batch.state.avatars["settled"][:, 1].copy()
        batch.step(acted(batch, visitor="oracle"))
        host, visitor = (batch.reward_terms[role][:, 0] for role in ("host", "visitor"))
        for name in ("arrival", "failure", "progress"):
            assert (host[:, terms.index(name)] == visitor[:, terms.index(name)]).all()
        same = (batch.state.avatars["settled"][:, 1] == settled) & ~batch.ended
        assert visitor[same, terms.index("progress")] == pytest.approx(0.1 * (way - batch.state.avatars["way"][:, 1])[same], abs=1e-5)
        paid += np.stack([host.sum(axis=0), visitor.sum(axis=0)])
    assert paid[0, 0] == paid[1, 0] == batch.events.tally["count"][:, KIND["arrival"]].sum() > 16


def test_words_are_heard_near_by_unless_a_wall_is_between() -> None:
    batch = make_batch("concierge", num_envs=128, visitors=1)
    batch.reset(2)
    rng = np.random.default_rng(0)
    heard_at, silent_at = [], []
    for _ in range(100):
        actions = random_actions(batch, rng)
        actions["visitor"][..., 3] = 5
        batch.step(actions)
        host, visitor = batch.state.avatars[:, 0], batch.state.avatars[:, 1]
        apart = np.hypot(host["x"] - visitor["x"], host["y"] - visitor["y"])
        heard = batch.observations["host"][:, 0, batch.roles["host"].slices()["heard"]]
        on = (heard[:, 0] > 0) & (visitor["word"] == 5)
        assert (heard[on][:, 4:].argmax(axis=1) == 4).all()
        assert heard[on][:, 3] == pytest.approx(1 - apart[on] / float(speech.RANGE_M), abs=1e-3)
        heard_at += apart[on].tolist()
        silent_at += apart[~on & (visitor["present"] == 1)].tolist()
    assert max(heard_at) < 6 and len(heard_at) > 1000 and max(silent_at) > 6


def test_a_host_who_leads_nowhere_helps_nobody() -> None:
    """The shortcut of visiting room after room without asking: it ends in wishes given up."""
    batch = make_batch("concierge", num_envs=24)
    batch.reset(1)
    explorer = load("concierge/explorer", "concierge", "visitor")
    seat = Seat(batch, "visitor", explorer, list(range(24)))
    for _ in range(600):
        batch.step(nothing_done(batch) | {"visitor": seat.act()})
    fulfilled, given_up = (batch.events.tally["count"][:, KIND[kind]].sum() for kind in ("arrival", "failure"))
    assert fulfilled / (fulfilled + given_up) < 0.5


def test_a_host_with_insight_senses_which_room_is_wished_for() -> None:
    batch = make_batch("concierge", num_envs=64, insight=0.5)
    seen = batch.reset(3)["host"][:, 0, batch.roles["host"].slices()["possible"]] > 0
    wish, known = (batch.state.avatars[name][:, 1] for name in ("wish", "known"))
    assert 16 < known.sum() < 48
    there = batch.state.room_of[:, : len(KINDS)] >= 0
    np.testing.assert_array_equal(seen[known == 0], there[known == 0])
    np.testing.assert_array_equal(seen[known == 1], np.eye(len(KINDS), dtype=bool)[wish[known == 1] - 1])


def test_the_host_keeps_one_way_in_mind_and_senses_where_it_leads() -> None:
    batch = make_batch("concierge", num_envs=64)
    parts = batch.roles["host"].slices()
    batch.reset(5)
    assert (batch.observations["host"][:, 0, parts["in_mind"]].argmax(axis=1) == LOBBY - 1).all()
    thought = nothing_done(batch)
    for place in (3, 7, LOBBY):
        thought["host"][:, 0, 4] = place
        batch.step(thought)
        batch.step(nothing_done(batch))
        seen, there = batch.observations["host"][:, 0], batch.state.room_of[:, place - 1] >= 0
        assert (seen[:, parts["in_mind"]] == np.eye(LOBBY)[place - 1]).all()
        ahead, left, near = seen[:, parts["way"]].T
        away = there & (near < 1)
        assert (there & ~away).any() if place == LOBBY else away.sum() > 16
        assert np.hypot(ahead, left)[away] == pytest.approx(1, abs=0.05) and not near[~there].any()
        host = batch.state.avatars[:, 0]
        way = batch.state.ways[np.arange(64), place - 1, (host["y"] / 0.5).astype(int), (host["x"] / 0.5).astype(int)]
        assert near[there] == pytest.approx(1 / (1 + way[there] / 40), abs=1e-3)


def test_what_the_host_has_in_mind_and_visitors_want_can_be_read() -> None:
    batch = make_batch("concierge", num_envs=1)
    batch.reset(1)
    thought = nothing_done(batch)
    thought["host"][0, 0, 4] = 1 + KINDS.index("kitchen")
    batch.step(thought)
    assert WORLD.scene is not None
    notes = WORLD.scene(batch.state, batch.config, 0).notes
    assert notes["host_0"] == "thinks of the way to the kitchen" and notes["visitor_0"].startswith("wants the ")


def test_ushers_lead_without_a_word_of_meaning() -> None:
    """With insight they find nearly everything; without, they do not know where to go."""
    found = {}
    for insight in (0.0, 1.0):
        batch = make_batch("concierge", num_envs=24, insight=insight)
        batch.reset(1)
        seats = [Seat(batch, role, load("concierge/usher", "concierge", role), list(range(24))) for role in ("host", "visitor")]
        for _ in range(600):
            batch.step({seat.role: seat.act() for seat in seats})
        fulfilled, given_up = (batch.events.tally["count"][:, KIND[kind]].sum() for kind in ("arrival", "failure"))
        found[insight] = fulfilled / (fulfilled + given_up)
    assert found[1.0] > 0.7 > 0.4 > found[0.0]


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    seats = {role: load("heuristic", "concierge", role) for role in ("host", "visitor")}
    path = play("concierge", seats, [2026], tmp_path)[0]
    digest = Transcript.open(path).digest
    card = Path(__file__).parents[2] / "worlds" / "concierge" / "README.md"
    assert digest in card.read_text(), digest
