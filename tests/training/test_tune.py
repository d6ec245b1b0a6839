"""``avatarium tune``: trials are ordinary runs; the best one is told; what cannot be searched is refused."""

import json
from pathlib import Path

import pytest

from avatarium.training.run.plan import Plan
from avatarium.training.tuning import space
from avatarium.training.tuning.space import Choice, Range
from avatarium.training.tuning.trial import score
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError

SMALL = [word for name in ("fragment=20", "epochs=1", "minibatch=160", "hidden=16", "ahead=false") for word in ("--train", name)]


@pytest.mark.usefixtures("ray_running")
def test_the_better_of_two_learning_rates_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tune", "lanes:WORLD", "--samples", "3", "--at-once", "1", "--steps", "6400", "--envs", "16", "--out", str(tmp_path / "found")]
    assert main([*words, "--space", "lr=1e-3..1e-2", "--space", "gamma=0.8,0.9", *SMALL]) == 0
    told = capsys.readouterr()
    trials = json.loads((tmp_path / "found" / "trials.json").read_text())
    best = json.loads((tmp_path / "found" / "best.json").read_text())
    whole = [one for one in trials if one["percent"] == 100.0]
    assert [one["number"] for one in trials] == [0, 1, 2]
    assert whole and not any(one["fault"] for one in trials)
    assert best["return"] == max(one["score"] for one in whole)
    assert all(1e-3 <= one["values"]["lr"] <= 1e-2 and one["values"]["gamma"] in (0.8, 0.9) for one in trials)
    assert len({one["values"]["lr"] for one in trials}) == 3
    run = tmp_path / "found" / f"trial-{best['trial']:03d}"
    points = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert points[-1]["decisions"] >= 6400
    assert list((run / "checkpoints").glob("[0-9]*/manifest.json"))
    assert f"best: {best['command']}" in told.out
    assert "--train envs=16" in best["command"]
    assert main(["tune", "--resume", str(tmp_path / "found"), "--quiet"]) == 0
    assert json.loads((tmp_path / "found" / "trials.json").read_text()) == trials


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--space", "lrr=1..2"], "there is no setting 'lrr': did you mean 'lr'?"),
        (["--space", "lr=0.1..0.01"], "--space lr=0.1..0.01 is empty: 0.1 is not below 0.01"),
        (["--space", "lr=0.1..3"], "setting 'lr' is 3.0, but it has to lie between 0.0 and 1.0"),
        (["--space", "network=gru..lstm"], "--space network=gru..lstm is a range of what is no number: give its values as network=a,b,c"),
        (["--space", "lr=0.1", "--space", "lr=0.2"], "--space names lr twice: give all of its values at once"),
        (["--space", "lr"], "--space lr is not of the form name=low..high or name=a,b,c"),
        (["--samples", "0"], "--samples 0 has to be at least 1"),
        (["--resume", "nowhere"], "world cannot be changed when a search is resumed: leave it out, or start a new one"),
        (
            ["--train", "network=gru", "--space", "fragment=16,20"],
            "the search cannot try fragment=20: fragment=20 is no multiple of sequence=16, and a recurrent network learns from "
            "whole sequences",
        ),
    ],
)
def test_mistakes_get_one_sentence(
    words: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tune", "lanes:WORLD", *words]) == 2
    assert capsys.readouterr().err == f"avatarium: {complaint}\n"
    assert not list(tmp_path.iterdir())


def test_ranges_keep_the_type_of_the_hyperparameter() -> None:
    found = space.read(["epochs=1..4", "lr=1e-5..1e-2", "shared=true,false"])
    assert found == (Range("epochs", 1, 4), Range("lr", 1e-5, 1e-2), Choice("shared", (True, False)))
    epochs, lr = found[0].domain(), found[1].domain()
    assert {epochs.sample() for _ in range(200)} == {1, 2, 3, 4}
    assert 0.35 < sum(lr.sample() < 10**-3.5 for _ in range(400)) / 400 < 0.65  # by its logarithm


def test_the_default_space_suits_recurrent_networks(plan: Plan) -> None:
    recurrent = space.chosen(plan, {"network": "gru", "sequence": 10})
    space.check(recurrent, space.default(recurrent.hyperparameters))


def test_a_plan_takes_what_was_drawn(plan: Plan) -> None:
    drawn = space.chosen(plan, {"lr": 0.25, "pool.past": 0.5})
    assert (drawn.hyperparameters.lr, drawn.hyperparameters.pool.past, drawn.world) == (0.25, 0.5, plan.world)
    with pytest.raises(UserError, match="has to lie between"):
        space.chosen(plan, {"lr": 2.0})


def test_the_score_is_that_of_the_end() -> None:
    curve = [{"decisions": 100.0 * k, "return": float(k)} for k in range(1, 21)]
    assert score(curve, "return") == 19.0
    assert score(curve, "success") is None
    assert score([], "return") is None
