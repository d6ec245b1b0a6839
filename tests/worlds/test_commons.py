"""Commons: its gardens, growth, meals, fines, mechanisms, characters and bounds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards.schelling import diagram, returns
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.commons import WORLD
from avatarium.worlds.commons.rules import ATE, ATE_SCARCE, DEPLETED, EQUALITY, FINED
from avatarium.worlds.commons.state import most_trees
from avatarium.worlds.core import people, polar
from avatarium.worlds.core.speech import POINT, USE
from avatarium.worlds.core.transcript import Transcript


def still(batch: Batch) -> np.ndarray:
    """Actions of pickers who do nothing: int32 [N, A, 3]."""
    return np.zeros((batch.num_envs, batch.num_agents["picker"], 3), np.int32)


def hands(batch: Batch, hand: int, *who: tuple[int, int]) -> np.ndarray:
    """Actions of pickers who do nothing, but ``who`` (environment, picker) do ``hand``."""
    actions = still(batch)
    for env, picker in who:
        actions[env, picker, 2] = hand
    return actions


def stand(batch: Batch, env: int, picker: int, x: float, y: float, heading: float = 0.0) -> None:
    """Put a picker somewhere."""
    me = batch.state.avatars[env, picker]
    me["x"], me["y"], me["heading"], me["cos"], me["sin"] = x, y, heading, np.cos(heading), np.sin(heading)


def neighbours(batch: Batch, i: int) -> np.ndarray:
    """Ripe trees within 2 m of each tree of environment ``i``, counted slowly."""
    count = int(batch.state.num_trees[i])
    places = batch.state.trees[i, :, :count].T.astype(float)
    beside = np.linalg.norm(places[:, None] - places[None], axis=2) <= 2.0
    return np.asarray((beside & ~np.eye(count, dtype=bool)).astype(int) @ (batch.state.ripe[i, :count] == 1))


def outcome(*policies: str, **config: Any) -> np.ndarray:
    """Rewards [N, A] of an episode in which picker a is moved by the a-th of ``policies``, in turn."""
    return returns("commons", policies, range(8), **config)


@pytest.mark.parametrize("config", [{}, {"split": "held-out"}, {"patches": 16, "trees": 16, "hedges": 12}, {"patches": 1, "trees": 1}])
def test_gardens_are_sound(config: dict[str, Any]) -> None:
    batch = make_batch("commons", num_envs=50, **config)
    batch.reset(0)
    state = batch.state
    for i in range(50):
        count, patches = int(state.num_trees[i]), int(state.num_rooms[i])
        trees, patch = state.trees[i, :, :count].T, state.patch[i, :count]
        width, height = state.extent[i] * 0.5
        assert count == state.rooms["count"][i, :patches].sum() <= patches * most_trees(batch.config)
        assert (trees > 1).all() and (trees < [width - 1, height - 1]).all(), "trees stand inside the walls"
        apart = np.linalg.norm(trees[:, None] - trees[None], axis=2)
        assert apart[patch[:, None] != patch[None]].min(initial=9.0) > 2.0, "growth does not reach from patch to patch"
        assert (state.ripe[i, :count] == 1).all() and np.array_equal(state.near[i, :count], neighbours(batch, i))
        boxes = state.plan.boxes[i, :, : state.plan.num_boxes[i]].T
        inside = (trees[:, None] > boxes[None, :, :2] - 0.25) & (trees[:, None] < boxes[None, :, 2:] + 0.25)
        assert not inside.all(axis=2).any(), "one can stand at every tree"


def test_held_out_gardens_have_fewer_larger_patches_further_apart() -> None:
    found = {}
    for split in ("train", "held-out"):
        batch = make_batch("commons", num_envs=100, split=split)
        batch.reset(0)
        rooms = batch.state.rooms[:, : int(batch.state.num_rooms[0])]
        found[split] = (rooms.shape[1], rooms["count"].mean(), batch.state.extent.prod(axis=1).mean() / rooms.shape[1])
    (many, small, close), (few, large, wide) = found["train"], found["held-out"]
    assert (many, few) == (6, 3) and large > small + 3 and wide > 1.5 * close


def test_trees_bear_again_at_the_rate_of_what_is_ripe_around() -> None:
    rates = {0: 0.0, 1: 0.5, 2: 0.5, 3: 1.5, 4: 1.5, 5: 4.0, 6: 4.0}
    growth = {"growth.few": 0.5, "growth.some": 1.5, "growth.many": 4.0}
    batch = make_batch("commons", num_envs=3000, pickers=1, patches=1, trees=9, **growth)
    for ripe, per_second in rates.items():
        batch.reset(ripe)
        full = batch.state.rooms["count"][:, 0] > ripe
        bare = np.zeros_like(batch.state.ripe)
        bare[:, :ripe] = 1
        batch.state.ripe[:] = bare
        for i in range(3000):
            batch.state.near[i, : batch.state.num_trees[i]] = neighbours(batch, i)
        near = batch.state.near.copy()
        batch.step({"picker": still(batch)})
        tried = (bare == 0) & (np.arange(bare.shape[1]) < batch.state.num_trees[:, None]) & (near == ripe) & full[:, None]
        assert tried.sum() > 500
        assert batch.state.ripe[tried].mean() == pytest.approx(0.1 * per_second, abs=0.02), ripe


def test_counts_of_ripe_trees_stay_true_in_play() -> None:
    batch = make_batch("commons", num_envs=4)
    batch.reset(3)
    rng = np.random.default_rng(0)
    for _ in range(300):
        batch.step({"picker": rng.integers(0, [5, 3, 4], (4, 8, 3)).astype(np.int32)})
    for i in range(4):
        assert np.array_equal(batch.state.near[i, : batch.state.num_trees[i]], neighbours(batch, i))
    assert batch.events.tally["count"][:, ATE].sum() > 20


def test_a_patch_picked_bare_never_bears_again() -> None:
    batch = make_batch("commons", num_envs=2, pickers=1, **{"growth.few": 10.0, "growth.some": 10.0, "growth.many": 10.0})
    batch.reset(0)
    batch.state.ripe[:], batch.state.near[:] = 0, 0
    for _ in range(200):
        batch.step({"picker": still(batch)})
    assert not batch.state.ripe.any()


def meal(**config: Any) -> tuple[Batch, int]:
    """A garden in which picker 0 stands 0.5 m before a tree, and the tree."""
    batch = make_batch("commons", num_envs=1, **config)
    batch.reset(5)
    x, y = batch.state.trees[0, :, 0]
    stand(batch, 0, 0, x - 0.5, y)
    for other in range(1, batch.num_agents["picker"]):
        stand(batch, 0, other, 1.0 + 0.6 * other, 0.9)
    batch.step({"picker": still(batch)})
    return batch, int(batch.state.avatars[0, 0]["meal"])


def test_use_eats_what_is_within_reach_and_one_chews_for_a_while() -> None:
    batch, tree = meal(**{"growth.many": 0.0})
    assert tree >= 0
    seen = batch.observations["picker"][0, 0][batch.roles["picker"].slices()["within_reach"]]
    assert seen[0] == 1 and seen[1] == pytest.approx(min(batch.state.near[0, tree] / 8, 1))
    around = batch.state.near[0, tree]
    paid = []
    for _ in range(7):
        paid.append(float(batch.step({"picker": hands(batch, USE, (0, 0))}).reward["picker"][0, 0]))
        assert batch.state.ripe[0, tree] == 1 - paid[-1] and batch.events.tally["count"][0, ATE_SCARCE] == (around < 3) * sum(paid)
        batch.state.ripe[0, tree] = 1
        batch.step({"picker": still(batch)})
    assert paid == [1, 0, 1, 0, 1, 0, 1], "of every other step, because one chews for 3"
    assert batch.events.tally["count"][0, ATE] == 4 == batch.state.avatars[0, 0]["eaten"]


@pytest.mark.parametrize(("heading", "away", "reached"), [(0.0, 0.9, True), (0.0, 1.1, False), (1.2, 0.9, False), (2.0, 0.2, True)])
def test_one_reaches_a_metre_ahead(heading: float, away: float, reached: bool) -> None:
    batch = make_batch("commons", num_envs=1, pickers=1, patches=1, trees=1)
    batch.reset(2)
    batch.state.num_trees[0] = 1
    x, y = batch.state.trees[0, :, 0]
    stand(batch, 0, 0, x - away, y, heading)
    batch.step({"picker": still(batch)})
    assert (batch.state.avatars[0, 0]["meal"] == 0) == reached


def test_two_who_reach_for_one_fruit_get_one() -> None:
    batch, tree = meal()
    x, y = batch.state.trees[0, :, tree]
    stand(batch, 0, 1, x, y - 0.6, np.pi / 2)
    batch.state.ripe[0] = np.arange(batch.state.ripe.shape[1]) == tree
    batch.step({"picker": still(batch)})
    assert batch.state.avatars["meal"][0, :2].tolist() == [tree, tree]
    before = batch.events.tally["count"][0, DEPLETED]
    assert batch.step({"picker": hands(batch, USE, (0, 0), (0, 1))}).reward["picker"][0, :2].sum() == 1
    assert batch.events.tally["count"][0, DEPLETED] == before + 1


def duel(distance: float = 2.0, aside: float = 0.0, **config: Any) -> Batch:
    """Two pickers, the first looking along x; the other ``distance`` ahead and ``aside`` to the left (m)."""
    batch = make_batch("commons", num_envs=1, pickers=2, hedges=0, **config)
    batch.reset(1)
    stand(batch, 0, 0, 2.0, 4.0)
    stand(batch, 0, 1, 2.0 + distance, 4.0 + aside, np.pi)
    return batch


@pytest.mark.parametrize(
    ("distance", "aside", "hit"), [(2.0, 0.0, True), (3.9, 0.0, True), (4.1, 0.0, False), (2.0, 0.7, True), (2.0, 0.8, False)]
)
def test_a_fine_reaches_four_metres_and_twenty_degrees(distance: float, aside: float, hit: bool) -> None:
    batch = duel(distance, aside)
    paid = batch.step({"picker": hands(batch, POINT, (0, 0))}).reward["picker"][0]
    assert paid.tolist() == (pytest.approx([-0.1, -2.0]) if hit else [0, 0])


def test_a_wall_stops_fines() -> None:
    batch = duel()
    batch.state.plan.boxes[0, :, 0] = (2.9, 3.0, 3.1, 5.0)
    assert not batch.step({"picker": hands(batch, POINT, (0, 0))}).reward["picker"].any()


def test_the_fined_is_in_time_out_and_the_other_cools_down() -> None:
    batch = duel(timeout_steps=10, cooldown_steps=4)
    fines = []
    for _ in range(14):
        batch.step({"picker": hands(batch, POINT, (0, 0), (0, 1))})
        records = batch.events.records[0, : batch.events.count[0]]
        fines.append([int(e["who"]) for e in records if e["kind"] == FINED])
    first = fines[0][0]
    assert [k for k, who in enumerate(fines) if who] == [0, 11], "nobody in time-out fines or is fined: ten steps pass between"
    assert fines[0] == [first]
    held = batch.observations["picker"][0, :, batch.roles["picker"].slices()["held"]]
    assert (held > 0).sum() == 1


def test_time_out_stops_meals() -> None:
    batch, _ = meal()
    batch.state.avatars["held"][0, 0] = 4
    paid = [batch.step({"picker": hands(batch, USE, (0, 0))}).reward["picker"][0, 0] for _ in range(5)]
    assert paid == [0, 0, 0, 1, 0]


def test_without_fining_pointing_is_a_gesture() -> None:
    batch = duel(fining=False)
    assert not batch.step({"picker": hands(batch, POINT, (0, 0))}).reward["picker"].any()
    gestures = batch.observations["picker"][0, 1, batch.roles["picker"].slices()["gestures"]]
    assert gestures[: people.SHOWN].tolist() == [0, 0, 1]


def test_sharing_blends_rewards_and_keeps_their_sum() -> None:
    batch, _ = meal(sharing=0.5)
    paid = batch.step({"picker": hands(batch, USE, (0, 0))}).reward["picker"][0]
    assert paid.tolist() == pytest.approx([0.5 + 0.5 / 8, *[0.5 / 8] * 7])
    assert batch.reward_terms["picker"][0, :, 3].sum() == pytest.approx(0, abs=1e-6)


def test_private_trees_are_food_for_their_owner_alone() -> None:
    batch = make_batch("commons", num_envs=20, ownership="private", patches=6, pickers=8)
    batch.reset(0)
    where = batch.roles["picker"].slices()
    for i in range(20):
        assert set(batch.state.owner[i, : batch.state.num_trees[i]].tolist()) == set(range(6))
        for a in range(8):
            tree = batch.state.avatars[i, a]["meal"]
            assert tree < 0 or batch.state.owner[i, tree] == a % 6
    mapped = batch.observations["picker"][..., where["ripe"]].sum() + batch.observations["picker"][..., where["bare"]].sum()
    everything = make_batch("commons", num_envs=20, patches=6, pickers=8)
    everything.reset(0)
    assert mapped < 0.4 * everything.observations["picker"][..., where["ripe"]].sum()


def test_reputation_shows_how_others_ate_only_where_it_is_on() -> None:
    for on in (False, True):
        batch = duel(reputation=on)
        batch.state.avatars["greed"][0, 1], batch.state.avatars["blame"][0, 1] = 0.75, 0.5
        batch.step({"picker": still(batch)})
        told = batch.observations["picker"][0, 0, batch.roles["picker"].slices()["reputation"]]
        assert told[:2].tolist() == (pytest.approx([0.75, 0.5 * 0.995]) if on else [0, 0]) and not told[2:].any()


def test_the_map_of_trees_is_what_slow_geometry_says() -> None:
    batch = make_batch("commons", num_envs=4)
    batch.reset(8)
    rng = np.random.default_rng(0)
    for _ in range(60):
        batch.step({"picker": rng.integers(0, [5, 3, 4], (4, 8, 3)).astype(np.int32)})
    where = batch.roles["picker"].slices()
    for i in range(4):
        trees, ripe = batch.state.trees[i, :, : batch.state.num_trees[i]].T, batch.state.ripe[i, : batch.state.num_trees[i]] == 1
        for a in range(8):
            me, seen = batch.state.avatars[i, a], batch.observations["picker"][i, a]
            way = trees - [me["x"], me["y"]]
            away = np.hypot(*way.T)
            sector = np.floor(((np.arctan2(way[:, 1], way[:, 0]) - me["heading"]) / (2 * np.pi) * 8 + 0.5) % 8).astype(int)
            ring = np.searchsorted([float(b) for b in polar.BORDERS_M], away)
            for name, some in (("ripe", ripe), ("bare", ~ripe)):
                counts = np.zeros((4, 8))
                np.add.at(counts, (ring[some], sector[some]), 0.125)
                assert seen[where[name]] == pytest.approx(np.minimum(counts[:3], 1).ravel())
            nearest = np.flatnonzero(ripe & (away < 10))[np.argsort(away[ripe & (away < 10)])][:3]
            shown = seen[where["next_fruit"]].reshape(3, 4)
            assert shown[:, 0].sum() == len(nearest)
            assert np.hypot(shown[:, 1], shown[:, 2])[: len(nearest)] * 10 == pytest.approx(away[nearest], abs=1e-4)
            assert shown[: len(nearest), 3] == pytest.approx(np.minimum(batch.state.near[i, nearest] / 8, 1))


def test_equality_is_one_minus_the_gini_coefficient() -> None:
    batch = make_batch("commons", num_envs=1, pickers=3, episode_steps=50)
    batch.reset(0)
    batch.state.avatars["eaten"][0] = (4, 1, 1)
    for _ in range(50):
        batch.step({"picker": still(batch)})
    assert batch.events.tally["value"][0, EQUALITY] == pytest.approx(1 - 12 / (2 * 3 * 6))


def test_greed_ruins_the_orchard_and_stewards_keep_it() -> None:
    greedy, steward = (outcome(f"commons/{name}", fining=False).sum(axis=1).mean() for name in ("greedy", "steward"))
    assert greedy < 75 and steward > 2.2 * greedy


def test_one_greedy_among_stewards_gains_and_the_others_lose() -> None:
    alone = outcome("commons/steward", fining=False)
    mixed = outcome("commons/greedy", *["commons/steward"] * 7, fining=False)
    assert mixed[:, 0].mean() > 1.15 * alone.mean()
    assert mixed[:, 1:].mean() < 0.8 * alone.mean()


def test_punishers_make_greed_a_loss_and_reputation_helps_them() -> None:
    free = outcome("commons/greedy", *["commons/steward"] * 7)
    fined, known = (outcome("commons/greedy", *["commons/punisher"] * 7, reputation=on) for on in (False, True))
    assert known[:, 0].mean() < fined[:, 0].mean() < 0.85 * free[:, 0].mean()
    assert known[:, 0].mean() < 0.6 * outcome("commons/punisher").mean()


def test_a_schelling_diagram_has_the_payoffs_of_both_choices() -> None:
    rows = diagram("commons", "commons/greedy", "commons/steward", range(4), pickers=2, episode_steps=100)
    assert len(rows) == 2
    both = returns("commons", ["commons/steward"], range(4), pickers=2, episode_steps=100)
    assert rows[1][1:] == pytest.approx((both[:, 0].mean(), both.sum(axis=1).mean()))


@pytest.mark.parametrize("config", [{}, {"split": "held-out"}, {"ownership": "private"}, {"control": "continuous"}])
def test_the_heuristic_is_between_chance_and_the_oracle(config: dict[str, Any]) -> None:
    chance, heuristic, oracle = (outcome(name, **config).sum(axis=1).mean() for name in ("random", "heuristic", "oracle"))
    assert chance < 60 < 120 < heuristic < 1.08 * oracle


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    path = play("commons", {"picker": agents.load("commons/punisher")}, [2026], tmp_path, {"reputation": True})[0]
    digest = Transcript.open(path).digest
    card = Path(__file__).parents[2] / "worlds" / "commons" / "README.md"
    assert digest in card.read_text(), digest


def test_the_golden_transcript_has_all_kinds_of_events(tmp_path: Path) -> None:
    path = play("commons", {"picker": agents.load("commons/hypocrite")}, [2026], tmp_path)[0]
    assert {WORLD.events[k].name for k in np.unique(Transcript.open(path).events["kind"])} >= {
        "meal",
        "scarce_meal",
        "depleted",
        "equality",
    }
