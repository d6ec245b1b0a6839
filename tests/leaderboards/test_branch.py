"""``avatarium branch``: numbers that are those of the transcripts, and words that are right."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from avatarium.agents import load, populations
from avatarium.agents.branching import Act, Swap, branch
from avatarium.agents.play import play
from avatarium.leaderboards import branch as comparing
from avatarium.leaderboards.metrics import metric
from avatarium.render import commands
from avatarium.worlds.cli import main
from avatarium.worlds.core.transcript import Transcript, verify

AT = 60
SHORT: dict[str, Any] = {"episode_steps": 150}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short episode of people who know the way."""
    folder = tmp_path_factory.mktemp("recorded")
    return play("wayfinding", {"walker": load("heuristic", "wayfinding", "walker", **SHORT)}, [3], folder, SHORT)[0]


@pytest.fixture
def avatarium(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs ``avatarium branch`` from a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Any:
        code = main(["branch", *map(str, words)])
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return run


def test_rows_are_what_the_transcripts_say(recorded: Path, tmp_path: Path) -> None:
    found = branch(recorded, AT, "walker_2", Swap("random"), tmp_path)
    compared = comparing.compare(found)
    told = [Transcript.open(future.path) for future in (found.originals[0], found.branches[0])]
    rows = {(row.what, row.whose): row for row in compared.rows}
    spl = metric("spl")
    for whose, avatars in (("walker_2", [2]), ("every walker", range(8))):
        above, below = np.array([spl.fold(one, "walker", avatars) for one in told]).T
        row = rows[spl.title, whose]
        expected = [a / b if b else np.nan for a, b in zip(above, below, strict=True)]
        assert [row.original, row.branch] == pytest.approx(expected, nan_ok=True)
    paid = [one.rewards["walker"][AT:, 2].sum(dtype=float) for one in told]
    total = rows[f"reward from step {AT} on", "walker_2"]
    assert [total.original, total.branch] == pytest.approx(paid, abs=1e-4)
    assert total.difference.value == pytest.approx(paid[1] - paid[0], abs=1e-4)
    terms = [row for (what, _), row in rows.items() if what.startswith(f"reward from step {AT} on: ")]
    assert len(terms) == 5 and sum(row.branch for row in terms) == pytest.approx(paid[1], abs=1e-4)


def test_it_tells_when_futures_part_and_who_ends_elsewhere(recorded: Path, tmp_path: Path) -> None:
    same = comparing.compare(branch(recorded, AT, "walker_2", None, tmp_path / "same"))
    assert (same.parted, same.moved) == ([None], [0])
    assert comparing.sentences(same) == ["both futures are the same, byte for byte"]
    other = comparing.compare(branch(recorded, AT, "walker_2", Act({"walk": "back"}, 60), tmp_path / "other"))
    a, b = (Transcript.open(future.path).frame("avatars") for future in (*other.found.originals, *other.found.branches))
    differ = (a.view(np.uint8) != b.view(np.uint8)).reshape(len(a), -1).any(axis=1)
    assert other.parted == [int(np.flatnonzero(differ)[0]) - 1] and AT <= int(other.parted[0] or 0) <= AT + 2
    assert other.moved == [int((np.hypot(a["x"][-1] - b["x"][-1], a["y"][-1] - b["y"][-1]) > 0.5).sum())] and other.moved != [0]
    assert comparing.sentences(other)[0].startswith(f"states differ from step {other.parted[0]} on, ")


def test_pairs_give_an_interval(tmp_path: Path) -> None:
    (path,) = play("coordination", {"mover": load("random", "coordination", "mover")}, [5], tmp_path)
    still = comparing.compare(branch(path, 10, "mover_0", Act({"move": "stay"}, 60), tmp_path / "out", repeat=12))
    rows = {row.what: row for row in still.rows}
    row = rows["reward from step 10 on"]
    assert still.pairs == 12 and row.difference.low < row.difference.value < row.difference.high
    pairs = [
        (a.terms["mover"][0].sum(), b.terms["mover"][0].sum()) for a, b in zip(still.found.originals, still.found.branches, strict=True)
    ]
    assert row.difference.value == pytest.approx(np.mean([b - a for a, b in pairs]))
    assert "of 12 pairs, at the earliest from step 10 on, the step of the branch" in comparing.sentences(still)[0]


def test_it_says_where_nothing_is_left_to_chance(recorded: Path, tmp_path: Path) -> None:
    compared = comparing.compare(branch(recorded, AT, "walker_2", Act({"walk": "back"}), tmp_path, repeat=2))
    assert "every pair of futures is the same" in comparing.sentences(compared)[-1]


def test_the_command_prints_a_table_and_leaves_two_transcripts(recorded: Path, avatarium: Callable[..., Any]) -> None:
    done = avatarium(recorded, "--at", AT, "--agent", "walker_2", "--action", "walk=back,turn=left", "--for", 5)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].strip() == f"wayfinding, walker_2 from step {AT} of 150: walk=back, turn=left for 5 steps"
    files = [Path(word) for word in lines[-1].split()]
    assert [file.name for file in files] == ["original.avt", "branch.avt"] and all(verify(file).ok for file in files)
    assert files[0].parent == Path("runs/branch") / f"{recorded.stem}-{AT}"
    again = avatarium(recorded, "--at", AT, "--agent", "walker_2", "--policy", "random")
    assert f"runs/branch/{recorded.stem}-{AT}-2/branch.avt" in again.out


def test_json_is_json(recorded: Path, avatarium: Callable[..., Any]) -> None:
    words = ("--at", AT, "--agent", "walker_2", "--policy", "random", "--others", "replay", "--out", "here", "--json")
    found = json.loads(avatarium(recorded, *words).out)
    assert (found["of"], found["at"], found["agent"]) == (Transcript.open(recorded).digest, AT, "walker_2")
    assert found["change"] == {"policy": "random"} and found["branches"] == ["here/branch.avt"] and found["notes"] == []
    assert {"what", "whose", "original", "branch", "difference", "digits", "unit"} == set(found["rows"][0])


def test_files_play_in_the_sandbox(recorded: Path, tmp_path: Path, avatarium: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    member = next(one for one in populations.members("wayfinding") if one.path is not None)
    started = []
    before = comparing.entrant
    monkeypatch.setattr(comparing, "entrant", lambda text: started.append(before(text)) or started[-1])
    done = avatarium(recorded, "--at", AT, "--agent", "walker_2", "--policy", member.path, "--out", "here")
    assert done.code == 0 and type(started[0]).__name__ == "Submitted" and started[0].layers == {}
    assert "entropy" in Transcript.open(tmp_path / "here" / "branch.avt").readouts["walker"]


def test_both_futures_can_be_watched(recorded: Path, avatarium: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(commands, "watch", lambda files, **words: seen.append((files, words)), raising=False)
    avatarium(recorded, "--at", AT, "--agent", "walker_2", "--action", "walk=back", "--out", "here", "--watch")
    files = (Path("here/original.avt"), Path("here/branch.avt"))
    assert seen == [(files, {"start": AT, "follow": "walker_2", "labels": ("as it was", "walk=back for 1 step")})]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--policy", "random", "--for", 3), "--for goes with --action or --say: another --policy stays to the end"),
        (("--action", "walk"), "'walk' is not of the form name=value"),
        (("--say", "3"), "a walker cannot speak here: it chooses walk, turn"),
        (("--policy", "no.zip"), "there is no file no.zip"),
        (("--policy", "random", "--others", "guest=random"), "wayfinding has no role 'guest': choose one of walker"),
        ((), "one of the arguments --policy --action --say is required (see avatarium branch --help)"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    recorded: Path, avatarium: Callable[..., Any], words: tuple[object, ...], sentence: str
) -> None:
    done = avatarium(recorded, "--at", AT, "--agent", "walker_2", *words)
    assert (done.code, done.out, done.err.strip()) == (2, "", f"avatarium: {sentence}")
    assert not Path("runs").exists()
