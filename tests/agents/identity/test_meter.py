"""The meter finds who is who where there is something to find, and nothing where there is nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.identity import classifier, features, meter, report
from avatarium.agents.identity.command import Identity
from avatarium.agents.identity.meter import Measurement, Rate, Sessions, measure, measured
from avatarium.agents.play import play
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds import UserError
from avatarium.worlds.cli import main

SECONDS, HZ = 40, 10


def walk(subject: str, session: str, rng: np.random.Generator, speed: float = 1.2, turning: float = 0.6, pausing: float = 0.1) -> Recording:
    """Somebody who strolls about with a gait of their own: speed (m/s), turning (rad/s), pauses (1/s)."""
    count = SECONDS * HZ
    still = np.repeat(rng.random(count // 10) < pausing, 10)
    heading = rng.uniform(-3, 3) + np.cumsum(rng.normal(0, turning / HZ, count))
    pace = np.where(still, 0.0, speed + rng.normal(0, 0.1, count))
    x, y = np.cumsum(pace * np.cos(heading)) / HZ, np.cumsum(pace * np.sin(heading)) / HZ
    return Recording(subject, session, np.arange(count) / HZ, x, y, (heading + np.pi) % (2 * np.pi) - np.pi)


def crowd(gaits: Mapping[str, Mapping[str, float]], sessions: int, seed: int) -> list[Recording]:
    """So many sessions of everybody."""
    rng = np.random.default_rng(seed)
    return [walk(name, f"{name}-{k}", rng, **gait) for name, gait in gaits.items() for k in range(sessions)]


def gathered(recordings: list[Recording]) -> Sessions:
    found = Sessions()
    for told in recordings:
        found.add(told)
    return found


DISTINCT = {f"s{k}": {"speed": 0.9 + 0.15 * k, "turning": 0.3 + 0.2 * k, "pausing": 0.05 + 0.1 * k} for k in range(5)}
ALIKE: dict[str, dict[str, float]] = {f"s{k}": {} for k in range(5)}


def test_distinct_gaits_are_told_apart() -> None:
    found = measure(gathered(crowd(DISTINCT, 6, 0)))
    assert (found.subjects, found.sessions, found.windows, found.chance) == (5, 30, 120, 0.2)
    assert found.per_session.value > 0.9 and found.per_window.value > 0.8 and found.gives_away
    assert found.per_window.low <= found.per_window.value <= found.per_window.high
    assert abs(found.shuffled - 0.2) < 0.1, "dealt out at random, subjects have nothing of their own"
    assert np.allclose(found.confusion.sum(axis=1), 1.0) and np.allclose(found.confusion.diagonal().mean(), found.per_session.value)


def test_who_moves_alike_is_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "SHUFFLES", 1)
    found = [measure(gathered(crowd(ALIKE, 6, seed))) for seed in range(16)]
    assert abs(np.mean([one.per_session.value for one in found]) - 0.2) < 0.06
    assert sum(one.per_session.low <= 0.2 <= one.per_session.high for one in found) >= 12
    assert sum(one.gives_away for one in found) <= 2


def test_windows_of_one_session_never_help_one_another() -> None:
    """Sessions in rooms of their own, which have nothing to do with who is in them: whoever splits windows believes to know everybody."""
    rng = np.random.default_rng(3)
    told = crowd(ALIKE, 4, 3)
    rooms = [replace(one, channels={"room": np.tile(rng.normal(size=40).astype(np.float32), (len(one), 1))}) for one in told]
    fair = measure(gathered(rooms))
    assert fair.per_window.value < 0.4 and not fair.gives_away
    rows = [features.windows(one, 10.0) for one in rooms]
    learnt, tested = (np.concatenate([part[half::2] for part in rows]) for half in (0, 1))
    who = np.repeat(np.arange(5), 4 * (SECONDS // 20))
    split = classifier.fit(learnt, who, 5).scores(tested).argmax(axis=1) == who
    assert split.mean() > 0.9, "what a split of windows would have claimed"


def test_the_meter_is_the_same_every_time() -> None:
    first, again = (measure(gathered(crowd(DISTINCT, 3, 0)), seed=5) for _ in range(2))
    assert (first.per_session, first.per_window, first.shuffled) == (again.per_session, again.per_window, again.shuffled)


def test_where_somebody_is_tells_nothing() -> None:
    """Features of windows are those of the movement: elsewhere and turned round it is the same one."""
    told = walk("a", "s", np.random.default_rng(1))
    assert told.heading is not None
    elsewhere = replace(told, x=50 - told.y, y=told.x - 20, heading=told.heading + np.pi / 2, time=told.time + 1000)
    assert np.allclose(features.windows(told, 10.0), features.windows(elsewhere, 10.0))


def test_speed_and_standing_are_measured() -> None:
    time = np.arange(100) / 10
    straight = features.windows(Recording("a", "s", time, 1.5 * time, 0 * time), 10.0)
    assert straight.shape[0] == 1 and np.isclose(straight[0, 0], 1.5) and np.isclose(straight[0, 5], 0.0)
    standing = features.windows(Recording("a", "s", time, 0 * time, 0 * time), 10.0)
    assert np.isclose(standing[0, 0], 0.0) and np.isclose(standing[0, 5], 1.0) and np.isfinite(standing).all()


@pytest.mark.parametrize(("seconds", "count"), [(1.0, 0), (4.0, 1), (19.9, 1), (20.0, 2)])
def test_sessions_consist_of_whole_windows(seconds: float, count: int) -> None:
    time = np.arange(round(seconds * 10)) / 10
    assert len(features.windows(Recording("a", "s", time, time, time), 10.0)) == count


def test_the_head_gives_away_how_tall_somebody_is() -> None:
    rng = np.random.default_rng(2)

    def headed(told: Recording, tall: float) -> Recording:
        head = np.column_stack([told.x, told.y, tall + rng.normal(0, 0.02, len(told)), np.zeros((len(told), 3)), np.ones(len(told))])
        return replace(told, head=head)

    alike = crowd(ALIKE, 4, 7)
    assert not measure(gathered(alike)).gives_away
    told = measure(gathered([headed(one, 1.5 + 0.1 * int(one.subject[1:])) for one in alike]))
    assert told.per_session.value > 0.9


def test_what_cannot_be_measured_is_said() -> None:
    rng = np.random.default_rng(0)
    once = [walk(f"s{k}", f"{k}", rng) for k in range(5)]
    assert "two sessions or more of two subjects or more" in str(measured(gathered(once)))
    with pytest.raises(UserError, match="nobody can be told from anybody else in it"):
        measure(gathered(crowd({"alone": {}}, 5, 0)), what="it")
    mixed = crowd(ALIKE, 2, 0)
    mixed[0] = replace(mixed[0], heading=None)
    with pytest.raises(UserError, match="not everybody was recorded the same way"):
        measure(gathered(mixed))


def test_parts_of_a_session_stay_together() -> None:
    whole = crowd(DISTINCT, 3, 0)
    parts = [replace(one, time=one.time[s], x=one.x[s], y=one.y[s], heading=one.heading[s]) for one in whole if one.heading is not None
             for s in (slice(0, 200), slice(200, 400))]  # fmt: skip
    assert measure(gathered(parts)).sessions == 15


def test_tables_are_lined_up() -> None:
    one = Measurement(2, 8, 40, 10.0, Rate(0.5, 0.4, 0.6), Rate(0.9, 0.75, 1.0), 0.5, np.array([[1.0, 0.0], [0.2, 0.8]]), ("anna", "b"))
    lines = report.table({"as recorded": one, "as published": "nothing is left"}).splitlines()
    assert len({len(line) for line in lines[:3]}) == 1 and "0.90 (0.75 to 1.00)" in lines[2]
    assert lines[3] == "as published: not measured, since nothing is left."
    assert "1.8 times as often" in report.verdict(one) and "not told apart" in report.verdict(replace(one, per_session=Rate(0.5, 0.4, 0.6)))
    assert report.confusions(one).splitlines() == ["anna  told for anna 1.00", "b     told for b 0.80, anna 0.20"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes each of two policies of wayfinding."""
    folder = tmp_path_factory.mktemp("recorded")
    config = {"walkers": 2, "episode_steps": 200}
    for number, name in enumerate(("random", "heuristic")):
        mind = agents.load(name, "wayfinding", "walker", **config)
        play("wayfinding", {"walker": mind}, range(10 * number, 10 * number + 3), folder / name, config)
    return folder


def test_the_command_tells_policies_apart(recorded: Path, capsys: pytest.CaptureFixture[str], command: Callable[..., int]) -> None:
    assert command("meter", str(recorded), "--who") == 0
    told = capsys.readouterr().out
    assert "| wayfinding/walker | 2        | 6 " in told and "| 1.00 (1.00 to 1.00) " in told
    assert "tells who is in another 2.0 times as often as guessing does" in told and "random     told for random 1.00" in told
    assert command("meter", str(recorded), "--subjects", "random") == 1
    assert "not measured, since nobody can be told from anybody else" in capsys.readouterr().out
    assert command("meter", str(recorded), "--human") == 1 and capsys.readouterr().out == "nobody who is wanted is in these recordings\n"
    with pytest.raises(UserError, match="--window is 0"):
        command("meter", str(recorded), "--window", "0")


def test_data_sets_are_measured_as_well(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: Callable[..., int]
) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert main(["dataset", str(recorded), "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert command("meter", str(tmp_path / "avatarium"), "--window", "5") == 0
    told = capsys.readouterr().out
    assert "| wayfinding/walker | 2        | 6        | 48 of 5 s" in told and "| 1.00 (1.00 to 1.00) " in told


@pytest.fixture
def command() -> Callable[..., int]:
    """``avatarium identity`` with arguments."""
    import argparse

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        Identity().add_arguments(parser)
        return Identity().run(parser.parse_args(words))

    return run
