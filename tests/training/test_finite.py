"""Time limits that end a return, instead of cutting off what would come."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.training.learn.estimation import Discounts, Estimator
from avatarium.training.learn.tables import TARGETS
from avatarium.training.run import engine
from avatarium.training.threads import Workers

TANKS = "tanks:WORLD"


def targets(play: Any, fragment: Any, finite: bool) -> np.ndarray:
    """What the critic is to learn, float32 [T, S], in units of rewards."""
    table = Estimator(play.network, None, Discounts(1.0, 1.0, 1, finite), Workers(1), torch.device("cpu")).table(fragment)
    returns, steps = play.network.returns, len(fragment.rewards)
    return (table.columns[TARGETS] * returns.deviation + returns.mean).reshape(steps, -1).numpy()


def test_nothing_is_expected_beyond_a_limit(playing: Any) -> None:
    play = playing(TANKS)
    fragment = play.fragment()
    ends = fragment.truncations.argmax(axis=0)
    assert fragment.truncations.any(axis=0).all() and not fragment.terminations.any()
    undiscounted = np.array([fragment.rewards[: end + 1, slot].sum() for slot, end in enumerate(ends)])
    assert targets(play, fragment, True)[0] == pytest.approx(undiscounted, abs=1e-3)
    assert np.abs(targets(play, fragment, False)[0] - undiscounted).min() > 0.01
    over = replace(fragment, terminations=fragment.truncations, truncations=np.zeros_like(fragment.truncations))
    assert targets(play, over, False)[0] == pytest.approx(undiscounted, abs=1e-3)


def test_whoever_asks_for_it_gets_it(plan: Any, ray_running: None) -> None:
    for finite in (False, True):
        algorithm = engine.config_for(replace(plan, hyperparameters=replace(plan.hyperparameters, finite=finite))).build_algo()
        assert algorithm.learner_group._learner._estimator("walker")._discounts.finite is finite
        engine.stop(algorithm)
