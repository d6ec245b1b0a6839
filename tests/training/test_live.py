"""Episodes for those who watch a run: there when somebody asks, honest, and never in the way."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.agents import load
from avatarium.agents.play import play
from avatarium.agents.policy import Turn
from avatarium.training.run import live, session
from avatarium.training.run.candid import Candid, company
from avatarium.training.run.history import Point
from avatarium.training.run.live import Feed
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.transcript import Transcript, verify

Playing = Callable[..., Any]


class Heard:
    """A display that keeps what is said and does something after every iteration."""

    def __init__(self, then: Callable[[Point], None] = lambda point: None) -> None:
        self.sentences: list[str] = []
        self._then = then

    def show(self, done: float, point: Point) -> None:
        self._then(point)

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def wish(run: Path, ago: float = 0.0) -> None:
    """Touch ``wanted`` as whoever watches does."""
    file = run / live.FOLDER / live.WANTED
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.utime(file, (time.time() - ago,) * 2)


def losses(run: Path) -> list[float]:
    return [json.loads(line)["walker/policy_loss"] for line in (run / "history.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("ray_running")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"network": "lstm", "sequence": 5, "units": 8}, {"value", "entropy"}),
        ({"algorithm": "mappo", "curiosity": "rnd+counts:0.5"}, {"value", "entropy", "intrinsic"}),
    ],
)
def test_whoever_wants_sees_episodes_and_training_is_the_same(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: dict[str, Any], told: set[str]
) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 0.0)
    plan = replace(plan, steps=2000, hyperparameters=replace(plan.hyperparameters, **words))
    alone, watched = tmp_path / "alone", tmp_path / "watched"
    session.train(plan, alone, Heard())
    assert not (alone / live.FOLDER).exists()
    heard = Heard(lambda point: wish(watched))
    session.train(plan, watched, heard)
    assert losses(alone) == losses(watched) and heard.sentences == []
    found = sorted((watched / live.FOLDER).glob("*.avt"))
    assert [path.stem for path in found] == [f"{k:06d}" for k in (2, 3, 4)]
    assert verify(found[-1]).ok
    episode = Transcript.open(found[-1])
    assert episode.complete and episode.header["extra"]["live"] == {"run": "watched", "iteration": 4}
    assert set(episode.readouts["walker"]) == told
    for values in episode.readouts["walker"].values():
        assert values.shape == episode.rewards["walker"].shape and np.isfinite(values).all() and np.ptp(values) > 0


@pytest.mark.usefixtures("ray_running")
def test_the_replay_of_a_run_is_an_episode_of_its_evaluation_with_all_told(train: Callable[..., Any], tmp_path: Path) -> None:
    small = ("fragment=20", "epochs=1", "minibatch=160", "hidden=16", "learner_threads=1", "curiosity=rnd", "algorithm=mappo")
    words = [word for setting in small for word in ("--train", setting)]
    assert train("lanes:WORLD", "--steps", "1300", "--evaluate", "2", "--envs", "16", "--out", "run", "--quiet", *words).code == 0
    judged = sorted((tmp_path / "run" / "evaluation").rglob("trained/*.avt"))
    replay = Transcript.open(tmp_path / "run" / "replay.avt")
    assert replay.digest == Transcript.open(judged[0]).digest and replay.header["minds"] == {"walker": "run/policy.zip"}
    assert set(replay.readouts["walker"]) == {"value", "entropy", "intrinsic"}


def test_nothing_is_played_when_nobody_has_asked_lately(plan: Plan, tmp_path: Path) -> None:
    feed = Feed(plan, tmp_path, pytest.fail)
    assert feed.serve(1, pytest.fail) is None
    wish(tmp_path, ago=live.WANTED_S + 1.0)
    assert feed.serve(2, pytest.fail) is None


def test_episodes_come_one_at_a_time(plan: Plan, playing: Playing, tmp_path: Path) -> None:
    wish(tmp_path)
    feed = Feed(plan, tmp_path, pytest.fail)
    assert feed.serve(7, lambda: weights_of(playing())) == tmp_path / live.FOLDER / "000007.avt"
    assert feed.serve(8, pytest.fail) is None


def test_what_goes_wrong_is_said_once(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 0.0)
    wish(tmp_path)
    heard = Heard()
    feed = Feed(plan, tmp_path, heard.say)
    for iteration in range(3):
        assert feed.serve(iteration, lambda: {"walker": {"nonsense": np.zeros(1)}}) is None
    assert len(heard.sentences) == 1 and heard.sentences[0].endswith("training goes on")


def test_the_reward_from_within_is_the_learner_s(plan: Plan, playing: Playing) -> None:
    settled = playing(curiosity="rnd:0.5+counts")
    table = settled.table(settled.fragment())
    plan = replace(plan, hyperparameters=replace(plan.hyperparameters, hidden=16, curiosity="rnd:0.5"))
    weights = {name: array for name, array in weights_of(settled)["walker"].items() if "counts" not in name}
    candid, columns = Candid("tiny", plan, settled.role, weights), {name: part.numpy() for name, part in table.columns.items()}
    rows = np.flatnonzero(columns["present"])
    before, after = (
        Turn(columns[name][rows], np.zeros(0, np.uint64), None, "walker", rows, np.zeros(len(rows), np.int64))
        for name in ("observations", "after")
    )
    found = candid.look_back(before, columns["actions"][rows], after)["intrinsic"]
    size = settled.module.scales["rnd"]
    raw = found * float((size.variance + size.mean.square()).sqrt()) / 0.5
    assert found.shape == (len(rows),) and found.min() >= 0 and float(raw.mean()) == pytest.approx(table.told["bonus_rnd"], rel=1e-4)
    alone = playing(curiosity="rnd:0.5")
    assert found.mean() == pytest.approx(alone.table(alone.fragment()).told["intrinsic_reward"], rel=1e-4)


def weights_of(settled: Any) -> dict[str, dict[str, np.ndarray]]:
    return {"walker": {name: part.numpy() for name, part in settled.module.state_dict().items()}}


@pytest.mark.parametrize(("core", "central"), [("mlp", True), ("gru", False)])
def test_values_are_the_critic_s(plan: Plan, playing: Playing, tmp_path: Path, core: str, central: bool) -> None:
    """A value is what the critic says of what was there before the step; with memory, of all that came before."""
    settled = playing(core=core, central=central)
    h = replace(plan.hyperparameters, hidden=16, units=12, network=core, algorithm="mappo" if central else "ppo")
    plan = replace(plan, hyperparameters=h)
    (path,) = play(plan.world, company(plan, weights_of(settled), "tiny"), [5], tmp_path)
    told = Transcript.open(path)
    before = torch.random.get_rng_state()
    seats = company(plan, weights_of(settled), "tiny")
    assert torch.equal(before, torch.random.get_rng_state())
    other = load("random", plan.world, "walker")
    (apart,) = play(plan.world, {"walker": other}, [5], tmp_path / "apart")
    assert Transcript.open(apart).readouts == {} and Transcript.open(apart).digest != told.digest
    (again,) = play(plan.world, seats, [5], tmp_path / "again")
    assert Transcript.open(again).digest == told.digest
    values = told.readouts["walker"]["value"]
    mean, deviation = settled.network.returns.mean.item(), settled.network.returns.deviation.item()
    assert abs(values.mean() - mean) < 3 * deviation and values.std() > 0
