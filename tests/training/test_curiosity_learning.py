"""Every bonus teaches a policy, with and without memory, and what moves a module's bonuses is that module's alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from avatarium.agents import curiosity
from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.learn.wishes import Part, parts_of
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.worlds import UserError


def learnt(plan: Plan, iterations: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Told of the last iteration, and the learner's state."""
    algorithm: BatchedPPO = engine.config_for(plan).build_algo()
    for _ in range(iterations):
        result = algorithm.train()
    state = engine.learner_state(algorithm)
    algorithm.stop()
    return result["learners"], state


@pytest.mark.parametrize(("network", "settings"), [("mlp", {"callers": 1, "leaving": True}), ("gru", {"control": "continuous"})])
def test_all_bonuses_together(ray_running: None, plan: Plan, network: str, settings: dict[str, Any]) -> None:
    """Each gives and learns something in two iterations, in every role."""
    names = curiosity.names()
    hyperparameters = replace(plan.hyperparameters, curiosity="+".join(names), network=network, units=8, sequence=10)
    plan = replace(plan, settings={"pace": 0.5, **settings}, hyperparameters=hyperparameters)
    told, state = learnt(plan, 2)
    for module in plan.casting.modules:
        assert {f"bonus_{name}" for name in names} <= set(told[module])
        given = {name for name in names if told[module][f"bonus_{name}"] > 0}
        alone = plan.arena.roles[module].count == 1  # whose novelty is never above or below the mean
        assert set(names) - given <= ({"burrowing", "covering", "leader_follower"} if alone else set())
        assert all(np.isfinite(told[module][key]) for key in ("policy_loss", "vf_loss", "intrinsic_reward", "intrinsic_value_mean"))
        assert 0.01 < told[module]["intrinsic_reward"] / len(names) < 3
    learning = {name.partition("_curiosity_")[2] for name in state["optimizer"]} - {""}
    assert learning == {name for name in names if curiosity.build(name, {}, 3, (2,), 0).loss.__func__ is not curiosity.Bonus.loss}
    for name, found in state["optimizer"].items():
        assert all(np.any(memory["exp_avg"]) for memory in found["state"]["state"].values()), name  # each parameter takes part


def test_a_bonus_leads_where_the_task_pays_nothing(ray_running: None, plan: Plan) -> None:
    """Nothing is paid for reaching the ends of lanes here: who counts visits goes there, who does not seldom comes there."""
    settings = {"pace": 0.2, "episode_steps": 20, "pays": False}
    found = []
    for text in ("counts", ""):
        hyperparameters = replace(plan.hyperparameters, curiosity=text, epochs=4, envs=32)
        algorithm = engine.config_for(replace(plan, settings=settings, hyperparameters=hyperparameters)).build_algo()
        results = [algorithm.train() for _ in range(15)]
        algorithm.stop()
        found.append(sum(result["env_runners"]["events"]["arrival"]["count"] for result in results[-5:]))
    assert found[0] > 4 * found[1]


def test_words_become_bonuses() -> None:
    assert parts_of("") == {}
    assert parts_of("rnd:0.5:lr=0.01+counts") == {"rnd": Part(0.5, {"lr": 0.01}), "counts": Part(1.0, {})}
    for text, complaint in [
        ("rdn", "there is no curiosity 'rdn': did you mean 'rnd'"),
        ("rnd:much", "'rnd:much' is not a bonus"),
        ("rnd:1:2", "'rnd:1:2' is not a bonus"),
        ("rnd:lrr=1", "did you mean 'lr'"),
        ("rnd:lr=many", "lr"),
        ("rnd:lr=7", "between 0.0 and 1.0"),
    ]:
        with pytest.raises(UserError, match=complaint):
            parts_of(text)
