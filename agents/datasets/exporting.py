"""From transcripts to data sets: files are read one after the other, and what was written shows once all of it is whole."""

import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from avatarium.agents.datasets import minaris, stays, tables
from avatarium.agents.datasets.kinds import Kind
from avatarium.agents.datasets.stays import Episode, Stay
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

    def takes(self, role: str, human: bool) -> bool:
        """Whether somebody of ``role`` is wanted, whom a person moved or not."""
        return (not self.roles or role in self.roles) and (human or not self.human)


def export(
    paths: Sequence[Path], out: Path, wanted: Wanted = Wanted(), progress: Callable[[int, int], None] = lambda done, total: None
) -> Report:
    """Make data sets of transcripts, files or folders of them, in ``out/NAME/WORLD/``; memory holds one episode and a row group.

    Files that are no transcripts, come from another version, were cut, or do not come out as they were recorded are left out and told in
    the report. Raises UserError, and writes nothing, where nothing is left, or where a data set of that name is there already.
    ``progress`` is called with the number of files that are done and that there are.
    """
    if wanted.format not in FORMATS:
        raise UserError(f"there is no format {wanted.format!r}: {nearest(wanted.format, FORMATS)}")
    if not re.fullmatch(r"[\w-]+", wanted.name):
        raise UserError(f"a data set cannot be called {wanted.name!r}: letters, digits, - and _ are allowed")
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    report, seen = Report(), set()
    with _workshop(out) as folder:
        shelf, met = _Shelf(folder, out, wanted), dict[str, None]()
        for number, path in enumerate(files):
            progress(number, len(files))
            try:
                told = stays.opened(path, wanted.cut)
                met.update(dict.fromkeys(told.roles))
                if (key := (told.header["world"], told.header["seed"], told.digest)) in seen:
                    report.twice.append(f"{path} is the same episode as another one: it is taken once")
                    continue
                if wanted.human and told.is_branch:
                    report.twice.append(f"{path} is a branch, and repeats what a person did in another recording: it is left out")
                    continue
                episode = stays.episode(told, wanted.takes)
                seen.add(key)
            except UserError as refusal:
                report.skipped.append(str(refusal) if str(path) in str(refusal) else f"{path}: {refusal}")
                continue
            shelf.add(episode)
        progress(len(files), len(files))
        if not shelf.made:
            raise UserError(_nothing(len(files), report.skipped, wanted, met))
        report.made = shelf.finish()
    return report


def _files(path: Path) -> Iterator[Path]:
    """The transcripts at ``path``, in order; a file that is named counts, whatever it is called."""
    if not path.is_dir():
        yield path
        return
    found = sorted(path.rglob("*.avt"))
    if not found:
        raise UserError(f"there are no transcripts (.avt) in {path}")
    yield from found


@contextmanager
def _workshop(out: Path) -> Iterator[Path]:
    """A hidden folder beside what is made, which goes away with what is left in it, whatever happens."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # where something is in it, it stays
            out.rmdir()


class _Shelf:
    """The data sets of one export, by kind."""

    def __init__(self, folder: Path, out: Path, wanted: Wanted) -> None:
        self._folder, self._out, self._wanted = folder, out, wanted
        self._sets: dict[Kind, Set] = {}
        self.made: dict[Kind, Made] = {}

    def add(self, episode: Episode) -> None:
        """Put each stay of an episode into the data set of its kind."""
        by_kind: dict[Kind, list[Stay]] = {}
        kinds = {name: Kind.of(episode.told.spec, role) for name, role in episode.told.roles.items()}
        for stay in episode.stays:
            by_kind.setdefault(kinds[stay.role.name], []).append(stay)
        for kind, some in by_kind.items():
            if kind not in self._sets:
                self._begin(kind)
            self._sets[kind].add(episode, some)
            made = self.made[kind]
            made.episodes, made.stays, made.steps = made.episodes + 1, made.stays + len(some), made.steps + sum(map(len, some))

    def _begin(self, kind: Kind) -> None:
        label = kind.label if self._wanted.format == "parquet" else f"{kind.label}-v{kind.version}"
        name = f"{self._wanted.name}/{kind.name}/{label}"
        path = self._out / name
        if path.exists() or any(made.path == path for made in self.made.values()):
            raise UserError(f"there is a data set {path} already: give another --out or --name, or delete it")
        place = self._folder / name
        minari = self._wanted.format == "minari"
        self._sets[kind] = minaris.MinariSet(place, kind, name) if minari else tables.Tables(place, kind)
        self.made[kind] = Made(path, self._sets[kind].loads.format(path=str(path), name=name))

    def finish(self) -> list[Made]:
        """Write what is left, then move everything to where it belongs; returns what was made, in the order of its paths."""
        for one in self._sets.values():
            one.close()
        for made in self.made.values():
            made.path.parent.mkdir(parents=True, exist_ok=True)
            (self._folder / made.path.relative_to(self._out)).rename(made.path)
            if self._wanted.format == "minari":
                for namespace in (made.path.parent, made.path.parent.parent):
                    (namespace / minaris.NAMESPACE).write_text("{}")
        return sorted(self.made.values(), key=lambda made: made.path)


def _nothing(files: int, skipped: Sequence[str], wanted: Wanted, met: Collection[str]) -> str:
    """Why nothing was made."""
    if skipped:
        return f"none of {files} files could be taken; the first of {len(skipped)} that were left out: {skipped[0]}"
    if unknown := [role for role in wanted.roles if role not in met]:
        return f"no transcript has a role {unknown[0]!r}: {nearest(unknown[0], met)}"
    return f"nobody in {files} transcripts is wanted: {'no person played' if wanted.human else 'nobody was there for a step'}"
