"""From transcripts to data sets: files are read one after the other, and what was written shows once all of it is whole."""

import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from avatarium.agents import consent
from avatarium.agents.datasets import minaris, stays, tables
from avatarium.agents.datasets.kinds import Kind
from avatarium.agents.datasets.movements import Motion, Movements
from avatarium.agents.datasets.stays import Episode, Stay
from avatarium.agents.recordings import reading
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError, nearest

FORMATS = ("parquet", "minari")
PARTIAL = ".partial-"
"""How the folder begins that a data set is made in; one that is left behind comes from an export that was killed, and can be deleted."""


class Set(Protocol):
    """A data set that is being written."""

    loads: str
    """The call that loads it, with its ``path`` or ``name``."""

    def add(self, episode: Episode, stays: Sequence[Stay]) -> None:
        """Append these stays of an episode."""

    def close(self) -> None:
        """Write what is left."""


@dataclass
class Made:
    """A data set that was made: what is in it, where it is, and the call that loads it."""

    path: Path
    loads: str = ""
    episodes: int = 0
    stays: int = 0
    steps: int = 0


@dataclass
class Report:
    """What an export did: the data sets, and a sentence about each file that was left out."""

    made: list[Made] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    """About recordings of persons who do not allow this."""
    suppressed: str = ""
    """What is not published since too few persons are alike."""


@dataclass(frozen=True)
class Wanted:
    """What goes into data sets, and how they are written."""

    format: str = "parquet"
    name: str = "avatarium"
    """Of the whole: a folder, and the first part of the names of Minari data sets."""
    roles: tuple[str, ...] = ()
    """Only these; all where there are none."""
    human: bool = False
    """Only what persons did."""
    cut: bool = False
    """Also episodes whose files were cut, as far as they go."""
    purpose: str = "train"
    """What for: persons allow one thing and not another (see ``agents.consent``)."""
    skip_private: bool = False
    """Whether recordings of persons who do not allow it are left out, instead of being an error."""

    def takes(self, role: str, human: bool) -> bool:
        """Whether somebody of ``role`` is wanted, whom a person moved or not."""
        return (not self.roles or role in self.roles) and (human or not self.human)


def export(
    paths: Sequence[Path], out: Path, wanted: Wanted = Wanted(), progress: Callable[[int, int], None] = lambda done, total: None
) -> Report:
    """Make data sets of transcripts, files or folders of them, in ``out/NAME/WORLD/``; memory holds one episode and a row group.

    What other recorders wrote (see ``agents.recordings``) goes into ``out/NAME/motion/``; whoever has such files answers for them.
    Files that are no transcripts, come from another version, were cut, or do not come out as they were recorded are left out and told in
    the report. Raises UserError, and writes nothing, where nothing is left, or where a data set of that name is there already; and
    PrivateError, which is one, where a person has not consented to this purpose.
    ``progress`` is called with the number of files that are done and that there are.
    """
    check(wanted)
    files = list(dict.fromkeys(file for path in paths for file in files_at(path)))
    report, seen = Report(), set()
    with workshop(out) as folder:
        gate = consent.Gate(wanted.purpose, needs=consent.LEAST)
        shelf, met = Shelf(folder, out, wanted), dict[str, None]()
        for number, path in enumerate(files):
            progress(number, len(files))
            try:
                if (source := source_of(path)) != reading.AVT:
                    refuse_unlike(path, wanted)
                    for moved in reading.read(path):
                        shelf.move(moved, Motion(source), consent.Permit())
                    continue
                told = stays.opened(path, wanted.cut)
                met.update(dict.fromkeys(told.roles))
                if (key := (told.header["world"], told.header["seed"], told.digest)) in seen:
                    report.twice.append(f"{path} is the same episode as another one: it is taken once")
                    continue
                if wanted.human and told.is_branch:
                    report.twice.append(f"{path} is a branch, and repeats what a person did in another recording: it is left out")
                    continue
                permit = gate.look(told)
                episode = stays.episode(told, wanted.takes, permit.withheld)
                seen.add(key)
            except consent.PrivateError as refusal:
                if not wanted.skip_private:
                    raise
                report.private.append(str(refusal))
                continue
            except UserError as refusal:
                report.skipped.append(str(refusal) if str(path) in str(refusal) else f"{path}: {refusal}")
                continue
            shelf.add(episode, permit)
        progress(len(files), len(files))
        if not shelf.made:
            raise UserError(_nothing(len(files), [*report.skipped, *report.private], wanted, met))
        report.made = shelf.finish(gate)
    return report


def check(wanted: Wanted) -> None:
    """Raise UserError where what is ``wanted`` cannot be had."""
    if wanted.format not in FORMATS:
        raise UserError(f"there is no format {wanted.format!r}: {nearest(wanted.format, FORMATS)}")
    if not re.fullmatch(r"[\w-]+", wanted.name):
        raise UserError(f"a data set cannot be called {wanted.name!r}: letters, digits, - and _ are allowed")


def files_at(path: Path) -> Iterator[Path]:
    """The recordings at ``path``, in order; a file that is named counts, whatever it is called.

    Raises UserError for a folder in which there is none.
    """
    if not path.is_dir():
        yield path
        return
    found = [one for one in sorted(path.rglob("*")) if one.suffix == ".avt" or (one.name.endswith(reading.ENDINGS) and reading.is_one(one))]
    if not found:
        raise UserError(f"there are no transcripts (.avt) in {path}, nor other recordings ({', '.join(reading.ENDINGS[1:])})")
    yield from found


def source_of(path: Path) -> str:
    """Which kind of file it is (see ``reading.READERS``); whatever is called .avt, or is nothing else, counts as a transcript."""
    return reading.kind(path) if path.suffix != ".avt" and reading.is_one(path) else reading.AVT


def refuse_unlike(path: Path, wanted: Wanted) -> None:
    """Raise UserError where what is ``wanted`` is nothing that files of other recorders hold."""
    if wanted.format != "parquet":
        raise UserError(f"{path} holds movements alone, no decisions: it goes into Parquet, not into {wanted.format}")
    if wanted.roles:
        raise UserError(f"{path} knows nothing of roles, and --role {wanted.roles[0]} was asked for")


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """A hidden folder beside what is made, which goes away with what is left in it, whatever happens."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # where something is in it, it stays
            out.rmdir()


class Shelf:
    """The data sets of one export, by kind."""

    def __init__(self, folder: Path, out: Path, wanted: Wanted) -> None:
        self._folder, self._out, self._wanted = folder, out, wanted
        self._sets: dict[Kind, Set] = {}
        self._motions: dict[Motion, Movements] = {}
        self.made: dict[Kind | Motion, Made] = {}
        self._permits: dict[Kind | Motion, dict[str, consent.Permit]] = {}

    def add(self, episode: Episode, permit: consent.Permit) -> None:
        """Put each stay of an episode into the data set of its kind."""
        by_role: dict[str, list[Stay]] = {}
        needs = minaris.NEEDS if self._wanted.format == "minari" else frozenset()
        for stay in episode.stays:
            if not stay.private & needs:
                by_role.setdefault(stay.role.name, []).append(stay)
        for some in by_role.values():
            kind = Kind.of(episode.told.spec, some[0].role, some[0].pose is not None, bool(episode.published))
            if kind not in self._sets:
                self._begin(kind)
            self._sets[kind].add(episode, some)
            self._count(kind, episode.key, permit, len(some), sum(map(len, some)))

    def move(self, told: Recording, motion: Motion, permit: consent.Permit, month: str | None = None) -> None:
        """Put a movement into the data set of its kind; ``month`` is what public ones say of when it was."""
        if motion not in self._motions:
            place, _ = self._prepare(motion, motion.label, tables.LOADS)
            self._motions[motion] = Movements(place, motion)
        self._motions[motion].add(told, month)
        self._count(motion, told.session, permit, 1, len(told))

    def _count(self, kind: Kind | Motion, key: str, permit: consent.Permit, stays: int, steps: int) -> None:
        made, permits = self.made[kind], self._permits.setdefault(kind, {})
        made.episodes, made.stays, made.steps = made.episodes + (key not in permits), made.stays + stays, made.steps + steps
        permits[key] = permit

    def _begin(self, kind: Kind) -> None:
        minari = self._wanted.format == "minari"
        loads = minaris.MinariSet.loads if minari else tables.LOADS
        place, name = self._prepare(kind, f"{kind.label}-v{kind.version}" if minari else kind.label, loads)
        self._sets[kind] = minaris.MinariSet(place, kind, name) if minari else tables.Tables(place, kind)

    def _prepare(self, kind: Kind | Motion, label: str, loads: str) -> tuple[Path, str]:
        """Where a data set is made until it is whole, and its name."""
        name = f"{self._wanted.name}/{kind.name}/{label}"
        path = self._out / name
        if path.exists() or any(made.path == path for made in self.made.values()):
            raise UserError(f"there is a data set {path} already: give another --out or --name, or delete it")
        self.made[kind] = Made(path, loads.format(path=str(path), name=name))
        return self._folder / name, name

    def finish(self, gate: consent.Gate) -> list[Made]:
        """Write what is left, then move everything to where it belongs; returns what was made, in the order of its paths.

        What is made of recordings of persons is entered in their ledgers before it shows.
        """
        for one in self._sets.values():
            one.close()
        for motion in self._motions.values():
            motion.close()
        some = [consent.Making(consent.data_hash(self._permits[kind]), self._permits[kind], made.path) for kind, made in self.made.items()]
        with gate.using(consent.DATA_SET, some):
            for making, made in zip(some, self.made.values(), strict=True):
                self._place(made, making, gate)
        return sorted(self.made.values(), key=lambda made: made.path)

    def _place(self, made: Made, making: consent.Making, gate: consent.Gate) -> None:
        """Move a data set to where it belongs; where persons are in it, it says what it is made of."""
        ready = self._folder / made.path.relative_to(self._out)
        if heads := gate.heads(making):
            consent.describe(ready, making.permits, gate.purpose, heads)
        made.path.parent.mkdir(parents=True, exist_ok=True)
        ready.rename(made.path)
        if self._wanted.format == "minari":
            for namespace in (made.path.parent, made.path.parent.parent):
                (namespace / minaris.NAMESPACE).write_text("{}")


def _nothing(files: int, skipped: Sequence[str], wanted: Wanted, met: Collection[str]) -> str:
    """Why nothing was made."""
    if skipped:
        return f"none of {files} files could be taken; the first of {len(skipped)} that were left out: {skipped[0]}"
    if unknown := [role for role in wanted.roles if role not in met]:
        return f"no transcript has a role {unknown[0]!r}: {nearest(unknown[0], met)}"
    return f"nobody in {files} transcripts is wanted: {'no person played' if wanted.human else 'nobody was there for a step'}"
