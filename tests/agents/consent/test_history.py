"""Random histories of granting, using, withdrawing, running out, granting again and crashing, beside a plain account of what they mean."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from people import SUBJECTS, TOKENS, persons, record, with_extra

from avatarium.agents.consent import agreeing, select, sweeping, verifying, words
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.consent.persons import persons_at
from avatarium.agents.datasets.exporting import Wanted, export
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")

PURPOSES = ("replay", "train", "publish")
EPISODES = 6
WHO = st.integers(0, len(TOKENS) - 1)
SOME = st.lists(st.sampled_from(PURPOSES), min_size=1, unique=True).map(tuple)


class Word(NamedTuple):
    """Something that a person said, as the account has it."""

    grants: bool
    purposes: tuple[str, ...]
    session: str
    """Empty: all."""
    until: datetime | None


@dataclass
class Account:
    """What was said, and what it means: told forward, entry by entry, as one would explain it to somebody."""

    said: dict[int, list[Word]] = field(default_factory=lambda: {k: [] for k in range(len(TOKENS))})

    def allows(self, k: int, session: str, purpose: str, at: datetime) -> bool:
        """Whether a use is allowed."""
        standing: list[datetime | None] = []
        for word in self.said[k]:
            if word.session in ("", session) and purpose in word.purposes:
                standing = [*standing, word.until] if word.grants else []
        return any(until is None or at < until for until in standing)

    def erases(self, k: int, session: str) -> bool:
        """Whether a recording has to go: something was taken back, and of all that was granted nothing stands."""
        left, taken = set[str](), False
        for word in self.said[k]:
            if word.session in ("", session):
                left = left | set(word.purposes) if word.grants else left - set(word.purposes)
                taken |= not word.grants
        return taken and not left


class CrashError(BaseException):
    """The process has died."""


class Histories(RuleBasedStateMachine):
    """Three persons, six episodes, as many recordings of them as come, and data sets for all purposes."""

    recordings = Bundle("recordings")
    templates: list[Path] = []  # noqa: RUF012  # made once

    @initialize()
    def begin(self) -> None:
        """An empty folder, and a clock that only we move."""
        self.root = Path(tempfile.mkdtemp())
        if not Histories.templates:
            Histories.templates = [record(Path(tempfile.mkdtemp()), seed, {}) for seed in range(EPISODES)]
        self.folder = self.root / "played"
        self.folder.mkdir()
        self.account, self.clock, self.count = Account(), datetime(2027, 1, 1, tzinfo=UTC), 0
        self.sets: list[tuple[str, Path]] = []
        self.heads: list[str] = []
        self.who: dict[str, tuple[int, str]] = {}
        self.doomed: set[str] = set()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(words, "now", lambda: self.clock)

    def teardown(self) -> None:
        """Every history ends with a cleaning; nothing is left behind."""
        try:
            self.cleans()
        finally:
            self.patch.undo()
            shutil.rmtree(self.root)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / NAME)  # another process each time

    @rule(target=recordings, k=WHO, episode=st.integers(0, EPISODES - 1))
    def plays(self, k: int, episode: int) -> Any:
        """A person is recorded; nothing is allowed by that."""
        self.count += 1
        session, path = f"s{self.count}", self.folder / f"{self.count:03}.avt"
        with_extra(self.templates[episode], path, persons(("pilot_0", k, session)))
        self.who[session] = (k, Transcript.open(path).digest)
        self._doom()
        return session

    @rule(k=WHO, purposes=SOME, days=st.sampled_from([None, 1, 3]))
    def grants_all(self, k: int, purposes: tuple[str, ...], days: int | None) -> None:
        """A person allows something of all their recordings."""
        self._grant(k, purposes, "", days)

    @rule(session=recordings, purposes=SOME, days=st.sampled_from([None, 1, 3]))
    def grants_one(self, session: str, purposes: tuple[str, ...], days: int | None) -> None:
        """A person allows something of one recording."""
        self._grant(self.who[session][0], purposes, session, days)

    def _grant(self, k: int, purposes: tuple[str, ...], session: str, days: int | None) -> None:
        until = self.clock + timedelta(days=days) if days else None
        sessions = (session or words.ALL,)
        entry = agreeing.grant(self.ledger, TOKENS[k], purposes, sessions=sessions, until=until.isoformat() if until else "")
        self.heads.append(entry.hash)
        self.account.said[k].append(Word(True, purposes, session, until))

    @rule(session=recordings, purposes=st.sampled_from([PURPOSES, ("train",), ("publish", "replay")]), point=st.integers(0, 60))
    def withdraws(self, session: str, purposes: tuple[str, ...], point: int) -> None:
        """A person takes something back, and the process that cleans up may die."""
        k, every = self.who[session][0], point % 3 == 0
        if not any(word.grants for word in self.account.said[k]):
            return
        named = (words.ALL,) if purposes == PURPOSES else purposes
        sessions = (words.ALL if every else session,)
        self.heads.append(agreeing.withdraw(self.ledger, SUBJECTS[k], TOKENS[k], named, sessions).hash)
        self.account.said[k].append(Word(False, purposes, "" if every else session, None))
        self._doom()
        with self._dying(point):
            sweeping.sweep(self.ledger)

    def _doom(self) -> None:
        """Note what may be deleted from now on: also what comes after a person has taken back every recording, and said nothing since."""
        self.doomed |= {session for session, (k, _) in self.who.items() if self.account.erases(k, session)}

    @contextmanager
    def _dying(self, point: int) -> Iterator[None]:
        """A process that dies at a change of a file, or not at all."""
        left = [point if point < 30 else 10**9]

        def deadly(change: Callable[..., Any]) -> Callable[..., Any]:
            def act(*arguments: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    raise CrashError
                return change(*arguments, **options)

            return act

        with pytest.MonkeyPatch.context() as patch, suppress(CrashError):
            for name in ("fsync", "rename", "unlink", "rmdir", "mkdir", "write"):
                patch.setattr(os, name, deadly(getattr(os, name)))
            yield

    @rule(purpose=st.sampled_from(PURPOSES))
    def makes(self, purpose: str) -> None:
        """Somebody makes a data set of all that they may."""
        if not list(self.folder.glob("*.avt")):
            return
        out = self.root / f"data{len(self.sets)}"
        try:
            (one,) = export([self.folder], out, Wanted(purpose=purpose, skip_private=True)).made
        except UserError:
            assert not out.exists()
            return
        self.sets.append((purpose, one.path))

    @rule(days=st.integers(1, 2))
    def waits(self, days: int) -> None:
        """Time goes by, and things run out."""
        self.clock += timedelta(days=days)

    @rule()
    def cleans(self) -> None:
        """Somebody looks after the data sets."""
        sweeping.sweep(self.ledger)
        for purpose, place in self.sets:
            assert rows(place) <= self._allowed(purpose, self._all()), "a data set holds what it may not"
        erased = {session for session, (k, _) in self.who.items() if self.account.erases(k, session)}
        assert not erased & set(self._files()), "a recording was to be deleted"
        assert set(self.who) - set(self._files()) <= self.doomed, "a recording was deleted that nobody had taken back"

    def _files(self) -> dict[str, Path]:
        return {persons_at(path)[0].session: path for path in sorted(self.folder.glob("*.avt"))}

    def _all(self) -> list[str]:
        return list(self.who)

    def _allowed(self, purpose: str, sessions: list[str]) -> set[str]:
        return {self.who[s][1] for s in sessions if self.account.allows(self.who[s][0], s, purpose, self.clock)}

    @invariant()
    def nobody_reads_what_they_may_not(self) -> None:
        """At any moment, cleaned up or not, selecting gives what the account allows, and all of it that is there."""
        if not hasattr(self, "who"):
            return
        told = {session: Transcript.open(path) for session, path in self._files().items()}
        for purpose in PURPOSES:
            found = {persons_at_header(one) for one in select(told.values(), purpose, skip_private=True).permitted}
            assert found == {s for s in told if self.account.allows(self.who[s][0], s, purpose, self.clock)}

    @invariant()
    def what_was_said_is_in_the_ledger(self) -> None:
        """Every word is there, in its order."""
        if hasattr(self, "heads"):
            entries = [entry.hash for entry in self.ledger.entries]
            assert [one for one in entries if one in set(self.heads)] == self.heads
            assert verifying.faults(self.ledger, self.heads) == []


def persons_at_header(told: Transcript) -> str:
    """The session of a transcript's person."""
    return str(told.header["extra"]["persons"][0]["session"])


def rows(place: Path) -> set[str]:
    """The episodes in a data set."""
    return set(parquet.read_table(place, columns=["episode"])["episode"].to_pylist()) if place.exists() else set()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
