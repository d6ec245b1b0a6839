"""What is forbidden is never done: not in training, not by an exported policy, not before the judge."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from avatarium import agents, worlds
from avatarium.agents.networks import heads
from avatarium.agents.play import play
from avatarium.leaderboards.evaluate import evaluate
from avatarium.training.learn import losses
from avatarium.training.learn.losses import Weights
from avatarium.training.learn.tables import ALLOWED
from avatarium.training.play.minds import Frozen, Seated, load_mind
from avatarium.training.run import export
from avatarium.training.run.checkpoint import Checkpoint, Progress
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters
from avatarium.worlds.core.transcript import Transcript

Playing = Callable[..., Any]
WORLD = {"world": "masks", "operators": 2, "episode_steps": 13}
SETTINGS = {name: value for name, value in WORLD.items() if name != "world"}


def taken(allowed: np.ndarray, actions: np.ndarray, choices: tuple[int, ...]) -> np.ndarray:
    """Whether each action, [..., heads], was allowed by [..., C]."""
    starts = np.cumsum([0, *choices[:-1]])
    return np.take_along_axis(allowed, actions + starts, axis=-1)


def test_nothing_forbidden_is_drawn_and_nothing_allowed_is_left_out(playing: Playing) -> None:
    play = playing(**WORLD)
    choices = play.network.choices
    fragment = play.fragment()
    assert fragment.allowed.shape == (20, 12, sum(choices))
    assert 0.3 < fragment.allowed.mean() < 0.7
    for _ in range(20):
        fragment = play.fragment()
        assert taken(fragment.allowed, fragment.actions, choices).all()
    with torch.no_grad():
        for parameter in play.network.actor[-1].parameters():
            parameter.zero_()  # all that is allowed is alike
    fragment = play.fragment()
    ways = np.stack([part.sum(-1) for part in np.split(fragment.allowed, [choices[0]], axis=-1)])
    np.testing.assert_allclose(fragment.log_probs, -np.log(ways).sum(0), atol=1e-5)


def test_masks_are_those_of_the_moment_of_decision(playing: Playing) -> None:
    play = playing(**WORLD)
    play.fragment()
    batch = play.stage.batch
    now = batch.allowed["operator"].copy()
    fragment = play.fragment()
    assert np.array_equal(fragment.allowed[0], now.reshape(fragment.allowed[0].shape))


def test_what_is_forbidden_gets_no_gradient(playing: Playing) -> None:
    play = playing(**WORLD)
    table = play.table(play.fragment())
    minibatch = table.take(table.drawn)
    outputs = torch.randn(len(table.drawn), sum(play.network.choices), requires_grad=True)
    values = torch.zeros(len(outputs), 1)
    network: Any = SimpleNamespace(both=lambda inputs: (outputs, values), controls=0, choices=play.network.choices)
    loss, _ = losses.ppo(network, minibatch, Weights(clip=0.2, value=0.5, entropy=0.1))
    loss.backward()
    allowed = minibatch.columns[ALLOWED]
    assert not outputs.grad[~allowed].any()
    assert outputs.grad[allowed].abs().max() > 0
    _, entropy = losses.likelihood(network, outputs, minibatch.columns)
    ways = torch.stack([part.sum(-1) for part in allowed.split(list(play.network.choices), -1)])
    assert (entropy <= ways.log().sum(0) + 1e-5).all()


def test_masked_logits_are_far_below_any_policy_s() -> None:
    assert heads.masked(torch.tensor([5.0, -1e6]), torch.tensor([False, True])).argmax() == 1


@pytest.fixture
def exported(playing: Playing, tmp_path: Path) -> Path:
    """A policy for ``masks`` that nobody has trained; it prefers some choices strongly."""
    play = playing(**WORLD)
    plan = Plan("masks", SETTINGS, Hyperparameters(hidden=16))
    weights = {"operator": {f"network.{name}": part.numpy() for name, part in play.network.state_dict().items()}}
    return export.write_policy(tmp_path / "policy.zip", Checkpoint(tmp_path, plan, Progress(), weights, {}, {}, {}), play.role, "tiny")


def obeyed(path: Path) -> bool:
    """Whether every choice of a transcript was allowed: what is forbidden does nothing, and the world says so."""
    used = Transcript.open(path).frame("used")[1:]
    return bool(np.all(used >= 0))


def test_an_exported_policy_is_masked_wherever_it_plays(exported: Path, tmp_path: Path) -> None:
    """In this process, and in the sandbox of the judge; one that knows no masks goes wrong."""
    policy = agents.load(str(exported), "masks", "operator", **SETTINGS)
    assert all(map(obeyed, play("masks", {"operator": policy}, range(3), tmp_path / "here", config=SETTINGS)))
    (result,) = evaluate("masks", {"tiny": str(exported)}, range(3), SETTINGS, tmp_path / "judged")
    assert len(result.transcripts) == 3
    assert not result.faults
    assert all(map(obeyed, result.transcripts))
    blind = type("Blind", (), {"name": "blind", "initial_state": policy.initial_state})()
    blind.step = lambda turn, state: policy.step(turn._replace(allowed=None), state)
    assert not any(map(obeyed, play("masks", {"operator": blind}, range(3), tmp_path / "blind", config=SETTINGS)))


@pytest.mark.parametrize("mind", ["random", "zip", "frozen"])
def test_minds_that_do_not_learn_are_masked_too(exported: Path, playing: Playing, mind: str) -> None:
    batch = worlds.make_batch("masks", num_envs=5, **SETTINGS)
    batch.reset(3)
    role = batch.roles["operator"]
    policy = (
        Frozen("tiny", playing(**WORLD).network, role)
        if mind == "frozen"
        else load_mind({"zip": str(exported)}.get(mind, mind), batch, "operator")
    )
    seat = Seated(batch, "operator", policy, origin=1)
    sizes = tuple(len(head.choices) for head in role.heads)
    seen = set()
    for t in range(40):
        actions = seat.act(t).reshape(batch.actions["operator"].shape)
        assert taken(batch.allowed["operator"], actions, sizes).all()
        seen.update(map(tuple, actions.reshape(-1, 2).tolist()))
        batch.step({"operator": actions})
    assert len(seen) > 5
