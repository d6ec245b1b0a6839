"""``avatarium trajectory`` from recordings to tables and pictures, and what it says of mistakes."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avatarium.training.trajectory import acts, files, scoring
from avatarium.training.trajectory.baselines import BASELINES
from avatarium.training.trajectory.models import Model
from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.windows import Windows, windows
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError

Episodes = Callable[[str], list[Path]]
QUICK = ["--epochs", "1", "--stride", "4"]


def run(*words: str | Path) -> int:
    return main(["trajectory", *map(str, words)])


@pytest.fixture
def walks(tmp_path: Path) -> list[Path]:
    """Two files of people who walk straight on, in two scenes; the second one walks in curves."""
    paths = []
    for name, bend in (("plaza", 0.0), ("park", 0.08)):
        rng, rows = np.random.default_rng(len(name)), []
        for who in range(8):
            angle = rng.uniform(0, 6) + bend * np.arange(26)
            track = rng.uniform(-5, 5, 2) + np.cumsum(0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0)
            rows += [f"{10 * t}\t{who}\t{x:.4f}\t{y:.4f}\n" for t, (x, y) in enumerate(track)]
        paths.append(tmp_path / f"{name}.txt")
        paths[-1].write_text("".join(rows))
    return paths


def test_fit_score_and_predict(walks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, scores = tmp_path / "mine.npz", tmp_path / "scores.json"
    assert run("fit", "--model", "mdn", "--data", *walks, "--without", "park", "--out", model, *QUICK) == 0
    assert "windows of plaza, 1 epochs, seed 0" in capsys.readouterr().out
    assert run("score", "--models", "constant-velocity", model, "--data", *walks, "--json", scores) == 0
    printed = capsys.readouterr().out
    assert "protocol full: tracks of all 20 steps" in printed
    assert "rows: plaza 56, park 56" in printed
    told = json.loads(scores.read_text())
    assert [entry["model"] for entry in told["models"]] == ["constant-velocity", "mine"]
    simple, learnt = (entry["mean"] for entry in told["models"])
    assert simple["NLL"] is None
    assert learnt["NLL"][1] <= learnt["NLL"][0] <= learnt["NLL"][2]
    assert told["models"][0]["scenes"]["plaza"]["ADE"] == pytest.approx(0, abs=1e-3)
    picture, table = tmp_path / "seen.png", tmp_path / "paths.csv"
    assert run("predict", model, walks[1], "--at", "4", "--samples", "3", "--plot", picture, "--out", table) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 3 * 8 * 12
    assert sorted({float(row["timestamp"]) for row in rows}) == pytest.approx(4 + 0.4 * np.arange(1, 13))


def test_the_other_protocol_says_so_and_counts_more(walks: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("score", "--models", "still", "--protocol", "any-length", "--scenes", "park", "--data", *walks) == 0
    printed = capsys.readouterr().out
    assert "protocol any-length: tracks of 2 future steps or more" in printed
    assert "rows: park 136" in printed


def test_models_are_fitted_for_each_scene_from_the_others_and_kept(
    walks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[set[str]] = []
    fit = acts.fit

    def watched(name: str, some: Windows, *others: object) -> Model:
        learnt.append(set(some.scenes.tolist()))
        return fit(name, some, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "fit", watched)
    command = ("score", "--models", "displacement", "--leave-one-out", "--folds", tmp_path / "folds", "--data", *walks, *QUICK)
    assert run(*command) == 0
    assert learnt == [{"park"}, {"plaza"}]
    assert run(*command) == 0
    assert len(learnt) == 2


def test_interrupted_fitting_saves_and_says_so(
    walks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = acts.fit

    def interrupted(name: str, some: Windows, plan: object, progress: Callable[[float], None]) -> Model:
        def then(loss: float) -> None:
            progress(loss)
            raise KeyboardInterrupt

        return fit(name, some, plan, then)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "fit", interrupted)
    assert run("fit", "--model", "displacement", "--data", *walks, "--out", tmp_path / "mine", "--epochs", "3") == acts.INTERRUPTED
    assert "stopped early" in capsys.readouterr().out
    assert "1 epochs" in files.load(tmp_path / "mine.npz").trained


def test_transcripts_are_drawn_over_their_floor_plan(episodes: Episodes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcripts, model, picture = episodes("wayfinding"), tmp_path / "goal.npz", tmp_path / "seen.png"
    assert run("fit", "--model", "goal", "--data", *transcripts, "--out", model, *QUICK) == 0
    assert run("predict", model, transcripts[0], "--plot", picture) == 0
    assert "walker_0" in capsys.readouterr().out
    assert picture.stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fit", "--model", "displacment"), "there is no model 'displacment' that learns: did you mean 'displacement'?"),
        (("fit", "--model", "mdn", "--epochs", "0"), "--epochs and --batch have to be at least 1"),
        (("fit", "--model", "mdn", "--stride", "0"), "a stride of 0 steps leads nowhere"),
        (("fit", "--model", "mdn", "--without", "plaza", "park"), "--without leaves nothing to learn from"),
        (("score", "--models", "social"), "social has to learn first"),
        (("score", "--models", "stil"), "there is no model 'stil': did you mean 'still'?"),
        (("score", "--models", "absent.npz"), "there is no model absent.npz"),
        (("score", "--models", "still", "--protocol", "ful"), "there is no protocol 'ful': did you mean 'full'?"),
        (("score", "--models", "still", "--scenes", "parc"), "there is no scene 'parc' in these recordings: did you mean 'park'?"),
    ],
)
def test_mistakes_are_told(words: tuple[str, ...], said: str, walks: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words, "--data", *walks) == 2
    assert said in capsys.readouterr().err


def test_moments_outside_and_steps_that_a_model_did_not_learn_are_told(
    walks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "still", walks[0], "--at", "100") == 2
    assert "--at 100 is outside of what can be predicted from: 2.8 to 9.2 s" in capsys.readouterr().err
    model = files.save(Model.new("displacement", 0.5, 0), tmp_path / "slow")
    assert run("score", "--models", model, "--data", *walks) == 2
    assert "learnt from steps of 0.5 s, these are of 0.4 s: give --step 0.5" in capsys.readouterr().err
    assert run("score", "--models", model, "--step", "0.5", "--data", *walks) == 0


def test_without_data_the_downloaded_files_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, walks: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run("score", "--models", "still") == 2
    assert "give recordings by --data, or fetch public ones" in capsys.readouterr().err
    there = tmp_path / "avatarium" / "eth_ucy" / "biwi_hotel.txt"
    there.parent.mkdir(parents=True)
    there.write_text(walks[0].read_text())
    assert run("score", "--models", "still") == 0
    assert "rows: HOTEL 56" in capsys.readouterr().out


def test_intervals_take_a_whole_track_at_a_time_and_scenes_count_alike() -> None:
    few, many = np.zeros((10, 2, 2)), np.zeros((40, 2, 2))
    for places in (few, many):
        places[:, 1, 1] += 9
    few[8:, :, 0], many[:, :, 0] = 6.0, 3.0 * (np.arange(40) >= 30)[:, None]
    unknown = [np.full(places.shape, np.nan, np.float32) for places in (few, many)]
    boxes = np.zeros((0, 4), np.float32)
    found = windows(
        [Recording(n, n, 0.4, ("a", "b"), p.astype(np.float32), u, u, boxes) for n, p, u in zip("xy", (few, many), unknown, strict=True)]
    )
    still = BASELINES["still"]
    (score,) = scoring.scores({"still": lambda scene: still}, found, "any-length")
    assert score.rows == {"x": 2, "y": 62}
    assert score.scenes["x"]["ADE"] == 6.0
    assert score.mean["ADE"].value == pytest.approx((6.0 + score.scenes["y"]["ADE"]) / 2)
    assert score.mean["ADE"].low == score.mean["ADE"].high  # both people do the same: tracks resampled change nothing


def test_reading_a_folder_of_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is nothing to read in"):
        acts.reading.files([tmp_path])
