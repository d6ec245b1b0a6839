"""What was entered is there, whoever is killed, runs out of room or writes at the same time."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from people import SUBJECTS, TOKENS

from avatarium.agents.consent import agreeing, keys, verifying, words
from avatarium.agents.consent.ledger import NAME, Ledger, near, signed
from avatarium.agents.consent.words import Grant, Swept
from avatarium.worlds import UserError

WRITING = """
import itertools, sys
from pathlib import Path
from avatarium.agents.consent import agreeing
from avatarium.agents.consent.ledger import Ledger
for k in itertools.count():
    entry = agreeing.grant(Ledger(Path(sys.argv[1])), sys.argv[2] * 32, ["train"], sessions=[f"{sys.argv[2]}-{k}"])
    print(entry.number, entry.hash, flush=True)
"""


def writer(path: Path, letter: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", WRITING, str(path), letter], stdout=subprocess.PIPE, text=True)


def test_entries_are_signed_and_read_again(ledger: Ledger) -> None:
    entry = agreeing.grant(ledger, TOKENS[0], ["train", "share-with:lab"], ["motion", "actions"], ["s1"], "2030-01-01", "I agree")
    key = keys.key_of(TOKENS[0])
    (read,) = Ledger(ledger.path).entries
    assert read == entry
    assert read.word == Grant(
        SUBJECTS[0], key, ("train", "share-with:lab"), ("motion", "actions"), ("s1",), "2030-01-01T00:00:00+00:00", "I agree"
    )
    assert signed(read, TOKENS[0]) and not signed(read, TOKENS[1])
    assert TOKENS[0] not in ledger.path.read_text(), "the token itself is nobody's business"
    assert verifying.faults(ledger, [entry.hash], TOKENS[0]) == []


def test_taking_lines_off_the_end_shows_by_a_head_that_was_noted(ledger: Ledger) -> None:
    heads = [agreeing.grant(ledger, TOKENS[0], ["train"]).hash for _ in range(3)]
    assert verifying.faults(Ledger(ledger.path), heads) == []
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[:2]))
    assert verifying.faults(Ledger(ledger.path), heads[:2]) == []
    assert "taken off the end" in verifying.faults(Ledger(ledger.path), heads)[0]
    with pytest.raises(UserError, match="is shorter than it was"):
        _ = ledger.entries


def test_a_damaged_ledger_allows_nothing_and_takes_nothing(ledger: Ledger) -> None:
    for _ in range(3):
        agreeing.grant(ledger, TOKENS[0], ["train"])
    data = ledger.path.read_bytes().replace(b'"train"', b'"trial"', 1)
    ledger.path.write_bytes(data)
    fresh = Ledger(ledger.path)
    assert verifying.faults(fresh) == [
        f"{ledger.path} is damaged: line 1 was changed; until a sound copy is put back, nothing that persons did may be used"
    ]
    with pytest.raises(UserError, match="line 1 was changed"):
        agreeing.grant(fresh, TOKENS[0], ["train"])
    assert ledger.path.read_bytes() == data


def test_what_a_later_version_enters_is_not_passed_over(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with ledger.locked() as pen, monkeypatch.context() as later:
        later.setattr(words, "told", lambda word: {"kind": "inherit"})
        with pytest.raises(UserError, match=r"entry 1 has 'inherit', which this version does not understand: use the one that wrote it"):
            pen.append(Swept())


def test_words_in_the_name_of_others_show(ledger: Ledger) -> None:
    agreeing.grant(ledger, TOKENS[0], ["train"])
    with ledger.locked() as pen:
        forged = Grant(SUBJECTS[0], keys.key_of(TOKENS[0]), ("publish",))
        pen.append(forged, TOKENS[1])
        pen.append(Grant(SUBJECTS[0], keys.key_of(TOKENS[1]), ("train",)), TOKENS[1])
    assert verifying.faults(ledger) == [f"entry 3 grants something in the name of {SUBJECTS[0]}, whose key it does not carry"]
    assert verifying.faults(ledger, (), TOKENS[0])[0] == f"entry 2 was not signed with this key: {SUBJECTS[0]} did not say it"


def test_withdrawing_takes_the_key_or_a_reason(ledger: Ledger) -> None:
    agreeing.grant(ledger, TOKENS[0], ["train"])
    with pytest.raises(UserError, match="this is not the key of"):
        agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[1])
    with pytest.raises(UserError, match="says why: give --for-them REASON"):
        agreeing.withdraw(ledger, SUBJECTS[0])
    with pytest.raises(UserError, match="has granted nothing"):
        agreeing.withdraw(ledger, SUBJECTS[1], TOKENS[1])
    agreeing.withdraw(ledger, SUBJECTS[0], reason="asked by letter")
    assert len(ledger.entries) == 2 and verifying.faults(ledger) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"purposes": ["trian"]}, "did you mean 'train'"),
        ({"purposes": ["share-with:"]}, "there is no purpose"),
        ({"purposes": []}, "for which purpose"),
        ({"purposes": ["train"], "modalities": ["motion", "gaze"]}, "there is no modality 'gaze'"),
        ({"purposes": ["train"], "modalities": ["actions"]}, "without motion is none"),
        ({"purposes": ["train"], "until": "soon"}, "write it as 2027-03-01"),
    ],
)
def test_unknown_words_are_not_entered(given: dict[str, Any], sentence: str, ledger: Ledger) -> None:
    with pytest.raises(UserError, match=sentence):
        agreeing.grant(ledger, TOKENS[0], **given)
    assert ledger.entries == []


def test_the_nearest_ledger_above_speaks_for_a_folder(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert near(inner) == inner / NAME
    agreeing.grant(Ledger(tmp_path / NAME), TOKENS[0], ["train"])
    assert near(inner) == near(tmp_path / "not" / "there") == tmp_path / NAME
    agreeing.grant(Ledger(tmp_path / "a" / NAME), TOKENS[0], ["train"])
    assert near(inner) == tmp_path / "a" / NAME


@pytest.mark.parametrize("after", [0, 1, 100])
def test_a_full_disk_is_one_sentence_and_loses_nothing(after: int, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    agreeing.grant(ledger, TOKENS[0], ["train"])
    before, write = ledger.path.read_bytes(), os.write

    def full(handle: int, data: bytes) -> int:
        if after and len(data) > after:
            return write(handle, data[:after])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as narrow:
        if after:
            tries = iter([True])
            narrow.setattr(os, "write", lambda handle, data: full(handle, data) if next(tries, False) else full(handle, b""))
        else:
            narrow.setattr(os, "write", full)
        with pytest.raises(UserError, match=r"cannot be written \(No space left on device\): make room and try again; it is as it was"):
            agreeing.grant(ledger, TOKENS[0], ["publish"])
    assert ledger.path.read_bytes() == before
    agreeing.grant(ledger, TOKENS[0], ["publish"])
    assert len(Ledger(ledger.path).entries) == 2


LIMITED = """
import os, resource, sys
from pathlib import Path
from avatarium.agents.consent import agreeing
from avatarium.agents.consent.ledger import Ledger
from avatarium.worlds import UserError
ledger = Ledger(Path(sys.argv[1]))
agreeing.grant(ledger, "a" * 32, ["train"])
resource.setrlimit(resource.RLIMIT_FSIZE, (ledger.path.stat().st_size + 50,) * 2)
try:
    agreeing.grant(ledger, "a" * 32, ["publish"])
except UserError as full:
    print(full)
"""


def test_a_limit_of_the_system_is_a_full_disk(ledger: Ledger) -> None:
    ledger.path.parent.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(ledger.path)], capture_output=True, text=True, check=False)
    assert "File too large" in done.stdout and not done.stderr
    assert len(ledger.entries) == 1 and ledger.path.read_bytes().endswith(b"\n")


def test_a_ledger_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="without it nothing is recorded or used"):
        agreeing.grant(Ledger(tmp_path / "file" / NAME), TOKENS[0], ["train"])


def test_writers_take_turns_and_lose_nothing(ledger: Ledger) -> None:
    both = [writer(ledger.path, letter) for letter in "ab"]
    told: list[list[str]] = []
    for one in both:
        assert one.stdout is not None
        told.append([one.stdout.readline() for _ in range(20)])
    for one in both:
        one.kill()
        one.wait()
    entries = {f"{entry.number} {entry.hash}\n" for entry in ledger.entries}
    assert len(entries) >= 40 and all(line in entries for some in told for line in some)
    assert verifying.faults(ledger) == []


def test_who_is_killed_at_any_moment_has_lost_nothing_that_was_told(ledger: Ledger) -> None:
    told: list[str] = []
    moment = random.Random(7)
    for _ in range(6):
        one = writer(ledger.path, "a")
        assert one.stdout is not None
        told.append(one.stdout.readline())
        time.sleep(moment.uniform(0.0, 0.05))
        os.kill(one.pid, signal.SIGKILL)
        told += one.stdout.read().splitlines(keepends=True)
        one.wait()
        entries = {f"{entry.number} {entry.hash}\n" for entry in Ledger(ledger.path).entries}
        assert all(line in entries for line in told if line.endswith("\n"))
    assert len(told) > 12


@pytest.mark.parametrize("cut", [1, 2, 50, 10_000])
def test_a_torn_line_is_healed(cut: int, ledger: Ledger) -> None:
    for _ in range(3):
        agreeing.grant(ledger, TOKENS[0], ["train"])
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    cut = min(cut, len(lines[2]) - 1)
    ledger.path.write_bytes(b"".join(lines)[:-cut])
    fresh = Ledger(ledger.path)
    assert len(fresh.entries) == (3 if cut == 1 else 2), "only what is whole counts"
    agreeing.grant(fresh, TOKENS[1], ["train"])
    assert len(Ledger(ledger.path).entries) == (4 if cut == 1 else 3)


def test_keys_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    token = keys.kept(tmp_path / "mine.key")
    assert keys.kept(tmp_path / "mine.key") == token == keys.read(tmp_path / "mine.key")
    assert (tmp_path / "mine.key").stat().st_mode & 0o077 == 0
    with pytest.raises(UserError, match="there is no key"):
        keys.read(tmp_path / "none.key")
    (tmp_path / "bad.key").write_text("secret")
    with pytest.raises(UserError, match="holds no token"):
        keys.kept(tmp_path / "bad.key")
    with pytest.raises(UserError, match="cannot be read"):
        keys.kept(tmp_path / "bad.key" / "x.key")
