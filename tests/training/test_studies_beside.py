"""Studies with contestants of other libraries, relations with factors, and pictures of two measures."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from avatarium.agents.exported import read
from avatarium.leaderboards.stats import Interval
from avatarium.training.run import history
from avatarium.training.studies import file
from avatarium.training.studies.expectation import Expectation
from avatarium.worlds import UserError
from avatarium.worlds.cli import main

STUDY = """
title = "Tanks"
question = "Who opens valves?"
seeds = 1

[[parts]]
name = "valves"
world = "tanks:WORLD"
train = { algorithm = "evolution", layers = 0, envs = 64 }
steps = 12_800
expect = ["search-a.judged/episode_return > 1.2 * sb3.judged/episode_return"]

[parts.judge]
metric = "episode_return"
episodes = 8

[parts.plane]
x = "seconds"
y = "judged/episode_return"

[parts.contestants]
search-a = { strategy = { sigma = 0.3 } }
search-b = { steps = 2560 }
sb3 = { library = "stable-baselines3", steps = 64 }
"""


@pytest.fixture
def study(tmp_path: Path, outside: None) -> Callable[..., str]:
    """Writes the study with some words replaced; returns its path."""

    def write(*changes: str) -> str:
        text = STUDY
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "tanks.toml").write_text(text)
        return str(tmp_path / "tanks.toml")

    return write


@pytest.mark.usefixtures("ray_running")
def test_another_library_stands_beside_ours(study: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["study", study(), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "- met: search-a.judged/episode_return > 1.2 * sb3" in told and (out / "valves.png").stat().st_size > 5000
    run = out / "valves" / "sb3" / "seed-0"
    manifest, _ = read(run / "policy.zip")
    assert (manifest.sampling, manifest.span) == ("greedy", (0.0, 10.0)) and manifest.training_data.startswith("2048 steps (Stable-Base")
    assert [point["decisions"] for point in history.read(run)] == [2048]
    before = (run / "model.zip").stat().st_mtime_ns
    assert main(["study", study(), "--out", str(out), "--quiet"]) == 0
    assert (run / "model.zip").stat().st_mtime_ns == before


@pytest.mark.usefixtures("ray_running")
def test_a_cloud_is_of_controls_that_never_change(study: Callable[..., str], tmp_path: Path) -> None:
    changes = ('x = "seconds"', 'x = "judged/episode_return"\ngrid = 3', 'sb3 = { library = "stable-baselines3", steps = 64 }', "")
    fewer = ('expect = ["search-a.judged/episode_return > 1.2 * sb3.judged/episode_return"]', "")
    assert main(["study", study(*changes, *fewer), "--out", str(tmp_path / "out"), "--quiet", "--steps", "1280"]) == 0
    cloud = json.loads((tmp_path / "out" / "valves" / "cloud.json").read_text())
    assert len(cloud) == 9 and all(x == y for x, y in cloud)
    assert max(cloud)[0] == cloud[4][0] > cloud[0][0]


def test_a_factor_is_taken_of_the_right_side() -> None:
    findings = {"a": {"x": Interval(3.0, 2.9, 3.1)}, "b": {"x": Interval(2.0, 1.9, 2.1)}}
    relations = {">= 1.5 * b.x": True, ">= 1.51 * b.x": False, "> 1.3 * b.x": True, "> 1.4 * b.x": False, "< 1.7 * b.x": True}
    for relation, met in relations.items():
        verdict = Expectation.read(f"a.x {relation}", ("a", "b")).verdict(findings)
        assert verdict.met is met, relation


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (('"stable-baselines3"', '"stable-baseline3"'), "stable-baselines3"),
        (("steps = 12_800", "minutes = 1", ", steps = 64 }", " }"), "it needs steps"),
        (('y = "judged/episode_return"', 'y = "judged/aori"'), "part valves shows judged/aori, but compares"),
        (('y = "judged/episode_return"', 'y = "seconds"\nz = 1'), "plane of part valves has 'z'"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(study: Callable[..., str], changes: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        file.read(study(*changes))


def test_large_numbers_are_told_in_full() -> None:
    assert str(Interval(2825.4, 999.0, 12000.0)) == "2,825 [999, 12,000]"
