"""Nothing that a person did is learnt from without their leave, and what was learnt from is known when they take it back."""

import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatarium.agents import archive
from avatarium.agents.consent import PrivateError, agreeing, data_hash, keys, stale, sweeping, words
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.consent.persons import PERSONS
from avatarium.agents.consent.words import ALL, MODALITIES, Use
from avatarium.training.demos.demonstrations import BY_HAND, Wanted, load
from avatarium.worlds import make_batch
from avatarium.worlds.core import blocks
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript

LANES = "lanes:WORLD"
TOKENS = ("a" * 32, "b" * 32)
SUBJECTS = tuple(keys.subject_of(keys.key_of(token)) for token in TOKENS)
EPISODES = 4
SAID = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["grant", "grant", "withdraw", "expired", "partial"]),
    st.sampled_from(["train", "train", "replay"]),
    st.sampled_from([ALL, *(f"s{k}" for k in range(EPISODES))]),
)


@pytest.fixture(scope="module")
def templates(outside: None) -> Iterator[list[Path]]:
    """Episodes in lanes, each of other moves."""
    folder = Path(tempfile.mkdtemp())
    batch = make_batch(LANES, num_envs=EPISODES, autoreset=False)
    batch.reset(list(range(EPISODES)))
    recorder = Recorder(folder, batch, range(EPISODES), {"walker": "random"})
    rng = np.random.default_rng(0)
    while not batch.ended.all():
        batch.step({"walker": rng.integers(0, 2, (EPISODES, 2, 2)).astype(np.int32)})
        recorder.step()
    recorder.close()
    yield recorder.paths
    shutil.rmtree(folder)


def played(path: Path, to: Path, k: int | None, session: str) -> Path:
    """A copy of a transcript in which person ``k`` was the first walker, or nobody."""
    listed = [{"agent": "walker_0", "subject": SUBJECTS[k], "session": session}] if k is not None else []
    extra = {PERSONS: listed, "human": {"agent": "walker_0"}} if listed else {}
    with to.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in blocks.read(path):
            blocks.write(file, tag, json.dumps(json.loads(content) | {"extra": extra}).encode() if tag == blocks.HEAD else content)
    return to


def say(ledger: Ledger, said: list[tuple[int, str, str, str]]) -> None:
    """Enter what persons say."""
    for k, kind, purpose, session in said:
        if kind == "withdraw":
            if any(getattr(entry.word, "subject", "") == SUBJECTS[k] for entry in ledger.entries):
                agreeing.withdraw(ledger, SUBJECTS[k], TOKENS[k], [purpose], [session])
            continue
        until = (words.now() - timedelta(days=1)).isoformat() if kind == "expired" else ""
        modalities = ["motion", "observations"] if kind == "partial" else list(MODALITIES)
        agreeing.grant(ledger, TOKENS[k], [purpose], modalities, [session], until)


def may(said: list[tuple[int, str, str, str]], k: int, session: str) -> bool:
    """Whether a session may be learnt from, by going through what was said."""
    allowed = False
    for who, kind, purpose, which in said:
        if who == k and purpose == "train" and which in (ALL, session):
            allowed = {"grant": True, "withdraw": False}.get(kind, allowed)
    return allowed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=st.lists(st.sampled_from([0, 1, None]), min_size=EPISODES, max_size=EPISODES), said=st.lists(SAID, max_size=6))
def test_no_row_without_consent_reaches_a_learner(
    templates: list[Path], who: list[int | None], said: list[tuple[int, str, str, str]]
) -> None:
    folder = Path(tempfile.mkdtemp())
    ledger = Ledger(folder / NAME)
    say(ledger, said)
    paths = [played(path, folder / f"{n}.avt", who[n], f"s{n}") for n, path in enumerate(templates)]
    free = [n for n, k in enumerate(who) if k is None or may(said, k, f"s{n}")]
    digests = [Transcript.open(path).digest for path in paths]
    if len(free) < EPISODES:
        with pytest.raises(PrivateError):
            load(paths, LANES, "walker")
    if free:
        paths = [path for path in paths if path.exists()]  # whoever asks after a withdrawal finds it carried out
        found = load(paths, LANES, "walker", skip_private=True)
        names = [paths[n].name for n in found.episodes]
        assert names == [f"{n}.avt" for n in free]
        for track in found.tracks:
            told, rows = Transcript.open(paths[track["episode"]]), slice(int(track["first"]), int(track["first"] + track["steps"]))
            assert np.array_equal(found.columns.actions[rows], told.data["actions.walker"][: track["steps"], track["who"]])
        assert found.decisions == len(found.columns.rewards), "there is no row that belongs to nobody"
        assert found.data == data_hash(digests[n] for n in free)
        used = [entry.word for entry in ledger.entries if isinstance(entry.word, Use)]
        expected = {digests[n] for n in free if who[n] is not None}
        assert [(use.data, set(use.episodes)) for use in used] == ([(found.data, expected)] if expected else [])
    shutil.rmtree(folder)


def test_who_learns_from_a_person_alone_asks_them_too(templates: list[Path], tmp_path: Path) -> None:
    path = played(templates[0], tmp_path / "x.avt", 0, "s0")
    for name in (BY_HAND, "random"):
        with pytest.raises(PrivateError, match="who has not allowed that to be learnt from"):
            load(path, LANES, "walker", wanted=Wanted(policies=(name,)))
        with pytest.raises(PrivateError):
            load(path, LANES, "walker", wanted=Wanted(policies=(name,)), strict=False)


def test_a_policy_is_known_by_what_it_was_shown_and_named_when_that_is_withdrawn(
    templates: list[Path], tmp_path: Path, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, ray_running: None
) -> None:
    folder = tmp_path / "runs" / "play"
    folder.mkdir(parents=True)
    ledger = Ledger(folder / NAME)
    for n, path in enumerate(templates):
        agreeing.grant(ledger, TOKENS[n % 2], ["train"], sessions=[f"s{n}"])
        played(path, folder / f"{n}.avt", n % 2, f"s{n}")
    private = played(templates[0], folder / "private.avt", 0, secrets.token_hex(8))
    words_ = [LANES, "--train", "algorithm=cloning", "--demos", str(folder), "--steps", "400", "--evaluate", "0", "--envs", "4"]
    words_ += [word for name in ("hidden=8", "fragment=20") for word in ("--train", name)]
    code, _, complaint = train(*words_, "--out", str(tmp_path / "runs" / "none"), "--quiet")
    assert code == 2 and str(private) in complaint and "--skip-private" in complaint
    run, child = tmp_path / "runs" / "shown", tmp_path / "runs" / "child"
    code, told, _ = train(*words_, "--skip-private", "--out", str(run))
    assert code == 0 and "in 4 episodes" in told and "1 files were left out" in told
    assert (
        train(LANES, "--from", str(run), "--steps", "400", "--evaluate", "0", "--envs", "4", *words_[-4:], "--out", str(child), "--quiet")[
            0
        ]
        == 0
    )
    data = data_hash(Transcript.open(path).digest for path in templates)
    for where in (run, child):
        assert archive.read(where / "policy.zip")[0].data == (data,), "who goes on from it has learnt from it"
        assert data in (where / "card.md").read_text()
    monkeypatch.chdir(tmp_path)
    assert stale.sentence(run / "policy.zip", (data,)) == ""
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0])
    sweeping.sweep(ledger)
    assert stale.sentence(run / "policy.zip", (data,)).startswith("policy.zip is stale: 2 recordings that it has learnt from")
    assert {policy.path.parent for policy in stale.policies([tmp_path / "runs"])} == {run, child}
