"""Foresight: what became of the people in sight, read from observations, beside what the state of the world says, and learning from it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.training.learn.foresight import SENSES, STEP_M, Foresight, by_role, futures, missed, straight_on
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.worlds import UserError, make_batch
from avatarium.worlds.core import people
from avatarium.worlds.core.chance import random_actions

ENVS, STEPS, AHEAD = 8, 64, 8
Played = tuple[torch.Tensor, torch.Tensor, np.ndarray, Foresight]


@pytest.fixture(scope="module")
def played() -> Played:
    """Observations [T + 1, S, D] and starts of walkers who mostly walk on, an episode ending meanwhile; bodies [T + 1, N, A]; foresight."""
    batch = make_batch("wayfinding", num_envs=ENVS, crowd=8, episode_steps=50)
    batch.reset(3)
    rng, bodies, seen, starts = np.random.default_rng(0), [batch.state.avatars.copy()], [batch.observations["walker"].copy()], [True]
    for _ in range(STEPS):
        actions = random_actions(batch, rng)
        actions["walker"][..., 0] = np.where(rng.random(actions["walker"].shape[:2]) < 0.8, 1, actions["walker"][..., 0])
        actions["walker"][..., 1] *= rng.random(actions["walker"].shape[:2]) < 0.3
        batch.step(actions)
        bodies.append(batch.state.avatars.copy())
        seen.append(batch.observations["walker"].copy())
        starts.append(bool(batch.ended[0]))
    role = batch.roles["walker"]
    foresight = by_role(1.0, AHEAD, {"walker": role})["walker"]
    begun = torch.tensor(starts)[:, None].expand(STEPS + 1, ENVS * role.count)
    observations = torch.from_numpy(np.stack(seen).reshape(STEPS + 1, ENVS * role.count, -1))
    return observations, begun, np.stack(bodies), foresight


def true_futures(observations: torch.Tensor, bodies: np.ndarray, foresight: Foresight) -> tuple[np.ndarray, np.ndarray]:
    """float32 [T + 1 - AHEAD, S, 4, 2]: how far whoever is seen moved, by the state; and who that is, -1 for nobody."""
    seen = observations[..., foresight.people].unflatten(-1, (-1, people.COLUMNS)).numpy()
    me = bodies[:, :, :8].reshape(len(bodies), -1, 1)
    others = np.repeat(bodies, 8, axis=1)
    place = np.stack([others["x"] - me["x"], others["y"] - me["y"]], axis=-1)
    ahead = place[..., 0] * me["cos"] + place[..., 1] * me["sin"]
    left = place[..., 1] * me["cos"] - place[..., 0] * me["sin"]
    apart = np.hypot(seen[..., None, 1] * 10 - ahead[:, :, None], seen[..., None, 2] * 10 - left[:, :, None])
    who = np.where(seen[..., 0] > 0, apart.argmin(-1), -1)
    last = len(bodies) - AHEAD
    step = {name: np.take_along_axis(others[name][AHEAD:] - others[name][:last], np.maximum(who[:last], 0), axis=2) for name in ("x", "y")}
    cos, sin = me["cos"][:last], me["sin"][:last]
    return np.stack([step["x"] * cos + step["y"] * sin, step["y"] * cos - step["x"] * sin], axis=-1) / (AHEAD * STEP_M), who[:last]


def test_what_became_of_people_is_what_the_state_says(played: Played) -> None:
    observations, starts, bodies, foresight = played
    found = futures(observations, starts, foresight).unflatten(-1, (-1, 2)).numpy()
    assert found.shape == (STEPS, ENVS * 8, 4, 2)
    assert np.isnan(found[STEPS + 1 - AHEAD :]).all(), "nobody knows what comes after the fragment"
    true, who = true_futures(observations, bodies, foresight)
    known = ~np.isnan(found[: len(true), ..., 0])
    assert not known[who < 0].any(), "nothing becomes of nobody"
    across = np.zeros(len(true), np.bool_)
    across[50 - AHEAD : 50] = True  # an episode ends with step 50
    assert not known[across].any()
    assert known[~across][who[~across] >= 0].mean() > 0.6
    off = np.hypot(*np.moveaxis(found[: len(true)] - true, -1, 0))[known]
    assert (off < 0.02).mean() > 0.95, "but for those who were pushed aside"
    assert off.max() < 0.4, "nobody is taken for another"


def test_people_who_change_places_in_the_order_are_not_mixed_up() -> None:
    """Two pass one another ahead of somebody who turns on the spot; the nearer one is told first."""
    count = AHEAD + 1
    foresight = Foresight(slice(0, 16), slice(16, 18), slice(18, 20), AHEAD, 1.0)
    observations = torch.zeros(count, 1, 20)
    for t in range(count):
        angle = 0.2 * t
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        places = sorted(([3.0 + 0.1 * t, 0.4], [3.8 - 0.1 * t, -0.4]), key=lambda place: np.hypot(*place))
        for k, place in enumerate(places):
            observations[t, 0, 8 * k] = 1.0
            observations[t, 0, 8 * k + 1 : 8 * k + 3] = torch.from_numpy(turn @ place / 10)
        observations[t, 0, 18:20] = torch.tensor([np.cos(angle), np.sin(angle)])
    starts = torch.zeros(count, 1, dtype=torch.bool)
    way = 0.1 / STEP_M
    assert futures(observations, starts, foresight)[0, 0].tolist() == pytest.approx([way, 0.0, -way, 0.0], abs=1e-4)
    starts[5] = True
    assert futures(observations, starts, foresight).isnan().all(), "nobody is sought in another episode"


def test_straight_on_is_better_than_to_stand_still(played: Played) -> None:
    observations, starts, _, foresight = played
    came = futures(observations, starts, foresight)
    straight = straight_on(observations[:-1], foresight)
    assert 0 < missed(straight, came).mean() < 0.7 * missed(torch.zeros_like(straight), came).mean()


def test_what_is_not_known_costs_nothing_and_moves_nothing() -> None:
    came = torch.tensor([[1.0, torch.nan, 0.0, torch.nan]])
    told = torch.tensor([[0.0, 5.0, 2.0, 5.0, 9.0]], requires_grad=True)
    off = missed(told, came)
    assert off.tolist() == [5.0]
    off.sum().backward()
    assert told.grad is not None and told.grad.tolist() == [[-2.0, 0.0, 4.0, 0.0, 0.0]]


def test_only_those_who_sense_people_and_their_own_motion_foresee() -> None:
    roles = make_batch("wayfinding").roles
    (found,) = by_role(0.5, 4, roles).values()
    assert (found.weight, found.steps, found.outputs) == (0.5, 4, 8)
    assert by_role(0.0, 4, roles) == {}
    with pytest.raises(UserError, match=f"nobody here senses {', '.join(SENSES)}"):
        by_role(0.5, 4, make_batch("memory").roles)


def planned(**changes: Any) -> Plan:
    """A short run in wayfinding."""
    small = {"envs": 8, "fragment": 32, "epochs": 4, "minibatch": 256, "hidden": 32, "units": 32, "lr": 1e-2, "learner_threads": 1}
    found = Plan("wayfinding", {"crowd": 4, "episode_steps": 100}, engine.Hyperparameters(**{**small, "ahead": False, **changes}))
    found.check()
    return found


@pytest.mark.parametrize("network", ["mlp", "lstm"])
def test_policies_learn_to_foresee(ray_running: None, network: str) -> None:
    algorithm = engine.config_for(planned(network=network, foresight=1.0)).build_algo()
    told = [algorithm.train()["learners"]["walker"] for _ in range(8)]
    head = algorithm.learner_group._learner._rl_module("walker").foresight
    algorithm.stop()
    assert head.out_features == 8
    worth = [float(one["foresight_loss"] / one["foresight_straight_on"]) for one in told]
    assert worth[0] > 1.0 and np.mean(worth[-4:]) < 0.85 * worth[0]


def test_without_foresight_there_is_no_trace_of_it(ray_running: None) -> None:
    algorithm = engine.config_for(planned()).build_algo()
    told = algorithm.train()["learners"]["walker"]
    names = list(algorithm.learner_group._learner._rl_module("walker").state_dict())
    algorithm.stop()
    assert not [name for name in (*told, *names) if "foresight" in name]


def test_any_number_of_parts_gives_the_gradient_of_the_whole(ray_running: None, monkeypatch: pytest.MonkeyPatch) -> None:
    algorithm = engine.config_for(planned(network="lstm", foresight=1.0, sequence=8)).build_algo()
    mine = algorithm.learner_group._learner
    fragment = algorithm.env_runner_group.local_env_runner.sample()[0].fragments["walker"]
    table, found = mine._estimator("walker").table(fragment), []
    for rows in (1 << 30, 64):
        monkeypatch.setattr(mine, "_rows_at_once", rows)
        found.append((list(mine._gradients({"walker": table}, {"walker": table.drawn}).values()), mine._traces.pop("walker")[0]))
    algorithm.stop()
    for one, two in zip(found[0][0], found[1][0], strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-5)
    assert found[0][1].shape == (6,)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"foresight_steps": 33}, "foresight_steps=33 is more than the fragment=32"),
        ({"algorithm": "cloning"}, "leave out foresight"),
    ],
)
def test_what_does_not_go_with_foresight_is_refused(changes: dict[str, Any], complaint: str) -> None:
    plan = replace(planned(foresight=1.0), demos=("somewhere",) if "algorithm" in changes else ())
    with pytest.raises(UserError, match=complaint):
        replace(plan, hyperparameters=replace(plan.hyperparameters, **changes)).check()
