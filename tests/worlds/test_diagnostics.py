"""The diagnostic worlds: who solves them, who cannot, and that nothing leaks what a policy is meant to find out."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.diagnostics import duel

Policy = Callable[[worlds.Batch, str], np.ndarray]


def heuristic(batch: worlds.Batch, role: str) -> np.ndarray:
    """What the scripted policy of the world does."""
    assert batch.spec.heuristic is not None
    rows = batch.observations[role]
    return batch.spec.heuristic(role, rows.reshape(-1, rows.shape[-1]), batch.config)


def oracle(batch: worlds.Batch, role: str) -> np.ndarray:
    """What one does who sees the state."""
    assert batch.spec.oracle is not None
    return batch.spec.oracle(batch, role, *np.divmod(np.arange(batch.num_envs * batch.num_agents[role]), batch.num_agents[role]))


def episode(name: str, policies: dict[str, Policy] | Policy | None, num_envs: int = 64, **config: Any) -> tuple[dict[str, float], Any]:
    """Mean return by role over one episode each, random where there is no policy; and the batch at its end."""
    batch, rng = worlds.make_batch(name, num_envs=num_envs, autoreset=False, **config), np.random.default_rng(0)
    batch.reset(3)
    returns = dict.fromkeys(batch.roles, 0.0)
    while not batch.ended.all():
        actions = random_actions(batch, rng)
        for role, chosen in actions.items():
            policy = policies.get(role) if isinstance(policies, dict) else policies
            if policy is not None:
                chosen[:] = policy(batch, role).reshape(chosen.shape)
        batch.step(actions)
        for role, reward in batch.rewards.items():
            returns[role] += float(reward.mean())
    return returns, batch


def features(batch: worlds.Batch, role: str) -> dict[str, np.ndarray]:
    """The observations of a role by feature: float32 [N, A, size] each."""
    return {name: batch.observations[role][..., where] for name, where in batch.roles[role].slices().items()}


def counted(batch: worlds.Batch, kind: str) -> float:
    """How often something happened, per environment."""
    return float(batch.events.tally["count"][:, [event.name for event in batch.spec.events].index(kind)].mean())


def test_the_card_tells_of_every_diagnostic() -> None:
    card = (Path(__file__).parents[2] / "worlds" / "diagnostics" / "README.md").read_text()
    headings = re.findall(r"^## (\w+)$", card, flags=re.MULTILINE)
    assert sorted(headings) == sorted([*worlds.names("diagnostic"), "Sources"])


# memory


def test_memory_pays_who_remembers_and_gives_the_others_their_chance() -> None:
    assert episode("memory", oracle)[0] == {"player": 4.0}
    assert episode("memory", None, num_envs=2048)[0]["player"] == pytest.approx(1.0, abs=0.1)


def test_memory_shows_the_cue_once() -> None:
    batch = worlds.make_batch("memory", num_envs=8, delay=3)
    batch.reset(0)
    for step in range(15):
        seen, phase = features(batch, "player"), step % 5
        assert (seen["cue"][:, 0].argmax(axis=1) == batch.state.cue).all() if phase == 0 else not seen["cue"].any()
        assert (seen["question"] == (phase == 4)).all()
        batch.step({"player": np.zeros((8, 1, 1), np.int32)})


def test_memory_lets_nothing_slip_when_it_asks() -> None:
    """When asked, the noise is all there is to see, and it has nothing to do with the cue, the trial or the answers before."""
    batch, rng = worlds.make_batch("memory", num_envs=4096, delay=2, trials=3), np.random.default_rng(0)
    batch.reset(1)
    for _ in range(7):
        batch.step(random_actions(batch, rng))
    seen, cue = features(batch, "player"), batch.state.cue
    assert seen["question"].all()
    means = np.stack([seen["noise"][cue == k, 0].mean(axis=0) for k in range(4)])
    assert np.abs(means).max() < 5 * (1 / 3 / 1024) ** 0.5  # five standard errors of a uniform mean


# credit


def test_credit_pays_the_choice_so_many_steps_later() -> None:
    batch = worlds.make_batch("credit", num_envs=16, delay=7, noise=0.0)
    batch.reset(0)
    right = features(batch, "player")["hint"].argmax(axis=-1)[..., None].astype(np.int32)
    paid = [batch.step({"player": right if t == 0 else np.zeros_like(right)}).reward["player"].copy() for t in range(8)]
    assert not np.any(paid[:7]) and (paid[7] == 1).all()


def test_credit_pays_who_follows_the_hint() -> None:
    assert episode("credit", heuristic, noise=0.0)[0] == {"player": 3.0}
    assert episode("credit", None, num_envs=1024, noise=0.0)[0]["player"] == pytest.approx(1.0, abs=0.1)


def test_noise_of_credit_is_nobodys_doing_and_adds_nothing() -> None:
    _, one = episode("credit", heuristic, num_envs=512)
    terms = []
    for choice in (0, 1):
        batch = worlds.make_batch("credit", num_envs=512)
        batch.reset(0)
        acts = {"player": np.full((512, 1, 1), choice, np.int32)}
        terms.append(np.stack([batch.step(acts) and batch.reward_terms["player"][..., 1].copy() for _ in range(60)]))
    assert np.array_equal(*terms) and terms[0].std() == pytest.approx(0.3 / 3**0.5, rel=0.05)
    assert terms[0].mean() == pytest.approx(0, abs=0.005) and counted(one, "wrong") == 0


def test_a_team_of_credit_shares_what_its_members_earn() -> None:
    alone, team = ({"players": 4, "noise": 0.0, "trials": 1, "team": team} for team in (False, True))

    def first_two(batch: worlds.Batch, role: str) -> np.ndarray:
        hint = features(batch, role)["hint"].argmax(axis=-1)
        return np.where(np.arange(4) < 2, hint, (hint + 1) % 3)

    assert episode("credit", first_two, **alone)[1].rewards["player"][0].tolist() == [1, 1, 0, 0]
    assert episode("credit", first_two, **team)[1].rewards["player"][0].tolist() == [0.5, 0.5, 0.5, 0.5]


# coordination


def test_coordination_is_the_light_world() -> None:
    role = worlds.make_batch("coordination", avatars=4, size=6).roles["mover"]
    assert (role.count, role.observation_size, [len(head.choices) for head in role.heads]) == (4, 24, [5])


def test_coordination_is_solved_together_and_not_by_chance() -> None:
    solved, batch = episode("coordination", heuristic)
    chance, _ = episode("coordination", None)
    assert solved["mover"] > 20 and counted(batch, "covered") > 12
    assert chance["mover"] < 1


def test_coordination_pays_everybody_alike_and_sparsely_if_wanted() -> None:
    batch = worlds.make_batch("coordination", num_envs=64, avatars=4, size=6, approach=0.0)
    batch.reset(0)
    for _ in range(60):
        reward = batch.step({"mover": heuristic(batch, "mover").reshape(64, 4, 1)}).reward["mover"]
        assert (reward == reward[:, :1]).all()
        assert np.array_equal(reward[:, 0] > 0, batch.events.count > 0)
        places = batch.state.avatars @ [1, 100]
        assert all(len(set(row)) == 4 for row in places.tolist())


# message


def test_a_convention_carries_the_message_and_chance_does_not() -> None:
    assert episode("message", heuristic)[0] == {"speaker": 10.0, "listener": 10.0}
    chance, _ = episode("message", None, num_envs=1024)
    assert chance["speaker"] == chance["listener"] == pytest.approx(2.0, abs=0.15)


def test_a_listener_senses_the_word_and_nothing_of_the_symbol() -> None:
    batch = worlds.make_batch("message", num_envs=256, pairs=2)
    batch.reset(0)
    for _ in range(2):  # in the first round and in the second, when it knows what it picked
        batch.step({"speaker": np.full((256, 2, 1), 3, np.int32), "listener": np.zeros((256, 2, 1), np.int32)})
        assert len(np.unique(batch.state.symbol)) == 5
        assert np.unique(batch.observations["listener"].reshape(512, -1), axis=0).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]]
        batch.step({"speaker": np.zeros((256, 2, 1), np.int32), "listener": np.zeros((256, 2, 1), np.int32)})
        assert len(np.unique(batch.observations["listener"].reshape(512, -1), axis=0)) == 1


# steering


def test_steering_rewards_control() -> None:
    controlled, chance = episode("steering", heuristic)[0], episode("steering", None)[0]
    assert controlled["pilot"] > 60 and chance["pilot"] < 30


# duel


def test_red_and_blue_can_be_played_by_one_policy() -> None:
    for team in (1, 2, 5):
        red, blue = worlds.make_batch("duel", team=team).roles.values()
        assert red.signature() == blue.signature()
        assert (red.features, red.heads, red.terms) == (blue.features, blue.heads, blue.terms)


def test_blue_sees_what_red_would_see_in_its_place() -> None:
    """Turn the grid by half and change the colours: every number and every move means the same."""
    batch, turned = (worlds.make_batch("duel", num_envs=32, size=9, team=3) for _ in range(2))
    batch.reset(0)
    turned.reset(0)
    rng = np.random.default_rng(1)
    for _ in range(40):
        batch.step(random_actions(batch, rng))
    snapshot = batch.snapshot()
    turned.restore(snapshot)
    state = turned.state
    state.avatars[:] = 8 - np.roll(batch.state.avatars, 3, axis=1)
    state.points[:, [0, 2, 1]] = 8 - batch.state.points
    state.owners[:, [0, 2, 1]] = np.where(batch.state.owners < 0, -1, 1 - batch.state.owners)
    still = {role: np.zeros((32, 3, 1), np.int32) for role in batch.roles}
    one, other = batch.step(still).observation, turned.step(still).observation
    assert one["red"] == pytest.approx(other["blue"], abs=1e-6) and one["blue"] == pytest.approx(other["red"], abs=1e-6)
    east = {role: np.full((32, 3, 1), 1, np.int32) for role in batch.roles}
    one, other = batch.step(east).observation, turned.step(east).observation
    assert one["red"][..., :2] == pytest.approx(other["blue"][..., :2], abs=1e-6)


def test_what_one_team_scores_the_other_loses() -> None:
    batch = worlds.make_batch("duel", num_envs=64)
    batch.reset(0)
    captures = np.zeros(2)
    for _ in range(100):
        batch.step({role: heuristic(batch, role).reshape(64, 2, 1) for role in batch.roles})
        red, blue = batch.reward_terms["red"], batch.reward_terms["blue"]
        assert (red[..., 0] == -blue[..., 0]).all()
        captures += [red[..., 1].sum(), blue[..., 1].sum()]
    assert captures.sum() == pytest.approx(0.1 * batch.events.tally["count"].sum(), rel=1e-3) and (captures > 0).all()


@pytest.mark.parametrize(("rival", "margin"), [("spread", 15), ("swarm", 12), ("guard", 1)])
def test_rivals_beat_random_play_and_chasers_beat_guards(rival: str, margin: float) -> None:
    def play(batch: worlds.Batch, role: str) -> np.ndarray:
        return duel.RIVALS[rival](role, batch.observations[role].reshape(-1, batch.observations[role].shape[-1]), batch.config)

    assert episode("duel", {"red": play}, num_envs=128, capture=0.0)[0]["red"] > margin
    if rival == "guard":
        assert episode("duel", {"red": play, "blue": heuristic}, capture=0.0)[0]["blue"] > 15
