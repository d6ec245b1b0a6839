"""Columns hold what was seen, done and paid, by every role, with their final observations."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns

from avatarium import worlds
from avatarium.training.play.env_runner import ORDERS, BatchedEnvRunner
from avatarium.training.play.orders import Orders
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters

STEPS, ENVS = 20, 16


def runner_for(plan: Plan, **settings: object) -> BatchedEnvRunner:
    return BatchedEnvRunner(config=engine.config_for(replace(plan, settings=dict(settings))), worker_index=0)


def batch_of(runner: BatchedEnvRunner, stage: int = 0) -> worlds.Batch:
    return runner._stages.open[stage].batch


def test_columns_are_what_the_world_gives_when_it_is_stepped_by_hand(ray_running: None, plan: Plan) -> None:
    settings = {"callers": 1, "leaving": True, "pace": 0.4, "late": 3}
    runner = runner_for(plan, **settings)
    runner.sample()
    twin = worlds.make_batch("lanes:WORLD", num_envs=ENVS, **settings)
    twin.reset(0)
    twin.restore(batch_of(runner).snapshot())
    finals: dict[str, list[tuple[int, int]]] = {"walker": [], "caller": []}
    batch = runner.sample()[0]
    assert batch.env_steps == STEPS * ENVS
    for t in range(STEPS):
        for role, fragment in batch.fragments.items():
            assert np.array_equal(fragment.observations[t].reshape(twin.observations[role].shape), twin.observations[role])
            assert np.array_equal(fragment.present[t].reshape(ENVS, -1), twin.present[role])
        step = twin.step(
            {role: fragment.actions[t].reshape(ENVS, -1, fragment.actions.shape[-1]) for role, fragment in batch.fragments.items()}
        )
        for role, fragment in batch.fragments.items():
            for name in ("reward", "termination", "truncation"):
                assert np.array_equal(getattr(fragment, f"{name}s")[t].reshape(ENVS, -1), getattr(step, name)[role])
            for slot in np.flatnonzero((step.truncation[role] | step.termination[role]).reshape(-1)):
                finals[role].append((t, int(slot)))
                at = list(zip(fragment.final_steps, fragment.final_slots, strict=True)).index((t, slot))
                assert np.array_equal(fragment.final_observations[at], step.final_observation[role].reshape(-1, 3)[slot])
    for role, fragment in batch.fragments.items():
        assert np.array_equal(fragment.observations[-1].reshape(twin.observations[role].shape), twin.observations[role])
        assert list(zip(fragment.final_steps.tolist(), fragment.final_slots.tolist(), strict=True)) == finals[role]
    assert sum(map(len, finals.values())) > 0


def test_log_probs_are_the_policy_s(ray_running: None, plan: Plan) -> None:
    runner = runner_for(plan)
    fragment = runner.sample()[0].fragments["walker"]
    module = runner.module["walker"]
    seen = torch.from_numpy(fragment.observations[:-1].reshape(-1, 3))
    distribution = module.get_exploration_action_dist_cls().from_logits(
        module.forward_exploration({Columns.OBS: seen})[Columns.ACTION_DIST_INPUTS]
    )
    expected = distribution.logp(torch.from_numpy(fragment.actions.reshape(-1, 2)))
    np.testing.assert_allclose(fragment.log_probs.reshape(-1), expected.numpy(), atol=1e-4)


def test_controls_are_clipped_for_the_world_and_kept_as_drawn(ray_running: None, plan: Plan) -> None:
    runner = runner_for(plan, control="continuous")
    fragment = runner.sample()[0].fragments["walker"]
    assert fragment.actions.dtype == np.float32
    assert np.abs(fragment.actions).max() > 1.0
    assert np.abs(fragment.rewards).max() <= 0.1 + 1e-6  # a control of 1 walks 0.1


def test_runners_with_other_numbers_play_other_episodes_and_the_same_ones_again(ray_running: None, plan: Plan) -> None:
    def sides(index: int, seed: int = 0) -> np.ndarray:
        config = engine.config_for(replace(plan, seed=seed, runners=2))
        runner = BatchedEnvRunner(config=config, worker_index=index, num_workers=2)
        torch.set_num_threads(1)
        return runner.sample()[0].fragments["walker"].observations[:, :, 1].copy()  # type: ignore[no-any-return]

    assert np.array_equal(sides(1), sides(1))
    assert not np.array_equal(sides(1), sides(2))
    assert not np.array_equal(sides(1), sides(1, seed=1))


def test_the_first_episodes_begin_spread_out_and_only_whole_ones_are_reported(ray_running: None, plan: Plan) -> None:
    runner = runner_for(plan)
    runner.sample()
    first = runner.get_metrics()
    assert first["num_episodes"].peek() == 1  # of 16, the one that began at step 0
    runner.sample()
    second = runner.get_metrics()
    assert second["num_episodes"].peek() == ENVS
    assert len(np.unique(batch_of(runner).clock)) == ENVS


def test_events_are_counted_since_the_last_report(ray_running: None, plan: Plan) -> None:
    runner = runner_for(replace(plan, hyperparameters=Hyperparameters(envs=64, fragment=40, hidden=8)), episode_steps=1000)
    total = 0.0
    for _ in range(12):
        runner.sample()
        told = runner.get_metrics()["events"]["arrival"]
        assert told["value"].peek() == pytest.approx(0.5 * told["count"].peek())
        total += told["count"].peek()
    assert total == batch_of(runner).events.tally["count"].sum() > 0


def test_stages_are_played_side_by_side_and_begun_anew_when_their_lesson_changes(ray_running: None, plan: Plan) -> None:
    runner = runner_for(plan)
    runner.set_state({ORDERS: Orders(lessons=({"pace": 0.2}, {"pace": 0.4}))})
    first = runner.sample()[0].fragments["walker"]
    assert first.rewards.shape == (STEPS, 2 * ENVS)
    reached = np.abs(first.rewards).reshape(STEPS, 2, ENVS).max(axis=(0, 2))
    np.testing.assert_allclose(reached, [0.2, 0.4], rtol=1e-5)
    told = runner.get_metrics()["stages"]
    assert set(told) == {"0", "1"}
    kept = batch_of(runner)
    runner.set_state({ORDERS: Orders(lessons=({"pace": 0.2}, {"pace": 0.8}))})
    second = runner.sample()[0].fragments["walker"]
    assert batch_of(runner) is kept
    assert not second.starts[0, :ENVS].all()
    assert second.starts[0, ENVS:].all()
    np.testing.assert_allclose(np.abs(second.rewards[:, ENVS:]).max(), 0.8, rtol=1e-5)
    runner.set_state({ORDERS: Orders()})  # as many environments as ever
    assert runner.sample()[0].fragments["walker"].rewards.shape == (STEPS, 2 * ENVS)


def test_roles_that_share_a_module_share_a_fragment(ray_running: None, plan: Plan) -> None:
    shared = replace(plan, settings={"callers": 1, "alike": True}, hyperparameters=replace(plan.hyperparameters, shared=True))
    assert shared.casting.modules == {"walker": "walker", "caller": "walker"}
    runner = BatchedEnvRunner(config=engine.config_for(shared), worker_index=0)
    (fragment,) = runner.sample()[0].fragments.values()
    assert fragment.rewards.shape == (STEPS, 3 * ENVS)
    batch = batch_of(runner)
    seen = np.concatenate([batch.observations[role].reshape(-1, 3) for role in ("walker", "caller")])
    assert np.array_equal(fragment.observations[-1], seen)
    assert set(runner.get_state()["rl_module"]) == {"walker"}
    alone = replace(shared, hyperparameters=replace(shared.hyperparameters, shared=False))
    assert set(alone.casting.modules.values()) == {"walker", "caller"}
    unlike = replace(shared, settings={"callers": 1})
    assert set(unlike.casting.modules.values()) == {"walker", "caller"}


def test_visits_are_counted_within_episodes_and_leaving_brings_nothing(ray_running: None, plan: Plan) -> None:
    """Places of lanes are hashed observations; who ends an episode, or leaves, arrives where everybody has been countless times."""
    counting = replace(plan, hyperparameters=replace(plan.hyperparameters, curiosity="counts", envs=4))
    runner = runner_for(counting, leaving=True, pace=0.4, walkers=3, episode_steps=10)
    runner.sample()
    fragment = runner.sample()[0].fragments["walker"]
    assert fragment.visits.shape == (STEPS, 12, 3)
    assert fragment.who.tolist() == [0, 1, 2] * 4
    over = fragment.terminations | fragment.truncations
    assert (fragment.terminations & fragment.present).any()
    assert np.all(fragment.visits[over & fragment.present] > 1e6)
    own = np.take_along_axis(fragment.visits, fragment.who[None, :, None], axis=2)[..., 0]
    assert np.all(own[fragment.present] >= 1)
    assert own[fragment.present & ~over].max() <= 10  # steps of an episode
    assert runner_for(plan).sample()[0].fragments["walker"].visits.shape[-1] == 0


def test_weights_are_taken_over_unless_they_are_old(ray_running: None, plan: Plan) -> None:
    runner, other = runner_for(plan), runner_for(replace(plan, seed=9))
    state = other.get_state() | {"weights_seq_no": 5}
    runner.set_state(state)
    same = {k: np.array_equal(v, state["rl_module"]["walker"][k]) for k, v in runner.get_state()["rl_module"]["walker"].items()}
    assert all(same.values())
    kept = runner.get_state()["rl_module"]
    stale = {"walker": {k: np.zeros_like(v) for k, v in kept["walker"].items()}}
    runner.set_state({"rl_module": stale, "weights_seq_no": 4})
    assert all(np.array_equal(v, kept["walker"][k]) for k, v in runner.get_state()["rl_module"]["walker"].items())
