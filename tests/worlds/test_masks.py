"""Masks of actions: what kernels write, what random play keeps to, what PettingZoo's users are told; and the world that asks for it."""

import dataclasses

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core.chance import among, random_actions
from avatarium.worlds.core.parallel import as_aec
from avatarium.worlds.core.spec import Feature, Head, Role

ROLE = Role("r", 1, (Feature("f", 1, 0, 1, "", "s"),), (Head("a", ("x", "y", "z")), Head("b", ("u", "v"))), ("t",), masked=True)


def returned(respects: bool, greedy: bool) -> float:
    """What a policy earns in an episode of masks that respects the mask or not, and takes what brings most or anything."""
    batch, rng = worlds.make_batch("masks", num_envs=256, autoreset=False), np.random.default_rng(0)
    batch.reset(2)
    role, total = batch.roles["operator"], 0.0
    while not batch.ended.all():
        allowed = batch.allowed["operator"] if respects else np.ones_like(batch.allowed["operator"])
        worth = np.where(allowed, batch.observations["operator"], -1)
        best = np.stack([worth[..., head].argmax(axis=-1) for head in role.mask_slices()], axis=-1)
        actions = best if greedy else among(allowed, role, rng)
        total += float(batch.step({"operator": actions.astype(np.int32)}).reward["operator"].mean())
    return total


def test_the_mask_is_worth_knowing() -> None:
    blind, blind_and_greedy, random, best = (returned(*how) for how in ((False, False), (False, True), (True, False), (True, True)))
    assert blind < blind_and_greedy < random < best
    assert best > random + 5 > blind_and_greedy + 10


def test_a_forbidden_choice_costs_and_does_nothing() -> None:
    batch = worlds.make_batch("masks", num_envs=64, cost=0.25)
    batch.reset(0)
    open_, worth = batch.allowed["operator"].copy(), batch.observations["operator"].copy()
    batch.step({"operator": np.zeros((64, 1, 2), np.int32)})
    first, second = open_[:, 0, 0], open_[:, 0, 8]
    gains = 0.5 * (worth[:, 0, 0] * first + worth[:, 0, 8] * second)
    assert batch.reward_terms["operator"][:, 0, 0] == pytest.approx(gains, abs=1e-6)
    assert batch.reward_terms["operator"][:, 0, 1] == pytest.approx(-0.25 * (~first * 1 + ~second * 1), abs=1e-6)
    assert np.array_equal(batch.events.count, ~first * 1 + ~second * 1)


def test_what_is_seen_tells_nothing_of_the_mask() -> None:
    batch = worlds.make_batch("masks", num_envs=4096)
    seen = batch.reset(0)["operator"].ravel()
    assert abs(np.corrcoef(seen, batch.allowed["operator"].ravel())[0, 1]) < 0.02


def test_random_play_is_uniform_over_what_is_allowed() -> None:
    allowed = np.tile([True, False, True, False, True], (20_000, 1))
    first, second = among(allowed, ROLE, np.random.default_rng(0)).T
    assert np.bincount(first, minlength=3) / 20_000 == pytest.approx([0.5, 0, 0.5], abs=0.02) and (second == 1).all()
    first, second = among(np.zeros_like(allowed), ROLE, np.random.default_rng(0)).T
    assert np.bincount(first) / 20_000 == pytest.approx([1 / 3] * 3, abs=0.02) and np.bincount(second).min() > 9_000


def test_masks_follow_the_world_and_its_snapshots() -> None:
    batch, rng = worlds.make_batch("masks", num_envs=8), np.random.default_rng(0)
    assert not batch.allowed["operator"].any()
    batch.reset(0)
    for _ in range(40):
        batch.step(random_actions(batch, rng))
        assert np.array_equal(batch.allowed["operator"], batch.state.allowed == 1)
    kept, mask = batch.snapshot(), batch.allowed["operator"].copy()
    batch.step(random_actions(batch, rng))
    assert not np.array_equal(batch.allowed["operator"], mask)
    batch.restore(kept)
    assert np.array_equal(batch.allowed["operator"], mask)
    assert worlds.make_batch("wayfinding").allowed["walker"].shape == (1, 8, 0)


def test_a_policy_fits_masked_roles_or_others_but_not_both() -> None:
    assert ROLE.signature() != dataclasses.replace(ROLE, masked=False).signature()
    walker = worlds.make_batch("wayfinding").roles["walker"]
    assert walker.signature() == "5e09a1f1841fe50d9d1e96b0a50eeca9b98c2f9672ac4b9c559e4f5f2fc1aaaa", (
        "policies of unmasked roles have to fit as they did before there were masks"
    )


def test_agents_are_told_their_masks() -> None:
    env = worlds.make("masks", operators=2)
    _, infos = env.reset(seed=0)
    for _ in range(32):
        for a, (agent, info) in enumerate(infos.items()):
            press, pull = info["action_mask"]
            assert press.dtype == np.int8 and np.array_equal(np.concatenate([press, pull]), env.batch.allowed["operator"][0, a])
            action = env.action_space(agent).sample(mask=info["action_mask"])
            assert press[action[0]] and pull[action[1]]
        *_, infos = env.step({agent: env.action_space(agent).sample(mask=infos[agent]["action_mask"]) for agent in env.agents})
    assert set(infos) == {"operator_0", "operator_1"}
    assert worlds.make("wayfinding", walkers=1).reset(seed=0)[1] == {"walker_0": {}}


def test_agents_in_turn_are_told_their_masks() -> None:
    env = as_aec(worlds.make("masks"))
    env.reset(seed=0)
    for _ in range(5):
        _, reward, _, _, info = env.last()
        assert reward >= 0
        env.step(env.action_space(env.agent_selection).sample(mask=info["action_mask"]))
