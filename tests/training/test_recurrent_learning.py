"""What a learner recomputes is what the runner had: memories, probabilities, and every decision exactly once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from avatarium.training.learn import learner, losses
from avatarium.training.learn.losses import Weights
from avatarium.training.learn.tables import ADVANTAGES, LOG_PROBS, PRESENT, Minibatch, Table
from avatarium.training.play.rollout import Fragment

Playing = Callable[..., Any]
COMING_AND_GOING = {"walkers": 3, "leaving": True, "late": 4, "episode_steps": 13, "pace": 0.4}
"""Episodes end within fragments of 20 steps, at their borders or later; walkers leave, and one comes late."""
KINDS: dict[str, dict[str, Any]] = {
    "mlp": COMING_AND_GOING,
    "lstm": {"core": "lstm", **COMING_AND_GOING},
    "gru": {"core": "gru", **COMING_AND_GOING},
    "continuous": {"control": "continuous"},
    "continuous gru": {"core": "gru", "control": "continuous", **COMING_AND_GOING},
    "masked": {"world": "masks", "operators": 2, "episode_steps": 13},
    "masked lstm": {"world": "masks", "core": "lstm", "operators": 2, "episode_steps": 13},
    "central": {"central": True, **COMING_AND_GOING},
    "central lstm": {"core": "lstm", "central": True, **COMING_AND_GOING},
    "curious": {"curiosity": "rnd+counts", **COMING_AND_GOING},
}


def every(table: Table) -> Minibatch:
    return table.take(table.drawn)


def recomputed(network: Any, minibatch: Minibatch) -> Tensor:
    """Log-probabilities of the actions as the learner finds them."""
    return losses.likelihood(network, network.both(minibatch.inputs)[0], minibatch.columns)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_ratio_is_1(playing: Playing, kind: str) -> None:
    """Weights are unchanged, so the probabilities of what was done are those that the runner wrote down, fragment after fragment."""
    play = playing(**KINDS[kind])
    for _ in range(3):
        minibatch = every(play.table(play.fragment()))
        here = minibatch.columns[PRESENT]
        written = minibatch.columns[LOG_PROBS]
        assert float(written[here].std()) > 0.1  # far from uniform, or it would be easy
        torch.testing.assert_close(recomputed(play.network, minibatch)[here], written[here], rtol=0, atol=1e-5)
        _, (_, _, _, kl, clipped) = losses.ppo(play.network, minibatch, Weights(clip=0.2, value=0.5, entropy=0.0))
        assert (float(clipped), float(kl)) == (0.0, pytest.approx(0.0, abs=1e-6))


@pytest.fixture
def fragments(playing: Playing) -> list[Fragment]:
    """Four fragments in a row, of a policy with memory."""
    play = playing(core="gru", **COMING_AND_GOING)
    return [_kept(play.fragment()) for _ in range(4)]


def _kept(fragment: Fragment) -> Fragment:
    return Fragment(**{name: array.copy() for name, array in vars(fragment).items()})


def test_there_is_something_to_be_wrong_about(fragments: list[Fragment]) -> None:
    """The fragments hold all that could go wrong: otherwise the tests here would show little."""
    over = np.stack([f.terminations | f.truncations for f in fragments])
    assert over[:, 1:-1].any()  # within
    assert over[:, -1].any()  # at the border
    assert any(np.any(f.state[:, ~f.starts[0]]) for f in fragments[1:])  # memories go on beyond the border
    present = np.concatenate([f.present for f in fragments])
    assert (present[1:] & ~present[:-1]).any()
    assert (~present[1:] & present[:-1]).any()


def test_whoever_comes_or_begins_anew_remembers_nothing(fragments: list[Fragment]) -> None:
    present, starts, over = (
        np.concatenate([part(f) for f in fragments])
        for part in (lambda f: f.present, lambda f: f.starts[:-1], lambda f: f.terminations | f.truncations)
    )
    began = present[1:] & (over[:-1] | ~present[:-1])
    assert began.sum() > 20
    assert starts[1:][began].all()
    assert not starts[1:][present[1:] & present[:-1] & ~over[:-1]].any()  # and nobody else forgets


@pytest.mark.parametrize("core", ["mlp", "lstm"])
def test_an_epoch_holds_every_decision_once(playing: Playing, core: str) -> None:
    play = playing(core=core, **COMING_AND_GOING)
    table = play.table(play.fragment())
    table = replace(table, columns=table.columns | {"row": torch.arange(len(table.columns[PRESENT]))})
    seen = []
    for drawn in learner._minibatches({"walker": table}, 60):
        minibatch = table.take(drawn["walker"])
        here = minibatch.columns[PRESENT]
        assert minibatch.decisions == int(here.sum())
        assert minibatch.inputs.observation.shape[:-1] == here.shape == minibatch.who.shape
        seen += minibatch.columns["row"][here].tolist()
    assert sorted(seen) == torch.nonzero(table.columns[PRESENT]).flatten().tolist()


def test_a_sequence_is_one_avatar_s_consecutive_steps(playing: Playing) -> None:
    play = playing(core="gru", **COMING_AND_GOING)
    fragment = play.fragment()
    minibatch = every(play.table(fragment, sequence=5))
    observations = torch.from_numpy(fragment.observations[:-1]).unflatten(0, (4, 5))  # chunk, step, slot
    chunk, slot = torch.nonzero(torch.from_numpy(fragment.present).unflatten(0, (4, 5)).any(dim=1), as_tuple=True)
    torch.testing.assert_close(minibatch.inputs.observation, observations[chunk, :, slot].transpose(0, 1))


@pytest.mark.parametrize("control", ["discrete", "continuous"])
def test_absent_steps_of_a_sequence_teach_nothing(playing: Playing, control: str) -> None:
    play = playing(core="gru", control=control, **COMING_AND_GOING)
    minibatch = every(play.table(play.fragment()))
    away = ~minibatch.columns[PRESENT]
    assert away.any()
    wild = {name: minibatch.columns[name].masked_fill(away, 50.0) for name in (ADVANTAGES, LOG_PROBS)}
    wild["targets"] = minibatch.columns["targets"].masked_fill(away[..., None], 50.0)
    weights = Weights(clip=0.2, value=0.5, entropy=0.01)
    one, two = (losses.ppo(play.network, m, weights) for m in (minibatch, replace(minibatch, columns=minibatch.columns | wild)))
    torch.testing.assert_close(one[0], two[0])
    torch.testing.assert_close(one[1], two[1])
    plain = Minibatch(minibatch.inputs._replace(starts=None), minibatch.columns, minibatch.who)
    assert plain.weights is None  # rows all count


def test_the_gradient_flows_through_a_sequence_and_not_beyond_the_beginning_of_an_episode(playing: Playing) -> None:
    play = playing(core="lstm", **COMING_AND_GOING)
    minibatch = every(play.table(play.fragment()))
    seen = minibatch.inputs.observation.clone().requires_grad_()
    outputs, _ = play.network.both(minibatch.inputs._replace(observation=seen))
    outputs[-1].square().sum().backward()
    assert seen.grad is not None
    begun = minibatch.inputs.starts.flip(0).cummax(0).values.flip(0)  # at or after this step something begins
    reaches = seen.grad.abs().sum(-1) > 0
    later = torch.cat([begun[1:], torch.zeros_like(begun[:1])])
    assert not reaches[later].any()
    assert reaches[~later].all()
