"""Domination: its arenas, points, fights, orders and rewards; nothing favours a side."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.agents import load
from avatarium.agents.play import Seat, play
from avatarium.agents.series import play_series
from avatarium.training.league.spirit import share
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.domination import WORLD
from avatarium.worlds.domination.command import distributions, match
from avatarium.worlds.domination.points import holder
from avatarium.worlds.domination.soldiers import choose_rows
from avatarium.worlds.domination.state import BLUE, FAR, MIDDLE, NOBODY, OWN, RED, ZONES

KIND = {event.name: k for k, event in enumerate(WORLD.events)}
USE = 1


def still(batch: Batch) -> dict[str, np.ndarray]:
    """Actions of teams that do nothing."""
    return {role: np.zeros((batch.num_envs, batch.num_agents[role], batch.roles[role].action_size), np.int32) for role in batch.roles}


def arena(**config: Any) -> Batch:
    """An arena without walls, everybody in the base."""
    batch = make_batch("domination", **({"walls": 0, "team": 2, "autoreset": False} | config))
    batch.reset(3)
    return batch


def put(batch: Batch, a: int, x: float, y: float, facing: float = 0.0) -> None:
    """Stand an avatar somewhere."""
    me = batch.state.avatars[0, a]
    me["x"], me["y"], me["heading"], me["cos"], me["sin"] = x, y, facing, np.cos(facing), np.sin(facing)


def terms(batch: Batch, role: str) -> dict[str, np.ndarray]:
    """Each term of the reward, float32 [A], in the first environment."""
    return dict(zip(batch.roles[role].terms, batch.reward_terms[role][0].T, strict=True))


@pytest.mark.parametrize(
    ("rule", "owner", "red", "blue", "came_red", "came_blue", "after"),
    [
        (0, NOBODY, 0, 0, 0, 0, NOBODY),
        (0, BLUE, 1, 0, 0, 0, RED),
        (0, RED, 1, 1, 0, 1, BLUE),
        (0, RED, 1, 1, 1, 1, RED),
        (0, RED, 2, 1, 0, 0, RED),
        (1, RED, 2, 1, 0, 1, NOBODY),
        (2, RED, 1, 3, 0, 3, RED),
        (2, NOBODY, 1, 3, 0, 3, NOBODY),
        (3, RED, 1, 2, 0, 1, BLUE),
        (3, RED, 2, 2, 0, 1, NOBODY),
        *[(rule, RED, 0, 1, 0, 0, BLUE) for rule in range(4)],
        *[(rule, RED, 0, 0, 0, 0, RED) for rule in range(4)],
    ],
)
def test_a_point_belongs_to_whom_the_rule_says(
    rule: int, owner: int, red: int, blue: int, came_red: int, came_blue: int, after: int
) -> None:
    assert holder(rule, owner, red, blue, came_red, came_blue) == after


def test_a_point_counts_once_it_has_been_held_for_the_window() -> None:
    batch = arena(window_s=0.5, episode_steps=100)
    put(batch, 0, *batch.state.points[0, MIDDLE])
    for step in range(1, 13):
        batch.step(still(batch))
        assert batch.state.owners[0].tolist() == [RED, NOBODY, NOBODY]
        assert batch.state.score[0].tolist() == [max(0, step - 5), 0]
        lead = 2.0 / (3 * 100) if step > 5 else 0.0
        assert terms(batch, "red")["score"] == pytest.approx([lead, lead]) and terms(batch, "blue")["score"] == pytest.approx(
            [-lead, -lead]
        )
    where = batch.roles["red"].slices()["points"]
    mine, theirs = (batch.observations[role][0, 0, where].reshape(3, -1)[:, 6:9] for role in ("red", "blue"))
    assert mine[MIDDLE] == pytest.approx([1, 0, 0.12]) and theirs[MIDDLE] == pytest.approx([0, 1, 0.12])
    assert not mine[OWN:].any() and not theirs[OWN:].any()


def test_the_middle_is_the_middle_for_both_and_the_own_point_of_one_is_the_far_one_of_the_other() -> None:
    batch = arena(window_s=0.0)
    put(batch, 0, *batch.state.points[0, OWN])
    batch.step(still(batch))
    where = batch.roles["red"].slices()["points"]
    mine, theirs = (batch.observations[role][0, 0, where].reshape(3, -1)[:, 6:8] for role in ("red", "blue"))
    assert mine.argmax(axis=0)[0] == OWN and theirs.argmax(axis=0)[1] == FAR
    log = batch.events.records[0, : batch.events.count[0]]
    assert [(e["kind"], e["who"], e["value"]) for e in log] == [(KIND["capture"], 0, OWN)]


def test_both_sides_see_the_same_when_they_stand_the_same() -> None:
    for split in ("train", "held-out"):
        batch = make_batch("domination", num_envs=64, split=split, sight="rays")
        seen = batch.reset(5)
        assert seen["red"] == pytest.approx(seen["blue"], abs=2e-3)
        assert np.abs(seen["red"]).max() > 0


def duel(distance: float, facing: float = 0.0, away: float = np.pi, **config: Any) -> Batch:
    """Red 0 in the middle of the arena, facing so; blue 0 to its east."""
    batch = arena(**config)
    x, y = batch.state.points[0, MIDDLE]
    put(batch, 0, x, y, facing)
    put(batch, 2, x + distance, y, away)
    batch.step(still(batch))
    return batch


@pytest.mark.parametrize(
    ("distance", "facing", "tagged"), [(2.9, 0.0, True), (2.9, 0.7, True), (2.9, 0.9, False), (3.1, 0.0, False), (2.0, np.pi, False)]
)
def test_whoever_is_near_and_in_front_is_tagged(distance: float, facing: float, tagged: bool) -> None:
    batch = duel(distance, facing)
    actions = still(batch)
    actions["red"][0, 0, 2] = USE
    batch.step(actions)
    assert (batch.state.avatars[0, 2]["present"] == 0) == tagged
    assert batch.events.tally["count"][0, [KIND["tag"], KIND["tagged"]]].tolist() == [tagged, tagged]
    assert batch.state.avatars[0, 0]["cool"] == 20, "it has to wait, hit or miss"
    assert terms(batch, "red")["tag"][0] == pytest.approx(0.05 * tagged) and terms(batch, "blue")["tagged"][0] == pytest.approx(
        -0.05 * tagged
    )


def test_who_is_tagged_is_out_for_five_seconds_and_begins_in_the_base() -> None:
    batch = duel(2.0)
    actions = still(batch)
    actions["red"][0, 0, 2] = USE
    batch.step(actions)
    where = batch.roles["blue"].slices()
    for left in range(50, 0, -1):
        seen = batch.observations["blue"][0, 0]
        assert (
            seen[where["until_back"]] == pytest.approx([left / 50]) and not seen[where["people"]].any() and not seen[where["heard"]].any()
        )
        assert seen[where["strength"]] == pytest.approx([0.5, 1.0]) and batch.present["blue"].all()
        batch.step(still(batch))
    me, base = batch.state.avatars[0, 2], batch.state.rooms[0, BLUE]
    assert me["present"] == 1 and base["x0"] * 0.5 <= me["x"] <= (base["x1"] + 1) * 0.5
    assert batch.observations["blue"][0, 0, where["until_back"]] == 0


def test_two_can_tag_each_other() -> None:
    batch = duel(2.0)
    actions = still(batch)
    actions["red"][0, 0, 2] = actions["blue"][0, 0, 2] = USE
    batch.step(actions)
    assert batch.state.avatars[0]["present"].tolist() == [0, 1, 0, 1]


def test_nobody_is_tagged_in_the_own_base_nor_through_walls() -> None:
    batch = arena()
    blue = batch.state.avatars[0, 2]
    put(batch, 0, float(blue["x"]) - 2.0, float(blue["y"]))
    actions = still(batch)
    actions["red"][0, 0, 2] = USE
    batch.step(still(batch))
    batch.step(actions)
    assert batch.state.avatars[0, 0]["cool"] == 20 and blue["present"] == 1
    batch = arena(walls=10, num_envs=64)
    boxes, avatars = batch.state.plan.boxes, batch.state.avatars
    wide = [(i, b) for i in range(64) for b in range(4, batch.state.plan.num_boxes[i]) if boxes[i, 3, b] - boxes[i, 1, b] > 1.4]
    for i, b in wide:  # on the two sides of a wall that runs along y
        avatars[i, 0]["x"], avatars[i, 2]["x"] = boxes[i, 0, b] - 0.4, boxes[i, 2, b] + 0.4
        avatars[i, 0]["y"] = avatars[i, 2]["y"] = 0.5 * (boxes[i, 1, b] + boxes[i, 3, b])
        avatars[i, 0]["heading"], avatars[i, 0]["cos"], avatars[i, 0]["sin"] = 0.0, 1.0, 0.0
    actions = still(batch)
    actions["red"][:, 0, 2] = USE
    batch.step(actions)
    assert len(wide) > 20 and avatars["present"].all()


def test_only_mates_hear_what_is_said() -> None:
    batch = duel(2.0)
    put(batch, 1, *(batch.state.points[0, MIDDLE] + [0.0, 2.0]))
    actions = still(batch)
    actions["red"][0, 0, 3] = 7
    batch.step(actions)
    heard = {role: batch.observations[role][0][:, batch.roles[role].slices()["heard"]] for role in batch.roles}
    assert heard["red"][1, 4 + 6] == 1 and not heard["red"][0].any() and not heard["blue"].any()


def test_arenas_are_the_same_for_both_and_every_cell_can_be_reached() -> None:
    sizes = {}
    for split in ("train", "validation", "held-out"):
        batch = make_batch("domination", num_envs=200, split=split, walls=10)
        batch.reset(1)
        sizes[split] = batch.state.extent.prod(axis=1).astype(float).mean(), float(batch.state.plan.num_boxes.mean())
        for i in range(200):
            width, height = batch.state.extent[i]
            cells = batch.state.plan.cells[i, :height, :width]
            assert np.array_equal(cells, cells[::-1, ::-1])
            assert (batch.state.map[i, :height, :width, :ZONES][cells == 0] < 65535).all(), "a cell is cut off"
            middle, own, far = batch.state.points[i]
            assert own + far == pytest.approx([width * CELL_M, height * CELL_M]) and middle == pytest.approx((own + far) / 2)
    assert sizes["held-out"][0] > 1.5 * sizes["train"][0] and sizes["held-out"][1] > sizes["train"][1] + 4


def test_arenas_for_training_can_be_stretched_and_those_held_out_are_what_they_are() -> None:
    most = {}
    for split, stretch in (("train", 1.0), ("train", 1.3), ("held-out", 1.0), ("held-out", 1.3)):
        batch = make_batch("domination", num_envs=200, split=split, stretch=stretch)
        batch.reset(1)
        most[split, stretch] = batch.state.extent.max(axis=0).tolist()
    assert most["train", 1.0] == [37, 27] and most["train", 1.3] == [47, 33]
    assert most["held-out", 1.0] == most["held-out", 1.3] == [47, 35]


def test_held_out_points_lie_on_the_flanks() -> None:
    near = {}
    for split in ("train", "held-out"):
        batch = make_batch("domination", num_envs=200, split=split)
        batch.reset(1)
        near[split] = np.abs(batch.state.points[:, OWN, 0] / CELL_M - batch.state.extent[:, 0] / 2)
    assert near["train"].min() >= 5 and near["held-out"].max() <= 5


@pytest.mark.parametrize("soldiers", [1, 3, 5])
def test_soldiers_are_matched_to_points_by_the_shortest_ways(soldiers: int) -> None:
    rng = np.random.default_rng(0)
    for counts in distributions(soldiers).tolist():
        ways = rng.uniform(0, 20, (soldiers, 3)).astype(np.float32)
        sent, cost, choice = np.zeros(soldiers, np.int64), np.zeros((11, 11), np.float32), np.zeros((10, 11, 11), np.uint8)
        match(ways, counts[0], counts[1], cost, choice, sent)
        assert np.bincount(sent, minlength=3).tolist() == counts
        places = np.repeat(np.arange(3), counts)
        shortest = min(sum(ways[k, p] for k, p in enumerate(order)) for order in itertools.permutations(places.tolist()))
        assert ways[np.arange(soldiers), sent].sum() == pytest.approx(shortest, rel=1e-5)


def test_orders_stand_until_the_next_decision() -> None:
    batch = arena(command="order", decision_steps=5, num_envs=1)
    where = batch.roles["red"].slices()
    for step in range(12):
        due = bool(batch.observations["red"][0, 0, where["due"]])
        assert due == (step % 5 == 0)
        actions = still(batch)
        actions["red"][0, :, 0] = FAR if due else OWN
        batch.step(actions)
        assert batch.observations["red"][0, 0, where["ordered"]].tolist() == [0, 0, 1]
    batch.state.avatars[0, 2]["x"], batch.state.avatars[0, 2]["y"] = batch.state.points[0, MIDDLE]
    batch.step(still(batch))
    assert batch.observations["red"][0, 0, where["due"]] == 1, "a point has changed hands"


@pytest.mark.parametrize("level", ["order", "commander"])
def test_between_decisions_only_the_one_that_stands_is_open(level: str) -> None:
    batch, rng = arena(command=level, num_envs=16), np.random.default_rng(0)
    where = batch.roles["red"].slices()["due"]
    head = batch.roles["red"].mask_slices()[0]
    seats = [
        Seat(batch, "blue", load(name, "domination", "blue", command=level, team=2), range(16))
        for name in ("heuristic", "domination/greedy")
    ]
    chosen = random_actions(batch, rng)["red"]
    for step in range(60):
        due, mine = batch.observations["red"][:, :, where] > 0, batch.allowed["red"][:, :, head]
        assert mine[due[..., 0]].all() and (mine[~due[..., 0]].sum(axis=-1) == 1).all()
        assert step == 0 or (mine.argmax(axis=-1) == chosen[..., 0])[~due[..., 0]].all()
        chosen = np.where(due, random_actions(batch, rng)["red"], chosen)
        blue = seats[step // 30].act()
        assert np.take_along_axis(batch.allowed["blue"][:, :, head], blue[..., :1], axis=-1).all(), "others keep to it as well"
        batch.step({"red": chosen, "blue": blue})


def test_a_commander_spreads_its_team() -> None:
    batch = arena(command="commander", team=5)
    actions = still(batch)
    actions["red"][0, 0, 0] = distributions(5).tolist().index([2, 0, 3])
    batch.step(actions)
    assert np.bincount(batch.state.avatars[0, :5]["order"], minlength=3).tolist() == [2, 0, 3]
    assert np.bincount(batch.state.avatars[0, 5:]["order"], minlength=3).tolist() == [5, 0, 0]


def test_soldiers_arrive_wherever_they_are_sent() -> None:
    for split in ("train", "held-out"):
        batch = make_batch("domination", num_envs=64, team=3, split=split, walls=10, autoreset=False)
        batch.reset(2)
        envs, bodies = np.repeat(np.arange(64), 3), np.tile(np.arange(3), 64)
        zones, stops, found = np.tile(np.arange(3), 64), np.zeros(192, np.float32), np.zeros((192, 3), np.int32)
        for _ in range(300):
            choose_rows(batch.state, envs, bodies, zones, stops, found)
            actions = still(batch)
            actions["red"][..., :2] = found[:, :2].reshape(64, 3, 2)
            batch.step(actions)
        assert (batch.state.owners == RED).all()


def test_what_one_team_earns_the_other_loses() -> None:
    batch = make_batch("domination", num_envs=32, autoreset=False, episode_steps=300)
    batch.reset(4)
    heuristic = WORLD.heuristic
    assert heuristic is not None
    seen = np.zeros(6)
    for _ in range(300):
        batch.step({r: heuristic(r, batch.observations[r].reshape(160, -1), batch.config).reshape(32, 5, -1) for r in batch.roles})
        both = sum(batch.reward_terms[role].sum(axis=1) for role in batch.roles)
        assert both[:, [0, 1, 2]] == pytest.approx(np.zeros((32, 3)), abs=1e-5) and both[:, 3:5].sum(axis=1) == pytest.approx(0, abs=1e-5)
        seen += np.abs(batch.reward_terms["red"]).sum(axis=(0, 1))
        rewards = [batch.reward_terms[role][..., :5].sum(axis=2) for role in ("red", "blue")]
        share(rewards, [batch.present[role] for role in ("red", "blue")], 0.7, zero_sum=False)
        assert sum(r.sum(axis=1) for r in rewards) == pytest.approx(np.zeros(32), abs=1e-5)
    assert (seen > 0).all()


def test_one_knows_when_somebody_is_in_reach() -> None:
    for distance, reach in ((2.5, 1.0), (3.2, 0.0)):
        batch = duel(distance)
        assert batch.observations["red"][0, :, batch.roles["red"].slices()["in_reach"]].T.tolist() == [[reach, 0.0]]


def test_the_approach_is_a_difference_of_potentials() -> None:
    batch = make_batch("domination", num_envs=16, autoreset=False, episode_steps=200, **{"rewards.approach": 1.0})
    batch.reset(4)
    begin, paid, rng = batch.state.avatars["potential"].copy(), np.zeros((16, 10)), np.random.default_rng(0)
    for _ in range(200):
        batch.step({role: rng.integers(0, [5, 3, 2, 17], (16, 5, 4)).astype(np.int32) for role in batch.roles})
        paid += np.concatenate([batch.reward_terms[role][..., 5] for role in ("red", "blue")], axis=1)
    assert paid == pytest.approx(begin - batch.state.avatars["potential"], abs=1e-3)


def test_a_game_ends_when_the_pool_is_won() -> None:
    batch = arena(window_s=0.0, pool=1.0)
    put(batch, 0, *batch.state.points[0, MIDDLE])
    for step in range(1, 11):
        batch.step(still(batch))
        assert batch.ended[0] == (step == 10)
    final = batch.events.records[0, : batch.events.count[0]]
    assert final["value"][final["kind"] == KIND["score"]] == pytest.approx([1, 1, 0, 0])
    assert terms(batch, "red")["win"].tolist() == [1, 1] and terms(batch, "blue")["win"].tolist() == [-1, -1]


def test_when_the_time_is_up_the_game_is_over_for_good() -> None:
    """No value is to be expected after it: else the prize for winning would be learnt as if it came again and again."""
    batch = arena(episode_steps=50)
    steps = [batch.step(still(batch)) for _ in range(50)]
    assert batch.ended.all()
    assert all(steps[-1].termination[role].all() and not steps[-1].truncation[role].any() for role in batch.roles)


def test_standing_still_wins_nothing_and_the_heuristic_beats_chance() -> None:
    heuristic, random = load("heuristic", "domination", "red"), load("random", "domination", "blue")
    assert play_series("domination", ("red", heuristic), ("blue", [random]), range(32)).win_rate() > 0.95


def test_no_side_has_an_advantage() -> None:
    red, blue = (load("domination/greedy", "domination", role, command="order", team=3) for role in ("red", "blue"))
    margins = play_series("domination", ("red", red), ("blue", [blue]), range(300), {"command": "order", "team": 3}).margins[:, 0]
    assert abs(margins.mean()) < 3 * margins.std() / np.sqrt(len(margins))


def test_waiting_at_the_enemy_base_does_not_pay() -> None:
    """Nobody is tagged where it comes back, so that a team that waits there holds nothing and tags nobody unpunished."""
    ambush, greedy = load("domination/ambusher", "domination", "red"), load("domination/greedy", "domination", "blue")
    assert play_series("domination", ("red", ambush), ("blue", [greedy]), range(48)).win_rate() < 0.5


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    seats = {role: load("heuristic", "domination", role) for role in ("red", "blue")}
    path = play("domination", seats, [2026], tmp_path)[0]
    card = Path(__file__).parents[2] / "worlds" / "domination" / "README.md"
    assert Transcript.open(path).digest in card.read_text()
