"""Data sets for everybody: they do not say who somebody is, nobody is alone of a kind, and what persons do not allow is not there."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium import agents, worlds
from avatarium.agents import consent
from avatarium.agents.branching import Swap, branch
from avatarium.agents.consent import agreeing, keys, sweeping
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.datasets import anonymity
from avatarium.agents.datasets.anonymity import Public, Sitting, Unit
from avatarium.agents.datasets.exporting import Wanted
from avatarium.agents.datasets.publishing import publish
from avatarium.agents.play import play
from avatarium.agents.recordings.people import people
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds import UserError
from avatarium.worlds.cli import main
from avatarium.worlds.core.transcript import Transcript

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")

CONFIG: dict[str, Any] = {"walkers": 2, "episode_steps": 100}
NOON = datetime(2027, 3, 15, 12, tzinfo=UTC)


def sitting(folder: Path, subject: str, seed: int, world: str = "wayfinding", device: str = "keyboard", **config: Any) -> Path:
    """A recording of a person, played at random, whose header says who it was."""
    role = next(iter(worlds.make_batch(world, **config).roles))
    person = {"agent": f"{role}_0", "subject": subject, "session": f"{subject}-{seed}"}
    human = {"agent": f"{role}_0", "role": role, "consent": f"I, {subject}, agree", "device": device, "time": NOON.isoformat()}
    seats = {name: agents.load("random", world, name, **config) for name in worlds.make_batch(world, **config).roles}
    return play(world, seats, [seed], folder, config, {"persons": [person], "human": human})[0]


def consenting(
    folder: Path, name: str, *purposes: str, modalities: tuple[str, ...] = ("motion", "speech", "actions", "observations")
) -> str:
    """The pseudonym of somebody who has allowed things with what lies in ``folder``."""
    token = keys.kept(folder / f"{name}.key")
    agreeing.grant(Ledger(near(folder)), token, purposes, modalities)
    return keys.subject_of(keys.key_of(token))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions each of three persons by keyboard, and of one by gamepad; all allow that they are published."""
    folder = tmp_path_factory.mktemp("recorded")
    for number in range(4):
        subject = consenting(folder, str(number), "publish")
        for seed in range(2):
            sitting(folder, subject, 10 * number + seed, device="gamepad" if number == 3 else "keyboard", **CONFIG)
    return folder


def released(paths: list[Path], out: Path, name: str = "open", **options: Any) -> Path:
    """A release of what lies at ``paths``."""
    publish(paths, out, Wanted(name=name, **options.pop("wanted", {})), Public(**({"k": 3} | options)), rng=random.Random(4))
    return out / name


def test_nothing_says_who_somebody_is(recorded: Path, tmp_path: Path) -> None:
    out = released([recorded], tmp_path)
    table = parquet.read_table(out / "wayfinding" / "walker")
    rows = table.to_pylist()
    subjects = {row["subject"] for row in rows} - {None}
    assert len({row["episode"] for row in rows}) == len(subjects) == 6, "a word of its own for each person and session"
    assert {row["subject"] is None for row in rows if row["agent"] == "walker_1"} == {True} and {row["human"] for row in rows} == {
        True,
        False,
    }
    assert not {"seed", "consent"} & set(table.column_names) and {row["month"] for row in rows} == {"2027-03"}
    told = [Transcript.open(path) for path in recorded.glob("*.avt")]
    secret = {word for one in told for word in (one.digest, one.header["extra"]["persons"][0]["subject"], NOON.isoformat(), ", agree")}
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + str(rows).encode()
    assert not [word for word in secret if word.encode() in written]
    assert not [one for one in told if one.digest[:16].encode() in written]


def test_what_is_published_is_what_happened(recorded: Path, tmp_path: Path) -> None:
    out = released([recorded], tmp_path)
    rows = parquet.read_table(out / "wayfinding" / "walker").to_pylist()
    found = {(row["episode"], row["agent"]): [] for row in rows}
    for row in rows:
        found[row["episode"], row["agent"]].append((row["x"], row["y"], row["action"], row["reward"]))
    told = [Transcript.open(path) for path in recorded.glob("*.avt")]
    wanted = []
    for one in told:
        avatars, person = one.frame("avatars"), one.header["extra"]["human"]
        for a in range(2 * (person["device"] == "keyboard")):
            steps = zip(
                avatars["x"][:100, a], avatars["y"][:100, a], one.data["actions.walker"][:, a], one.rewards["walker"][:, a], strict=True
            )
            wanted.append([(x, y, action.tolist(), reward) for x, y, action, reward in steps])
    assert sorted(found.values()) == sorted(wanted)


def test_nobody_is_alone_of_their_kind(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", str(recorded), "--out", str(tmp_path), "--public", "--k", "3"]) == 0
    told = capsys.readouterr().out
    assert (
        "2 of 8 sessions are not published" in told
        and "fewer than 3 persons share what may be known of somebody in them (1 such group)" in told
    )
    out = tmp_path / "avatarium"
    devices = set(parquet.read_table(out / "wayfinding" / "walker")["device"].to_pylist())
    assert devices == {"keyboard", None}, "whoever played by gamepad is the only one"
    card = (out / "README.md").read_text()
    assert "2 of 8 sessions are not published" in card and "at least 3 persons share the same device" in card
    with pytest.raises(UserError, match="no 5 of 4 persons share device, platform, length, world and month"):
        released([recorded], tmp_path, "few", k=5)
    all_ = released([recorded], tmp_path, "all", k=4, withheld=("device",))
    table = parquet.read_table(all_ / "wayfinding" / "walker")
    assert len({*table["episode"].to_pylist()}) == 8 and {*table["device"].to_pylist()} == {None}
    assert not (tmp_path / "few").exists()


cells = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 1)), max_size=25)


@given(st.lists(cells.filter(len).map(lambda some: some[:2]), max_size=20), st.integers(2, 4))
def test_every_crowd_is_large_enough(sessions: list[list[tuple[int, int, int]]], k: int) -> None:
    """Whatever sessions there are, of one person or two: every cell that is kept has k persons, and no more could have been kept."""
    units = [Unit(tuple(Sitting(f"s{s}", "", {"device": f"{d}", "month": f"{m}"}) for s, d, m in some), None) for some in sessions]
    kept, _ = anonymity.crowded(units, k)
    crowds: dict[tuple[str, ...], set[str]] = {}
    for unit in kept:
        for one in unit.sittings:
            crowds.setdefault(tuple(one.quasi.values()), set()).add(one.subject)
    assert all(len(crowd) >= k for crowd in crowds.values())
    count: dict[tuple[str, ...], set[str]] = {}
    for unit in units:
        if len(unit.sittings) == 1:
            count.setdefault(tuple(unit.sittings[0].quasi.values()), set()).add(unit.sittings[0].subject)
    full = {cell for cell, subjects in count.items() if len(subjects) >= k}
    assert all(unit in kept for unit in units if all(tuple(one.quasi.values()) in full for one in unit.sittings))


def test_pseudonyms_follow_from_nothing(recorded: Path, tmp_path: Path) -> None:
    """Two releases of the same recordings have no word and no order in common."""
    found = []
    for name in ("first", "second"):
        publish([recorded], tmp_path, Wanted(name=name), Public(k=3))
        table = parquet.read_table(tmp_path / name / "wayfinding" / "walker")
        found.append((list(dict.fromkeys(table["episode"].to_pylist())), list(dict.fromkeys(table["x"].to_pylist()))))
    assert not set(found[0][0]) & set(found[1][0]) and set(found[0][1]) == set(found[1][1]) and found[0][1] != found[1][1]


def test_times_are_shifted_and_rounded_to_months() -> None:
    rng, last = random.Random(1), datetime(2027, 3, 31, 12, tzinfo=UTC)
    told = [anonymity.quasi(Public(jitter_days=3.0), rng, 70.0, "w 1", last, "", "")["month"] for _ in range(200)]
    assert set(told) == {"2027-03", "2027-04"} and 60 < told.count("2027-04") < 110, "a session of the last day may be of the next month"
    assert anonymity.quasi(Public(jitter_days=0.0), rng, 70.0, "w 1", last, "a", "b") == {
        "device": "a", "platform": "b", "length": "1 min or more", "world": "w 1", "month": "2027-03"
    }  # fmt: skip
    assert "month" not in anonymity.quasi(Public(withheld=("month",)), rng, 70.0, "w 1", last, "", "")
    assert anonymity.moment(10**18) is None and anonymity.moment(0) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0)


def test_words_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    config = {"visitors": 1, "hosts": 1, "episode_steps": 60}
    folder = tmp_path / "in"
    for number in range(2):
        subject = consenting(folder, str(number), "publish", modalities=("motion", "actions", "observations"))
        sitting(folder, subject, number, "concierge", **{name: value for name, value in config.items() if name == "episode_steps"})
    with pytest.raises(consent.PrivateError, match="speech"):
        released([folder], tmp_path, "spoken", k=2, words=True)
    out = released([folder], tmp_path, k=2)
    spec = worlds.spec("concierge")
    for role in spec.roles(spec.config()):
        (path,) = (out / "concierge").glob(f"{role.name}*")
        table = parquet.read_table(path)
        about = json.loads(table.schema.metadata[b"avatarium"])
        assert "hearing" not in {feature["sensor"] for feature in about["features"]}
        assert "say" not in {head["name"] for head in about["actions"]["heads"]}
        kinds = {event["kind"] for events in table["events"].to_pylist() for event in events}
        assert "said" not in kinds
        assert len(table["action"][0]) == len(about["actions"]["heads"]) == len(role.heads) - 1
        assert (
            len(table["observation"][0])
            == about["features"][-1]["stop"]
            == role.observation_size - role.features[[feature.sensor for feature in role.features].index("hearing")].size
        )


def test_places_alone(recorded: Path, tmp_path: Path) -> None:
    out = released([recorded], tmp_path, coarse_m=0.5)
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["motion"]
    table = parquet.read_table(out / "motion" / "wayfinding")
    assert set(table.column_names) >= {"episode", "subject", "time", "x", "y"} and not {"observation", "action", "reward"} & set(
        table.column_names
    )
    for name in ("x", "y"):
        assert np.allclose(2 * np.asarray(table[name]) % 1, 0.0)
    assert table["heading"].null_count == table["head"].null_count == len(table)
    assert {*table["agent"].to_pylist()} == {"walker_0", "walker_1"} and table["subject"].null_count == len(table) / 2
    assert len({*table["subject"].to_pylist()}) == 7 and "Places are rounded to 0.5 m" in (out / "README.md").read_text()


def test_who_has_not_allowed_it_is_not_in_it(recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    willing = [consenting(folder, str(number), "publish") for number in range(2)]
    unwilling = consenting(folder, "x", "train")
    for number, subject in enumerate((*willing, unwilling)):
        sitting(folder, subject, number, **CONFIG)
    with pytest.raises(consent.PrivateError, match="not allowed that to be given to everybody"):
        released([folder], tmp_path, k=2)
    out = released([folder], tmp_path, k=2, wanted={"skip_private": True})
    assert len({*parquet.read_table(out / "wayfinding" / "walker")["episode"].to_pylist()}) == 2


def test_what_is_withdrawn_is_taken_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    subjects = [consenting(folder, str(number), "publish") for number in range(3)]
    for number, subject in enumerate(subjects):
        sitting(folder, subject, number, **CONFIG)
    out = released([folder], tmp_path, k=2)
    ledger = Ledger(near(folder))
    agreeing.withdraw(ledger, subjects[0], keys.read(folder / "0.key"))
    report = sweeping.sweep(ledger)
    assert list(report.reissued.values()) == [1]
    assert len({*parquet.read_table(out / "wayfinding" / "walker")["episode"].to_pylist()}) == 2


def test_what_a_person_closes_is_open_to_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(2):
        subject = consenting(
            folder, str(number), "publish", modalities=("motion",) if number == 0 else ("motion", "actions", "observations")
        )
        sitting(folder, subject, number, **CONFIG)
    out = released([folder], tmp_path, k=2)
    rows = [row for row in parquet.read_table(out / "wayfinding" / "walker").to_pylist() if row["human"]]
    closed = [row["observation"] is None and row["action"] is None for row in rows]
    assert closed.count(True) == closed.count(False) == 100 and all(row["x"] is not None for row in rows)


def test_branches_of_persons_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(2):
        path = sitting(folder, consenting(folder, str(number), "publish"), number, **CONFIG)
    branch(path, 20, "walker_1", Swap("random"), folder / "branches")
    report = publish([folder], tmp_path / "out", Wanted(), Public(k=2))
    assert any("is a branch" in sentence for sentence in report.twice) and report.made[0].episodes == 2


def test_movements_of_other_recorders(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rng = np.random.default_rng(0)
    lines = [f"u{k},{t * 0.25 + 1000 * s},{rng.normal():.4f},{k}" for k in range(3) for s in range(2) for t in range(80)]
    path = folder / "mall.csv"
    path.write_text("user_id,timestamp,x,y\n" + "\n".join(lines) + "\n")
    assert main(["dataset", str(folder), "--out", str(tmp_path / "private")]) == 0
    table = parquet.read_table(tmp_path / "private" / "avatarium" / "motion" / "csv")
    assert len(table) == 480 and {*table["subject"].to_pylist()} == {"u0", "u1", "u2"} and table["time"].to_pylist()[:3] == [0, 0.25, 0.5]
    with pytest.raises(consent.PrivateError, match=r"mall\.csv"):
        released([folder], tmp_path, k=3)
    assert main(["consent", "grant", str(path), "--purpose", "publish", "--key", str(tmp_path / "key")]) == 0
    assert len(people(path)) == 3
    out = released([folder], tmp_path, k=3)
    table = parquet.read_table(out / "motion" / "csv")
    assert len({*table["subject"].to_pylist()}) == len({*table["episode"].to_pylist()}) == 6 and "began_ms" not in table.column_names
    assert np.allclose(np.diff(np.asarray(table["time"]))[:190], 0.1), "at times of ours"
    assert "| motion/csv, as published | 3        | 6        | 6 of 10 s" in (out / "README.md").read_text()
    assert main(["dataset", str(path), "--out", str(tmp_path / "none"), "--format", "minari"]) == 2


def test_what_is_measured_is_said(recorded: Path, tmp_path: Path) -> None:
    card = (released([recorded], tmp_path) / "README.md").read_text()
    assert "| wayfinding/walker, as recorded  | 3        | 6        |" in card and "as published | 3 " in card
    with pytest.raises(UserError, match="already: give another --out or --name"):
        released([recorded], tmp_path)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"withheld": ("devise",)}, "cannot be withheld: did you mean 'device'"),
        ({"withheld": ("length",)}, "'length' cannot be withheld"),
        ({"k": 1}, "1 is no crowd"),
        ({"jitter_days": -1.0}, "shifted by 0 to 366"),
        ({"coarse_m": 0.0}, "rounded to 0.01 to 100 m"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Public(**options)


def test_options_of_public_data_sets_go_with_it(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", str(recorded), "--out", str(tmp_path / "out"), "--k", "3"]) == 2
    assert "add --public" in capsys.readouterr().err
    assert main(["dataset", str(recorded), "--out", str(tmp_path / "out"), "--public", "--format", "minari"]) == 2
    assert "public data sets are Parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_coarse_movements_lose_their_clock_and_their_grain() -> None:
    told = Recording("a", "s", np.array([5.0, 5.4, 6.0]), np.array([0.0, 0.4, 1.0]), np.zeros(3), np.ones(3), began_ms=7)
    coarse = anonymity.coarse(told, 0.5)
    assert coarse.time.tolist() == [k / 10 for k in range(11)] and set(coarse.x.tolist()) == {0.0, 0.5, 1.0}
    assert coarse.heading is None and coarse.began_ms is None and anonymity.coarse(told, None).heading is not None
