"""Transcripts become data sets in which every number is what the world gives when it is played again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import agents, worlds
from avatarium.agents.branching import Swap, branch
from avatarium.agents.consent import agreeing
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.datasets import exporting, kinds, tables
from avatarium.agents.datasets.exporting import Wanted, export
from avatarium.agents.play import play
from avatarium.worlds import UserError
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
minari = pytest.importorskip("minari", reason="minari is not installed")
pytest.importorskip("h5py", reason="h5py is not installed")

GAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "come and go": ("gathering", {"guests": 4, "late": 0.5, "early": 0.5, "episode_steps": 90}),
    "not always due": ("domination", {"command": "order", "team": 2, "episode_steps": 60}),
    "masked": ("masks", {"operators": 2}),
    "continuous": ("steering", {"craft": 2}),
    "cut by the clock": ("coordination", {}),
}


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Two transcripts of each game, played at random."""
    folder = tmp_path_factory.mktemp("games")
    found = {}
    for name, (world, config) in GAMES.items():
        seats = {role: agents.load("random", world, role, **config) for role in worlds.make_batch(world, **config).roles}
        found[name] = play(world, seats, [3, 5], folder / world, config)
    return found


Row = dict[str, Any]


def truth(path: Path) -> dict[str, list[Row]]:
    """What every agent lived through, row by row, and its stays; found by playing the actions, with nothing of what is tested."""
    told = Transcript.open(path)
    batch = worlds.make_batch(told.header["world"], autoreset=False, **told.header["config"])
    batch.reset([told.header["seed"]])
    numbers, rows = {}, {}
    for role, count in batch.num_agents.items():
        for a in range(count):
            numbers[f"{role}_{a}"] = (role, a, len(numbers))
    stays, before = dict.fromkeys(numbers, 0), {}
    for t in range(told.steps):
        for agent, (role, a, _) in numbers.items():
            before[agent] = (batch.present[role][0, a], batch.observations[role][0, a].copy(), batch.allowed[role][0, a].copy())
        step = batch.step({role: told.data[f"actions.{role}"][t][None] for role in batch.roles})
        log = batch.events.records[0, : batch.events.count[0]]
        for agent, (role, a, number) in numbers.items():
            here, saw, allowed = before[agent]
            if not here:
                continue
            died, late, there = step.termination[role][0, a], step.truncation[role][0, a], batch.present[role][0, a]
            row = {"step": t, "stay": stays[agent], "observation": saw, "allowed": allowed, "action": told.data[f"actions.{role}"][t, a]}
            row |= {"reward": step.reward[role][0, a], "terms": batch.reward_terms[role][0, a].copy()}
            row |= {"termination": bool(died or not (there or late)), "truncation": bool(late), "final": None}
            row["events"] = [e for e in log.tolist() if number in e[1:3]]
            if died or late or not there or t + 1 == told.steps:
                row["final"] = batch.observations[role][0, a].copy()
                stays[agent] += 1
            rows.setdefault(agent, []).append(row)
    batch.close()
    return rows


def frame(array: Any) -> np.ndarray:
    """A column of lists of one length as an array [rows, length]."""
    whole = array.combine_chunks()
    return np.asarray(whole.flatten()).reshape(len(whole), -1)


@pytest.mark.parametrize("game", GAMES)
def test_tables_hold_what_the_world_gives(game: str, games: dict[str, list[Path]], tmp_path: Path) -> None:
    report = export(games[game], tmp_path)
    assert not report.skipped and len(report.made) == len(Transcript.open(games[game][0]).roles)
    wanted = {Transcript.open(path).digest: truth(path) for path in games[game]}
    read = [parquet.read_table(made.path) for made in report.made]
    assert sum(map(len, read)) == sum(len(rows) for agent in wanted.values() for rows in agent.values())
    for table in read:
        about = json.loads(table.schema.metadata[b"avatarium"])
        keys = list(zip(table["episode"].to_pylist(), table["agent"].to_pylist(), strict=True))
        expected = [row for key in dict.fromkeys(keys) for row in wanted[key[0]][key[1]]]
        assert keys == [key for key in dict.fromkeys(keys) for _ in wanted[key[0]][key[1]]], "stay by stay, in order"
        for name in ("step", "stay", "termination", "truncation"):
            assert table[name].to_pylist() == [row[name] for row in expected], name
        for name in ("observation", "action", *(("allowed",) if "allowed" in table.column_names else ())):
            assert np.array_equal(frame(table[name]), [row[name] for row in expected]), name
        assert np.array_equal(np.asarray(table["reward"]), [row["reward"] for row in expected])
        terms = [[term[name] for name in about["terms"]] for term in table["terms"].to_pylist()]
        assert np.array_equal(np.array(terms, np.float32), [row["terms"] for row in expected])
        for last, row in zip(table["final_observation"].to_pylist(), expected, strict=True):
            assert (last is None) == (row["final"] is None)
            assert last is None or np.array_equal(np.float32(last), row["final"])
        for told, row in zip(table["events"].to_pylist(), expected, strict=True):
            named = [(about["events"][kind]["name"], np.float32(value)) for kind, _, _, value in row["events"]]
            assert [(event["kind"], np.float32(event["value"])) for event in told] == named


@pytest.mark.parametrize("game", GAMES)
def test_minari_loads_what_the_world_gives(
    game: str, games: dict[str, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    report = export(games[game], tmp_path, Wanted(format="minari", name="mine"))
    roles = Transcript.open(games[game][0]).roles
    wanted = {Transcript.open(path).digest: truth(path) for path in games[game]}
    assert set(minari.list_local_datasets()) == {str(made.path.relative_to(tmp_path)) for made in report.made}
    left = sum(row["final"] is not None for agent in wanted.values() for rows in agent.values() for row in rows)
    for name, about in minari.list_local_datasets().items():
        role = roles[about["avatarium"]["role"]]
        loaded = minari.load_dataset(name)
        assert loaded.observation_space == role.observation_space and loaded.action_space == role.action_space
        left -= loaded.total_episodes
        for one, where in zip(loaded, loaded.storage.get_episode_metadata(loaded.episode_indices), strict=True):
            rows = [row for row in wanted[where["transcript"]][where["agent"]] if row["stay"] == where["stay"]]
            assert where["first_step"] == rows[0]["step"] and where["seed"] in (3, 5) and not where["human"] and where["policy"] == "random"
            assert np.array_equal(one.observations, [*(row["observation"] for row in rows), rows[-1]["final"]])
            assert np.array_equal(one.actions, [row["action"] for row in rows])
            assert all(loaded.action_space.contains(action) for action in one.actions)
            assert np.array_equal(one.rewards, [row["reward"] for row in rows]) and one.rewards.dtype == np.float32
            assert one.terminations.tolist() == [row["termination"] for row in rows]
            assert one.truncations[:-1].tolist() == [row["truncation"] for row in rows[:-1]]
            assert one.truncations[-1] == (rows[-1]["truncation"] or not rows[-1]["termination"])
            assert one.infos["step"].tolist() == [row["step"] for row in rows] + [rows[-1]["step"] + 1]
            for k, term in enumerate(role.terms):
                assert np.array_equal(one.infos["terms"][term], [0.0, *(row["terms"][k] for row in rows)])
            if role.masked:
                assert np.array_equal(one.infos["allowed"][:-1], [row["allowed"] for row in rows])
            counts = sum(counted[1:] for counted in one.infos["done"].values())
            me = int(where["agent"].rpartition("_")[2]) + (0 if role.name == next(iter(roles)) else role.count)
            assert counts.tolist() == [sum(event[1] == me for event in row["events"]) for row in rows]
    assert left == 0, "every stay is an episode"


def test_whether_decisions_count_is_told(games: dict[str, list[Path]], tmp_path: Path) -> None:
    export(games["not always due"], tmp_path)
    (table,) = (parquet.read_table(path) for path in tmp_path.glob("avatarium/domination/red*"))
    due = np.asarray(table["due"])
    assert 0 < due.mean() < 0.5
    assert (frame(table["allowed"])[~due].sum(axis=1) == 2).all(), "only what stands is open when it does not count"


def test_the_schema_says_what_everything_means(games: dict[str, list[Path]], tmp_path: Path) -> None:
    (made,) = export(games["continuous"], tmp_path).made
    schema = parquet.read_schema(made.path / "part-00000.parquet")
    about = json.loads(schema.metadata[b"avatarium"])
    role = worlds.make_batch("steering").roles["pilot"]
    assert [(f["name"], slice(f["start"], f["stop"])) for f in about["features"]] == list(role.slices().items())
    assert about["actions"] == {"controls": ["right", "up"], "range": [-1, 1]} and about["step_s"] == 0.1
    assert all(schema.field(name).metadata[b"meaning"] for name in schema.names)


def test_row_groups_and_parts_change_nothing(games: dict[str, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(games["come and go"], tmp_path / "whole")
    monkeypatch.setattr(tables, "GROUP_BYTES", 1 << 14)
    monkeypatch.setattr(tables, "PART_ROWS", 100)
    export(games["come and go"], tmp_path / "parts")
    one, other = (tmp_path / name / "avatarium" / "gathering" / "guest" for name in ("whole", "parts"))
    assert len(list(one.iterdir())) == 1 and len(list(other.iterdir())) > 2
    assert parquet.read_table(one).to_pylist() == parquet.read_table(other).to_pylist()


def test_the_same_transcripts_give_the_same_bytes(games: dict[str, list[Path]], tmp_path: Path) -> None:
    for name in ("one", "other"):
        export(games["come and go"], tmp_path / name)
    (one, other) = (sorted((tmp_path / name).rglob("*.parquet")) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def by(world: str, folder: Path, extra: dict[str, Any], **config: Any) -> Path:
    """A transcript of ten steps of standing still, in whose header there is ``extra``."""
    batch = worlds.make_batch(world, autoreset=False, **config)
    batch.reset([7])
    recorder = Recorder(folder, batch, [7], dict.fromkeys(batch.roles, "random"), extra)
    for _ in range(10):
        batch.step({name: np.zeros((1, r.count, r.action_size), r.action_dtype) for name, r in batch.roles.items()})
        recorder.step()
    recorder.close()
    return recorder.paths[0]


def allowed(*paths: Path) -> None:
    """Let whoever played these allow them to be learnt from."""
    agreeing.grant(Ledger(near(paths[0].parent)), "a" * 32, ["train"], sessions=[Transcript.open(path).digest for path in paths])


@pytest.mark.parametrize("extra", [{"human": {"agent": "pilot_1", "consent": "I agree"}}, {"by_hand": "pilot_1"}], ids=["new", "old"])
def test_what_persons_did_is_marked_and_can_be_had_alone(extra: dict[str, Any], tmp_path: Path) -> None:
    path = by("steering", tmp_path / "played", extra, craft=3)
    allowed(path)
    (made,) = export([path], tmp_path / "all").made
    table = parquet.read_table(made.path).to_pylist()
    assert {row["agent"]: (row["human"], row["policy"], row["consent"]) for row in table} == {
        "pilot_0": (False, "random", None),
        "pilot_1": (True, "human", "I agree" if "human" in extra else None),
        "pilot_2": (False, "random", None),
    }
    (alone,) = export([path], tmp_path / "alone", Wanted(human=True)).made
    assert set(parquet.read_table(alone.path)["agent"].to_pylist()) == {"pilot_1"} and (alone.stays, alone.steps) == (1, 10)
    with pytest.raises(UserError, match="no person played"):
        export([by("steering", tmp_path / "nobody", {})], tmp_path / "none", Wanted(human=True))


def test_a_role_can_be_had_alone(games: dict[str, list[Path]], tmp_path: Path) -> None:
    (made,) = export(games["not always due"], tmp_path, Wanted(roles=("blue",))).made
    assert made.path.name.startswith("blue") and made.episodes == 2
    with pytest.raises(UserError, match="no transcript has a role 'bleu': did you mean 'blue'"):
        export(games["not always due"], tmp_path / "none", Wanted(roles=("bleu",)))


def test_what_senses_other_things_goes_into_another_data_set(tmp_path: Path) -> None:
    paths = [by("steering", tmp_path / "usual", {}), by("masks", tmp_path / "few", {}, buttons=3), by("masks", tmp_path / "more", {})]
    names = [made.path.relative_to(tmp_path / "out") for made in export(paths, tmp_path / "out").made]
    assert [name.parts[1] for name in names] == ["masks", "masks", "steering"]
    assert {"operator", "pilot"} < {name.name for name in names} and len({name.name for name in names}) == 3
    assert all(name.name.startswith("operator") for name in names[:2])


def test_the_same_episode_is_taken_once(games: dict[str, list[Path]], tmp_path: Path) -> None:
    copy = tmp_path / "copy.avt"
    copy.write_bytes(games["masked"][0].read_bytes())
    report = export([*games["masked"], copy, games["masked"][0]], tmp_path / "out")
    assert [str(copy) in sentence for sentence in report.twice] == [True]
    assert report.made[0].episodes == 2 and not report.skipped


def test_nothing_is_written_over(games: dict[str, list[Path]], tmp_path: Path) -> None:
    export(games["masked"], tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    with pytest.raises(UserError, match="already: give another --out or --name"):
        export(games["masked"], tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert export(games["masked"], tmp_path, Wanted(name="second")).made


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [(Wanted(format="parquett"), "did you mean 'parquet'"), (Wanted(name="../up"), "cannot be called '../up'")],
)
def test_what_there_is_not_is_refused(wanted: Wanted, sentence: str, games: dict[str, list[Path]], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        export(games["masked"], tmp_path / "out", wanted)
    assert not (tmp_path / "out").exists()


def test_progress_is_told(games: dict[str, list[Path]], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    note: Callable[[int, int], None] = lambda done, total: told.append((done, total))  # noqa: E731
    exporting.export(games["masked"], tmp_path, progress=note)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_who_comes_back_has_another_stay(
    games: dict[str, list[Path]], tmp_path: Path, tampered: Callable[..., worlds.WorldSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *more: object) -> None:
        out[0].present[:, 1] = not 20 <= episodes.clock[0] < 30

    spec = tampered(worlds.spec("steering"), step=vanish)
    monkeypatch.setattr(Transcript, "spec", property(lambda told: spec))
    monkeypatch.setattr(kinds.discovery, "address", lambda found: found.name)
    (made,) = export(games["continuous"][:1], tmp_path).made
    rows = [row for row in parquet.read_table(made.path).to_pylist() if row["agent"] == "pilot_1"]
    assert made.stays == 3
    assert [row["step"] for row in rows if row["stay"] == 0] == list(range(20))
    assert [row["step"] for row in rows if row["stay"] == 1] == list(range(30, 100))
    assert [row["step"] for row in rows if row["termination"]] == [19], "who is gone has come to an end, whatever the world says of it"
    assert [row["step"] for row in rows if row["final_observation"]] == [19, 99]


def test_what_a_person_did_counts_once_however_often_it_is_branched(tmp_path: Path) -> None:
    config = {"walkers": 2, "episode_steps": 60}
    seats = {"walker": agents.load("random", "wayfinding", "walker", **config)}
    (path,) = play("wayfinding", seats, [3], tmp_path / "in", config, {"by_hand": "walker_0"})
    branches = branch(path, 20, "walker_1", Swap("random"), tmp_path / "in" / "branches", repeat=2)
    allowed(path, *(one.path for one in (*branches.originals, *branches.branches)))
    report = export([tmp_path / "in"], tmp_path / "out", Wanted(human=True))
    (made,) = report.made
    assert made.episodes == 1
    assert any("is a branch, and repeats what a person did" in sentence for sentence in report.twice)
