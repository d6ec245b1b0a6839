"""Learning from pictures: what is trained, exported, loaded and grown looks at what avatars see."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from avatarium import agents, worlds
from avatarium.agents.exported import read
from avatarium.agents.networks.actor_critic import ActorCritic, Inputs
from avatarium.agents.play import play
from avatarium.training.league.fit import Fit
from avatarium.training.league.surgery import operate
from avatarium.training.run import checkpoint, export, session
from avatarium.training.run.history import Point
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters
from avatarium.worlds.core.transcript import verify

SEEING = {"pixels.width": 16, "pixels.height": 12, "pixels.fov_deg": 100.0, "walkers": 2, "episode_steps": 60}
QUICK = Hyperparameters(envs=8, fragment=20, epochs=1, minibatch=160, hidden=16, checkpoint_minutes=10.0, learner_threads=1, ahead=False)


@pytest.mark.usefixtures("ray_running")
def test_a_run_learns_from_pictures_and_its_policy_knows_which(tmp_path: Path) -> None:
    plan = Plan("wayfinding", SEEING, QUICK, steps=640)
    assert plan.architecture.picture == (3, 12, 16)
    found = checkpoint.load(session.train(plan, tmp_path / "run", Heard()).checkpoint)
    before = ActorCritic(found.network("walker").interface, plan.architecture).state_dict()
    after = found.network("walker").state_dict()
    assert not torch.equal(before["eye.glance.weight"], after["eye.glance.weight"])
    role = found.roles["walker"]
    path = export.write_policy(tmp_path / "policy.zip", found, role, "seer")
    settings = read(path)[0].settings
    assert settings == {name: SEEING[name] for name in ("pixels.width", "pixels.height", "pixels.fov_deg")}
    policy = agents.load(str(path), "wayfinding", "walker", **SEEING)
    (episode,) = play("wayfinding", {"walker": policy}, [3], tmp_path / "played", config=SEEING)
    assert verify(episode).ok
    with pytest.raises(worlds.UserError, match=r"pixels\.fov_deg=100"):
        agents.load(str(path), "wayfinding", "walker", **(SEEING | {"pixels.fov_deg": 90.0}))


class Heard:
    """A display that shows nothing."""

    def show(self, done: float, point: Point) -> None:
        pass

    def say(self, sentence: str) -> None:
        raise AssertionError(sentence)


def seeing(**more: object) -> Fit:
    plan = Plan("wayfinding", SEEING | more, replace(QUICK, layers=1))
    return plan.fit("walker")


def test_an_eye_is_kept_when_other_senses_come_and_go() -> None:
    before, after = seeing(guidance="compass"), seeing(guidance="signs")
    network = ActorCritic(before.interface, before.architecture)
    state = {name: part.numpy() for name, part in network.state_dict().items()}
    layout = before.layout()
    assert {name for name in layout if name.startswith("eye.")} == {name for name in state if name.startswith("eye.")}
    assert all(tuple(len(axis) for axis in layout[name]) == state[name].shape for name in layout if name in state and state[name].shape)
    same = operate(state, before, before)
    assert all(np.array_equal(same[name], state[name]) for name in state)
    with pytest.raises(worlds.UserError):
        operate(state, before, after)  # the compass would be lost


def test_a_network_that_was_blind_acts_as_before_when_it_is_given_an_eye() -> None:
    blind = Plan("wayfinding", SEEING | {"pixels.width": 0}, replace(QUICK, layers=1)).fit("walker")
    after = seeing()
    torch.manual_seed(3)
    old = ActorCritic(blind.interface, blind.architecture)
    grown = operate({name: part.numpy() for name, part in old.state_dict().items()}, blind, after)
    new = ActorCritic(after.interface, after.architecture)
    new.load_state_dict({name: torch.from_numpy(np.asarray(part)) for name, part in grown.items()})
    seen = torch.rand(9, after.interface.observation)
    ours = old.both(Inputs(seen[:, : blind.interface.observation]))
    theirs = new.both(Inputs(seen))
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
    assert asdict(after.architecture)["picture"] == (3, 12, 16)
