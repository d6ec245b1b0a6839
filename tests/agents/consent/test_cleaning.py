"""What is withdrawn goes: recordings, and rows of data sets, also where whoever removes it is killed at any point."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from people import SUBJECTS, TOKENS, persons, with_extra

from avatarium.agents.consent import PrivateError, agreeing, data_hash, made, sweeping, verifying, words
from avatarium.agents.consent.ledger import Ledger
from avatarium.agents.consent.words import Use
from avatarium.agents.datasets.exporting import Wanted, export
from avatarium.worlds.core.transcript import Transcript

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
minari = pytest.importorskip("minari", reason="minari is not installed")
pytest.importorskip("h5py", reason="h5py is not installed")

OUTSIDE = Path(__file__).parent / "outside"
Played = Callable[..., Path]


def episodes(place: Path) -> set[str]:
    """The episodes of which there are rows."""
    return set(parquet.read_table(place)["episode"].to_pylist()) if place.exists() else set()


def digests(*paths: Path) -> set[str]:
    return {Transcript.open(path).digest for path in paths}


def test_a_data_set_says_what_it_is_made_of(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    paths = [played(0, 0, "train"), played(1, 1, "train")]
    (one,) = export([folder], tmp_path / "data").made
    about = made.about(one.path)
    assert set(about["episodes"]) == digests(*paths) and about["data"] == data_hash(digests(*paths)) and about["purpose"] == "train"
    assert about["ledgers"] == [ledger.head] and isinstance(ledger.entries[-1].word, Use)
    assert verifying.faults(ledger) == []
    assert len(parquet.read_table(one.path)) > 0, "what it says of itself is in nobody's way"


def test_data_sets_of_policies_are_as_they_were(templates: list[Path], folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    with_extra(templates[0], folder / "x.avt", {})
    (one,) = export([folder], tmp_path / "data").made
    assert [path.name for path in one.path.iterdir()] == ["part-00000.parquet"] and not ledger.path.exists()


def test_nothing_private_goes_into_a_data_set(played: Played, folder: Path, tmp_path: Path) -> None:
    good, bad = played(0, 0, "train"), played(1, 1, "publish")
    with pytest.raises(PrivateError, match=str(bad)):
        export([folder], tmp_path / "data")
    assert not (tmp_path / "data").exists()
    report = export([folder], tmp_path / "data", Wanted(skip_private=True))
    assert len(report.private) == 1 and episodes(report.made[0].path) == digests(good)
    (one,) = export([bad], tmp_path / "published", Wanted(purpose="publish")).made
    assert episodes(one.path) == digests(bad)


def test_what_is_not_allowed_of_a_recording_is_not_in_its_rows(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    played(0, 0)
    agreeing.grant(ledger, TOKENS[0], ["train"], ["motion", "actions"])
    (one,) = export([folder], tmp_path / "data").made
    rows = parquet.read_table(one.path).to_pylist()
    mine, others = ([row for row in rows if (row["agent"] == "pilot_0") == whose] for whose in (True, False))
    assert len(mine) == len(others) == 10
    assert all(row["observation"] is row["final_observation"] is None and row["action"] is not None for row in mine)
    assert all(row["observation"] is not None and row["action"] is not None for row in others)
    (other,) = export([folder], tmp_path / "minari", Wanted(format="minari")).made
    assert other.stays == 1, "an episode of Minari cannot be without observations"


@pytest.mark.parametrize("form", ["parquet", "minari"])
def test_a_withdrawal_removes_recordings_and_rows(
    form: str, played: Played, folder: Path, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [played(0, 0, "train", "replay", session="a"), played(0, 1, "train", session="b"), played(1, 2, "train")]
    (one,) = export([folder], tmp_path / "data", Wanted(format=form)).made
    names = dict(zip(digests_in_order(paths), paths, strict=True))
    before = contents(one.path, form, monkeypatch)
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], sessions=["a"])
    report = sweeping.sweep(ledger)
    gone = next(iter(names))
    assert report.deleted == [paths[0]] and report.reissued == {one.path: 1} and not report.missing
    assert [path.exists() for path in paths] == [False, True, True]
    assert contents(one.path, form, monkeypatch) == {key: rows for key, rows in before.items() if key != gone}, "the others as they were"
    assert set(made.about(one.path)["episodes"]) == set(names) - {gone}
    assert not [path for path in one.path.parent.iterdir() if path.name.startswith(".")]
    assert sweeping.sweep(ledger) == sweeping.Report() and verifying.faults(ledger) == []
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0])
    agreeing.withdraw(ledger, SUBJECTS[1], TOKENS[1])
    sweeping.sweep(ledger)
    assert not one.path.exists() and not list(folder.glob("*.avt"))


def digests_in_order(paths: list[Path]) -> list[str]:
    return [Transcript.open(path).digest for path in paths]


def contents(place: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The rows of a data set by their episode, as a learner loads them."""
    found: dict[str, Any] = {}
    if form == "parquet":
        for row in parquet.read_table(place).to_pylist():
            found.setdefault(row["episode"], []).append(row)
        return found
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(place.parents[2]))
    loaded = minari.load_dataset("/".join(place.parts[-3:]))
    about = loaded.storage.get_episode_metadata(loaded.episode_indices)
    assert loaded.total_steps == sum(len(one.rewards) for one in loaded) and [one.id for one in loaded] == list(range(len(loaded)))
    for one, where in zip(loaded, about, strict=True):
        found.setdefault(where["transcript"], []).append((where["agent"], one.observations.tolist(), one.actions.tolist()))
    return found


def test_taking_back_one_purpose_leaves_the_others(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    path = played(0, 0, "train", "publish")
    wanted = {purpose: export([folder], tmp_path / purpose, Wanted(purpose=purpose)).made[0].path for purpose in ("train", "publish")}
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], ["publish"])
    report = sweeping.sweep(ledger)
    assert list(report.reissued) == [wanted["publish"]] and not wanted["publish"].exists()
    assert episodes(wanted["train"]) == digests(path) and path.exists()


def test_what_runs_out_leaves_data_sets_and_can_be_renewed(
    played: Played, folder: Path, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other, now = played(0, 0), played(1, 1, "train"), words.now()
    agreeing.grant(ledger, TOKENS[0], ["train"], until=(now + timedelta(days=1)).isoformat())
    (one,) = export([folder], tmp_path / "data").made
    assert sweeping.sweep(ledger) == sweeping.Report()
    with monkeypatch.context() as later:
        later.setattr(words, "now", lambda: now + timedelta(days=2))
        assert sweeping.sweep(ledger).reissued == {one.path: 1}
        assert episodes(one.path) == digests(other) and path.exists()


def test_a_recording_of_several_goes_with_the_first_who_withdraws(templates: list[Path], folder: Path, ledger: Ledger) -> None:
    path = with_extra(templates[0], folder / "x.avt", persons(("pilot_0", 0, "s"), ("pilot_1", 1, "s")))
    for token in TOKENS[:2]:
        agreeing.grant(ledger, token, ["train"])
    agreeing.withdraw(ledger, SUBJECTS[1], TOKENS[1])
    assert sweeping.sweep(ledger).deleted == [path]


def test_copies_elsewhere_are_found_where_one_looks(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    path = played(0, 0, "train")
    (tmp_path / "copies").mkdir()
    copy = tmp_path / "copies" / "y.avt"
    copy.write_bytes(path.read_bytes())
    (tmp_path / "copies" / "rubbish.avt").write_text("no transcript")
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0])
    assert sweeping.sweep(ledger, [tmp_path / "copies"]).deleted == [path, copy]


def test_a_data_set_that_was_moved_is_told(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    played(0, 0, "train")
    (one,) = export([folder], tmp_path / "data").made
    one.path.rename(tmp_path / "elsewhere")
    assert sweeping.sweep(ledger).missing == []
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0])
    (sentence,) = sweeping.sweep(ledger).missing
    assert str(one.path) in sentence and "wherever it is now, delete it" in sentence


def test_who_withdraws_while_a_data_set_is_made_is_not_in_it(played: Played, folder: Path, tmp_path: Path, ledger: Ledger) -> None:
    played(0, 0, "train")

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            agreeing.withdraw(Ledger(ledger.path), SUBJECTS[0], TOKENS[0])

    with pytest.raises(PrivateError, match="withdrawn consent meanwhile"):
        export([folder], tmp_path / "data", progress=meanwhile)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("act", "least"), [("withdraw", 30), ("make", 10)])
def test_whoever_is_killed_at_any_point_leaves_nothing_forbidden(
    act: str, least: int, played: Played, folder: Path, tmp_path: Path
) -> None:
    played(0, 0, "train", session="victim").rename(folder / "victim.avt")
    played(0, 1, "train")
    played(1, 2, "train")
    export([folder], tmp_path / "data")
    (tmp_path / "all").mkdir()
    for name in ("played", "data"):
        (tmp_path / name).rename(tmp_path / "all" / name)
    command = [sys.executable, str(OUTSIDE / "killed.py"), act, str(tmp_path / "all")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= least, "so many points there are"
