"""What `avatarium consent` prints, and what it returns."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from people import SUBJECTS, TOKENS, persons, with_extra

from avatarium.agents.consent import agreeing, data_hash, keys
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.consent.words import TRAINING, Use
from avatarium.agents.exported import Manifest, pack
from avatarium.worlds.cli import main
from avatarium.worlds.core.transcript import Transcript

Told = tuple[int, list[str], str]
Run = Callable[..., Told]


@pytest.fixture
def consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in a folder of its own; gives its exit code, its lines, and its complaint."""
    monkeypatch.chdir(tmp_path)

    def run(*given: str | Path) -> Told:
        code = main(["consent", *map(str, given)])
        told = capsys.readouterr()
        return code, told.out.splitlines(), told.err

    return run


@pytest.fixture
def home(tmp_path: Path, templates: list[Path]) -> Path:
    """Where recordings usually lie, with two of a person, and the person's key beside them."""
    folder = tmp_path / "runs" / "play"
    folder.mkdir(parents=True)
    (folder / keys.NAME).write_text(TOKENS[0])
    for seed in range(2):
        with_extra(templates[seed], folder / f"{seed}.avt", persons(("pilot_0", 0, f"session-{seed}")))
    return folder


def test_granting_showing_and_withdrawing(consent: Run, home: Path) -> None:
    one = Path("runs/play/0.avt")
    code, lines, _ = consent("grant", one, "--purpose", "train", "--purpose", "share-with:lab", "--until", "2999-01-01")
    assert code == 0 and lines[0] == f"{SUBJECTS[0]} allows session session-0 to be learnt from, shared with lab, until 2999-01-01"
    assert consent("grant", "--all", "--purpose", "replay", "--modality", "motion")[0] == 0
    entries = Ledger(home / NAME).entries
    assert consent("head")[1] == [entries[-1].hash]
    code, lines, _ = consent("show")
    assert code == 0 and lines[0] == f"runs/play/consent.jsonl: 2 entries, head {entries[-1].hash[:12]}" and lines[2] == SUBJECTS[0]
    assert lines[4].endswith("allows every recording of motion alone to be watched and measured here")
    code, lines, _ = consent("withdraw", one)
    assert code == 0 and lines == [f"{SUBJECTS[0]} withdraws session session-0", "deleted runs/play/0.avt"]
    assert not one.exists() and (home / "1.avt").exists()
    code, lines, _ = consent("withdraw", "--all", "--purpose", "replay")
    assert code == 0 and lines == [f"{SUBJECTS[0]} withdraws every recording to be watched and measured here", "deleted runs/play/1.avt"]
    assert consent("sweep")[:2] == (0, ["nothing had to be removed"])


def test_a_folder_stands_for_what_is_the_persons_own_in_it(consent: Run, home: Path, templates: list[Path]) -> None:
    other = with_extra(templates[2], home / "other.avt", persons(("pilot_0", 1, "s")))
    assert consent("grant", "runs", "--purpose", "train")[1][0].startswith(f"{SUBJECTS[0]} allows 2 sessions")
    assert consent("withdraw", other)[0] == 2
    assert "is theirs, and this is the key of" in consent("grant", other, "--purpose", "train")[2]


def test_whoever_keeps_the_ledger_may_withdraw_with_a_reason(consent: Run, home: Path) -> None:
    consent("grant", "--all", "--purpose", "train")
    (home / keys.NAME).unlink()
    code, _, complaint = consent("withdraw", "--all")
    assert code == 2 and "there is no key" in complaint
    assert "in whose place" in consent("withdraw", "--all", "--for-them", "asked by letter")[2]
    code, lines, _ = consent("withdraw", "--all", "--for-them", "asked by letter", "--subject", SUBJECTS[0])
    assert code == 0 and lines[0] == f"{SUBJECTS[0]} withdraws every recording (entered for them: asked by letter)" and len(lines) == 3


def test_verifying_names_the_first_bad_line(consent: Run, home: Path) -> None:
    for purpose in ("train", "replay"):
        consent("grant", "--all", "--purpose", purpose)
    code, (head,), _ = consent("head")
    code, (line,), _ = consent("verify", "--head", head, "--key", home / keys.NAME)
    assert code == 0 and line.startswith("runs/play/consent.jsonl: 2 lines, each follows from the one before") and head in line
    data = (home / NAME).read_bytes()
    (home / NAME).write_bytes(data.splitlines(keepends=True)[0])
    code, (line,), _ = consent("verify", "--head", head)
    assert code == 1 and "taken off the end" in line
    (home / NAME).write_bytes(data.replace(b"replay", b"report"))
    code, (line,), _ = consent("verify")
    assert code == 1 and "is damaged: line 2 was changed" in line


def test_stale_policies_are_listed_and_warned_of(consent: Run, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [Transcript.open(path) for path in sorted(home.glob("*.avt"))]
    data = data_hash(one.digest for one in told)
    about = Manifest("mine", "steering", 1, "pilot", "s", (), 2, data=(data,))
    pack(tmp_path / "runs" / "shown" / "policy.zip", b"\x08" + b"x" * 20, about)
    pack(tmp_path / "runs" / "other" / "policy.zip", b"\x08" + b"x" * 20, Manifest("other", "steering", 1, "pilot", "s", (), 2))
    consent("grant", "--all", "--purpose", "train")
    with Ledger(home / NAME).locked() as pen:
        pen.append(Use(TRAINING, data, "train", {one.digest: ((SUBJECTS[0], f"session-{k}", ("motion",)),) for k, one in enumerate(told)}))
    assert consent("stale")[:2] == (0, ["no policy has learnt from anything that was withdrawn"])
    code, lines, _ = consent("withdraw", home / "0.avt")
    assert lines[2:] == ["stale: runs/shown/policy.zip, 1 of 2 recordings of persons that it has learnt from was withdrawn"]
    assert consent("stale")[:2] == (1, ["runs/shown/policy.zip: 1 of 2 recordings of persons that it has learnt from was withdrawn"])
    warn = pytest.importorskip("avatarium.leaderboards.check_command", reason="the leaderboards are not installed").warn
    for name in ("shown", "other"):
        warn(tmp_path / "runs" / name / "policy.zip")
    assert capsys.readouterr().err == (
        "avatarium: policy.zip is stale: 1 recordings that it has learnt from were withdrawn since; train it again without them\n"
    )
    (tmp_path / "runs" / "shown" / "policy.zip").unlink()
    code, (line,), _ = consent("stale")
    assert code == 1 and re.match(rf"what was trained with data {data[:12]} is not here: 1 of 2", line)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["grant", "--purpose", "train"], "of which recordings? Name some, or give --all"),
        (["grant", "--all"], "for which purpose? Give --purpose with replay, train, publish or share-with:WHOM"),
        (["grant", "--all", "--purpose", "trian"], "did you mean 'train'"),
        (["grant", "nothing.avt", "--purpose", "train"], "there is no nothing.avt"),
        (["withdraw", "--all"], "there is no key"),
        (["show"], "there is no ledger"),
        (["stale", "nowhere"], "there is no nowhere"),
        (["show", "--ledger", "x.jsonl"], "there is no ledger x.jsonl: nobody has allowed anything"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(given: list[str], sentence: str, consent: Run, tmp_path: Path) -> None:
    code, lines, complaint = consent(*given)
    assert code == 2 and not lines and sentence in complaint and complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_no_person_needs_no_consent(consent: Run, tmp_path: Path, templates: list[Path]) -> None:
    with_extra(templates[0], tmp_path / "x.avt", {})
    assert "no person moved anybody in these recordings" in consent("grant", "x.avt", "--purpose", "train")[2]


def test_recordings_of_several_ledgers_are_taken_one_at_a_time(consent: Run, home: Path, tmp_path: Path, templates: list[Path]) -> None:
    (tmp_path / "b").mkdir()
    with_extra(templates[0], tmp_path / "b" / "x.avt", persons(("pilot_0", 0, "s")))
    agreeing.grant(Ledger(tmp_path / "b" / NAME), TOKENS[0], ["train"])
    assert "belong to 2 ledgers" in consent("grant", home / "0.avt", "b/x.avt", "--purpose", "train")[2]
