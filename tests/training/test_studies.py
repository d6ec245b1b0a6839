"""``avatarium study``: contestants are trained from several seeds, compared, and held to what was expected."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avatarium.agents.exported import OnnxPolicy, read
from avatarium.agents.series import play_series
from avatarium.leaderboards.stats import Interval
from avatarium.training.play.minds import Frozen
from avatarium.training.run import checkpoint, history
from avatarium.training.run.outcome import FIRST_SEED
from avatarium.training.studies import file, running
from avatarium.training.studies.expectation import Expectation
from avatarium.training.studies.summary import Finding
from avatarium.worlds.cli import main

STUDY = """
title = "Lanes"
question = "Does learning help?"
seeds = 2

[[parts]]
name = "walking"
world = "lanes:WORLD"
train = { envs = 16, fragment = 20, epochs = 2, minibatch = 160, hidden = 16, ahead = false, learner_threads = 1 }
steps = 6400
marks = { best = 1.0 }
expect = ["learns.return > not.return", "not.return >= 100", "learns.seconds > 0"]

[parts.contestants]
learns = { lr = 0.01 }
not = { lr = 0.0 }
"""


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., str]:
    """Writes a study with some words replaced; returns its path."""

    def write(*changes: str) -> str:
        text = STUDY
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "lanes.toml").write_text(text)
        return str(tmp_path / "lanes.toml")

    return write


@pytest.mark.usefixtures("ray_running")
def test_contestants_are_compared(study: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["study", study(), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "4 runs, 0 of them done" in told
    found = json.loads((out / "results.json").read_text())["parts"]["walking"]
    learns, idle = found["contestants"]["learns"], found["contestants"]["not"]
    assert set(learns["return"]["by_seed"]) == {"0", "1"}
    for seed in (0, 1):
        curve = history.read(out / "walking" / "learns" / f"seed-{seed}")
        assert learns["return"]["by_seed"][str(seed)] == pytest.approx(np.mean([p["return"] for p in curve if p["decisions"] >= 5760]))
    assert learns["return"]["mean"]["low"] > idle["return"]["mean"]["high"]
    assert [verdict["met"] for verdict in found["expectations"]] == [True, False, True]
    page = (out / "report.md").read_text()
    assert page.strip() in told
    assert "- met: learns.return > not.return" in page
    assert "- NOT met: not.return >= 100" in page
    assert (out / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["study", study(), "--out", str(out), "--steps", "700"]) == 2
    assert "was trained otherwise than walking/learns/0 is to be: choose another --out" in capsys.readouterr().err


@pytest.mark.usefixtures("ray_running")
def test_policies_are_judged_after_training(study: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And what is done is not done again: a run that was trained but not judged is judged only."""
    run, out = tmp_path / "out" / "walking" / "learns" / "seed-0", tmp_path / "out"
    path = study("marks =", 'judge = { metric = "episode_return", episodes = 4 }\nmarks =', '"not.return', '"learns.judged/episode_return')
    words = ["study", path, "--out", str(out), "--seeds", "1", "--only", "learns"]
    assert main(words) == 0
    found = json.loads((out / "results.json").read_text())["parts"]["walking"]
    judged = json.loads((run / "judged.json").read_text())
    assert found["contestants"]["learns"]["judged/episode_return"]["mean"]["value"] == judged["judged/episode_return"] > 0.5
    assert [verdict["met"] for verdict in found["expectations"]] == [None, False, True]
    before = (run / "history.jsonl").stat().st_mtime_ns
    (run / "judged.json").unlink()
    assert main(words) == 0
    assert main(words) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "of them done" in line] == [
        f"Lanes: 1 runs, {done} of them done" for done in (0, 0, 1)
    ]
    assert json.loads((run / "judged.json").read_text()) == judged
    assert (run / "history.jsonl").stat().st_mtime_ns == before
    assert main([*words[:-1], "not"]) == 0
    found = json.loads((out / "results.json").read_text())["parts"]["walking"]
    assert set(found["contestants"]) == {"learns", "not"}, "a report tells of what was done before as well"


@pytest.mark.usefixtures("ray_running")
def test_policies_are_judged_in_several_ways_and_published(study: Callable[..., str], tmp_path: Path) -> None:
    """Beside the archive lies a card: where it comes from, how well it does in each way, and the command that trains it again."""
    judges = """judge = [
        { metric = "episode_return", episodes = 4 },
        { metric = "episode_return", name = "short", episodes = 4, set = { episode_steps = 10 } },
    ]\npublish = { learns = "racer" }\nmarks ="""
    words = ["study", study("marks =", judges), "--out", str(tmp_path / "out"), "--seeds", "1", "--publish", str(tmp_path / "homes")]
    assert main(words) == 0
    folder, found = tmp_path / "homes" / "lanes", json.loads((tmp_path / "out" / "results.json").read_text())
    learns = found["parts"]["walking"]["contestants"]["learns"]
    usual, short = (learns[f"judged/{name}episode_return"]["mean"]["value"] for name in ("", "short/"))
    assert usual > 0.5 and short < usual
    assert sorted(path.name for path in folder.iterdir()) == ["racer-1.md", "racer-1.zip"], "the other contestant stays at home"
    assert read(folder / "racer-1.zip")[0].name == "racer-1"
    card = (folder / "racer-1.md").read_text()
    assert card.startswith("# lanes/racer-1\n\nLearned by PPO with an MLP from seed 0.\n")
    assert f"- as in training, 4 episodes: return {usual:.2f}" in card
    assert f"- episode_steps=10, 4 episodes: return {short:.2f}" in card
    assert "avatarium train lanes:WORLD" in card


@pytest.mark.usefixtures("ray_running")
def test_what_was_imitated_is_built_upon(study: Callable[..., str], tmp_path: Path) -> None:
    """A contestant may begin with what another one learnt; whoever is asked for alone brings along whom it begins with."""
    contestants = """shown = { algorithm = "cloning", demos = "random", shown = 8, steps = 3200 }
learns = { from = "shown", lr = 0.0 }
not"""
    path = study("learns = { lr = 0.01 }\nnot", contestants)
    out = tmp_path / "out"
    assert main(["study", path, "--out", str(out), "--seeds", "1", "--only", "learns"]) == 0
    assert len(list((out / "walking" / "demonstrations" / "random").glob("*.avt"))) == 8
    begun = checkpoint.load(out / "walking" / "learns" / "seed-0").plan
    assert begun.parent == str(out / "walking" / "shown" / "seed-0")
    assert (begun.steps, checkpoint.load(Path(begun.parent)).plan.steps) == (6400, 3200)
    found = json.loads((out / "results.json").read_text())["parts"]["walking"]
    assert set(found["contestants"]) == {"shown", "learns"}
    first, second = (checkpoint.load(out / "walking" / label / "seed-0").modules["walker"] for label in ("shown", "learns"))
    weights = [name for name in first if "actor" in name]
    assert weights
    for name in weights:  # with a learning rate of 0 it still is what it was shown to be
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.usefixtures("ray_running")
def test_a_league_is_judged_by_matches(study: Callable[..., str], tmp_path: Path) -> None:
    """Beside a scripted rival, in series, and beside every version of itself that was kept."""
    judges = """judge = [
        { metric = "win_rate", name = "series", episodes = 12, games = 3, others = { blue = "domination/majority" } },
        { metric = "win_rate", name = "past", episodes = 4, ancestors = true },
        { metric = "win_rate", name = "rival", episodes = 4, others = { blue = ["random", "domination/greedy"] }, also = ["tags"] },
    ]\nset = { team = 1, episode_steps = 60 }"""
    train = 'train = { league = true, pool = { every = 2, past = 0.2 }, team_spirit = false, rivals = "", envs = 16, fragment = 20'
    path = study('"lanes:WORLD"', '"domination"', "train = { envs = 16, fragment = 20", train, "marks =", f"{judges}\nmarks =")
    assert main(["study", path, "--out", str(tmp_path / "out"), "--seeds", "1", "--only", "learns"]) == 0
    run = tmp_path / "out" / "walking" / "learns" / "seed-0"
    judged = json.loads((run / "judged.json").read_text())
    names = ("series", "past", "rival/random", "rival/greedy")
    assert {*(f"judged/{name}/win_rate" for name in names), "judged/rival/random/tags"} <= judged.keys()
    assert all(0 <= value <= 1 for name, value in judged.items() if name.endswith("win_rate"))
    kept = checkpoint.load(run)
    assert len(kept.versions) > 1
    mine = OnnxPolicy.open(run / "policy_red.zip", kept.plan.arena.spec, kept.roles["red"])
    seeds = range(FIRST_SEED, FIRST_SEED + 4)
    rates = []
    for name in kept.versions:
        rival = Frozen(name, kept.past(name, "blue"), kept.roles["blue"])
        rates.append(play_series("domination", ("red", mine), ("blue", [rival]), seeds, kept.plan.settings).win_rate())
    assert judged["judged/past/win_rate"] == min(rates), "the hardest one counts"


@pytest.mark.usefixtures("ray_running")
def test_an_interrupted_run_goes_on_from_its_checkpoint(study: Callable[..., str], tmp_path: Path) -> None:
    task = running.tasks(file.read(study()), 1, tmp_path, ("learns",))[0]
    asked = iter([False, False, True])
    shown: list[float] = []

    class Impatient:
        def show(self, done: float, point: dict[str, float]) -> None:
            shown.append(done)
            if next(asked, False):
                signal.raise_signal(signal.SIGINT)

    assert running.carry_out(task, Impatient())
    assert len(shown) == 3
    assert not running.finished(task)
    assert not running.carry_out(task, Impatient())
    assert running.finished(task)
    assert [point["iteration"] for point in history.read(task.run)] == list(range(1, 11))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (("expect = [", 'expect = ["lerns.return >= 1", '), "there is no contestant 'lerns', of whom 'lerns.return >= 1' speaks"),
        (("expect = [", 'expect = ["learns.success >= 1", '), "part walking expects something of success, but compares return"),
        (("expect = [", 'expect = ["learns.return = 1", '), "is not of the form contestant.gauge >= number"),
        (("lr = 0.0 }", "lrr = 0.0 }"), "there is no setting 'lrr': did you mean 'lr'?"),
        (("lr = 0.0 }", 'network = "gru" }'), "walking/not: fragment=20 is no multiple of sequence=16"),
        (("steps = 6400", "stops = 6400"), "a part of lanes.toml has 'stops', which means nothing here: did you mean 'steps'?"),
        (("steps = 6400\n", ""), "part walking needs steps or minutes, and not both"),
        (("marks =", 'publish = { lerns = "racer" }\nmarks ='), "part walking is to publish 'lerns', who is no contestant"),
        (("marks =", 'judge = [{ metric = "episode_return" }, { metric = "episode_return" }]\nmarks ='), "measures something twice"),
        (("learns = { lr", 'learns = { shown = "many", lr'), "walking/learns has shown = 'many', which has to be a number of at least 1"),
        (("learns = { lr", "learns = { steps = 0, lr"), "walking/learns has steps = 0, which has to be a number of at least 1"),
        (("marks =", 'judge = { metric = "spl", episodes = "some" }\nmarks ='), "give whole numbers"),
        (("learns = { lr", 'learns = { from = "not", lr'), "walking/learns begins with 'not', who is no contestant above it"),
        (("marks =", 'judge = { metric = "win_rate", episodes = 5, games = 2 }\nmarks ='), "wants 5 episodes in series of 2"),
        (("marks =", 'judge = { metric = "spl", episodes = 4, games = 2 }\nmarks ='), "which are judged by win_rate alone"),
        (("marks =", 'judge = { metric = "win_rate", episodes = 4, games = 2 }\nmarks ='), "name one opponent"),
        (("marks =", 'judge = { metric = "win_rate", ancestors = true, others = { a = "b" } }\nmarks ='), "leave out others and games"),
        (("marks =", 'judge = { metric = "spl", also = ["kindness"] }\nmarks ='), "there is no metric 'kindness'"),
        (('title = "Lanes"', ""), "lanes.toml lacks something"),
        (("lanes:WORLD", "wayfindin"), "there is no world 'wayfindin': did you mean 'wayfinding'?"),
        (("seeds = 2", "seeds = two"), "lanes.toml cannot be read"),
    ],
)
def test_mistakes_in_a_study_get_one_sentence(
    study: Callable[..., str], changes: tuple[str, str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", study(*changes)]) == 2
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.err.count("\n") == 1


def test_mistakes_in_words_get_one_sentence(study: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    for words, complaint in (
        (["diagnostic"], "there is no study 'diagnostic': did you mean 'diagnostics'?"),
        (["nowhere.toml"], "there is no study 'nowhere.toml': no such file"),
        ([study(), "--seeds", "0"], "--seeds 0 has to be at least 1"),
        ([study(), "--only", "nobody"], "lanes has no 'nobody': its parts and contestants are learns, not, walking"),
    ):
        assert main(["study", *words]) == 2
        assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("name", file.names())
def test_every_study_can_be_read(name: str) -> None:
    """Plans are checked: worlds, settings and hyper-parameters exist and go together."""
    found = file.read(name)
    assert found.question.endswith("?")
    for part in found.parts:
        prepare = {c.parent for c in part.contestants}
        ours = [c for c in part.contestants if not (c.label in prepare or c.library or c.plan.search)]  # searches are cheap
        assert len({c.plan.steps for c in ours}) <= 1, "contestants have to train for as long as one another"


def test_only_some_are_run(study: Callable[..., str], tmp_path: Path) -> None:
    asked = file.read(study())
    assert [str(task) for task in running.tasks(asked, 2, tmp_path, ("not",))] == ["walking/not/0", "walking/not/1"]
    assert [str(task) for task in running.tasks(asked, 2, tmp_path, ("walking/not/1",))] == ["walking/not/1"]
    assert len(running.tasks(asked, 3, tmp_path, ("walking",))) == 6


def test_expectations_compare_means_or_whole_intervals() -> None:
    findings = {"a": {"x": Interval(3.0, 2.0, 4.0)}, "b": {"x": Interval(1.0, 0.0, 2.5)}}
    for text, met in (
        ("a.x >= 3", True),
        ("a.x >= 3.1", False),
        ("a.x > 2.5", False),
        ("a.x > 1.9", True),
        ("a.x < 4.1", True),
        ("a.x >= b.x", True),
        ("a.x > b.x", False),
        ("b.x < a.x", False),
        ("b.x <= 1", True),
    ):
        assert Expectation.read(text, ("a", "b")).verdict(findings).met is met, text
    assert Expectation.read("a.y >= 3", ("a", "b")).verdict(findings).met is None


def test_an_interval_covers_the_spread_of_seeds() -> None:
    spread = Finding.of({0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 100.0})
    assert spread.mean.value == 22.0
    assert spread.mean.low < 4.0 < 50.0 < spread.mean.high
    assert spread.iqm == 3.0
    alone = Finding.of({0: 1.5})
    assert (alone.mean.low, alone.mean.high, alone.iqm) == (1.5, 1.5, 1.5)


def test_values_are_those_of_the_end() -> None:
    curve = [{"decisions": 100.0 * k, "return": float(k)} for k in range(1, 21)]
    assert running.at_end(curve, "return") == 19.0
    assert np.isnan(running.at_end(curve, "success"))
