"""What could be published: recordings are looked at one after the other, and become units with what may be known of the persons in them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avatarium.agents import consent
from avatarium.agents.consent.persons import Person, persons
from avatarium.agents.datasets import anonymity, stays
from avatarium.agents.datasets.anonymity import Public, Sitting, Unit
from avatarium.agents.datasets.exporting import Report, Wanted, files_at, refuse_unlike, source_of
from avatarium.agents.datasets.movements import Motion
from avatarium.agents.recordings import people, reading, transcripts
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript


@dataclass(frozen=True)
class Lived:
    """A transcript to be played again."""

    path: Path
    permit: consent.Permit


@dataclass(frozen=True)
class Moved:
    """Movements, by agent, as they were recorded."""

    motion: Motion
    told: dict[str, Recording]
    permit: consent.Permit


@dataclass
class Survey:
    """Looks at recordings; what it finds is in ``units``, what it leaves out in ``report``."""

    wanted: Wanted
    public: Public
    rng: random.Random
    gate: consent.Gate
    report: Report = field(default_factory=Report)
    units: list[Unit] = field(default_factory=list)
    files: int = 0
    _seen: set[Any] = field(default_factory=set)

    def look(self, paths: Sequence[Path], progress: Callable[[int, int], None]) -> None:
        """Look at all recordings at ``paths``; movements are held in memory at 10 Hz. Raises PrivateError where persons do not consent."""
        files = list(dict.fromkeys(file for path in paths for file in files_at(path)))
        self.files = len(files)
        for number, path in enumerate(files):
            progress(number // 2, len(files))
            try:
                self.units += self._told(path) if source_of(path) == reading.AVT else self._moved(path)
            except consent.PrivateError as refusal:
                if not self.wanted.skip_private:
                    raise
                self.report.private.append(str(refusal))
            except UserError as refusal:
                self.report.skipped.append(str(refusal) if str(path) in str(refusal) else f"{path}: {refusal}")

    def _told(self, path: Path) -> Iterator[Unit]:
        """The unit of a transcript that comes out as it was recorded."""
        told = stays.opened(path, self.wanted.cut)
        if (key := (told.header["world"], told.header["seed"], told.digest)) in self._seen:
            self.report.twice.append(f"{path} is the same episode as another one: it is taken once")
            return
        if told.is_branch:
            self.report.twice.append(f"{path} is a branch, and would tell that another one is of the same person: it is left out")
            return
        found = [one for one in persons(told) if self._takes(told, one.agent)]
        if self.wanted.human and not found:
            return
        permit = self.gate.look(told)
        stays.episode(told, lambda role, human: False)
        self._seen.add(key)
        content: Lived | Moved = Lived(path, permit)
        if self.public.coarse_m is not None:
            content = Moved(Motion(told.spec.name, public=True), self._movements(told), permit)
        yield Unit(tuple(self._sitting(told, one) for one in found), content)

    def _takes(self, told: Transcript, agent: str) -> bool:
        return self.wanted.takes(agent.rpartition("_")[0] or next(iter(told.roles)), True)

    def _movements(self, told: Transcript) -> dict[str, Recording]:
        return {agent: one for agent, one in transcripts.movements(told).items() if self.wanted.takes(agent.rpartition("_")[0], one.person)}

    def _sitting(self, told: Transcript, person: Person) -> Sitting:
        human = told.header["extra"].get("human")
        human = human if isinstance(human, dict) else {}
        world = anonymity.settled(told.spec, told.header["config"])
        device, platform = str(human.get("device", "")), str(human.get("platform", ""))
        known = anonymity.quasi(self.public, self.rng, told.steps * transcripts.STEP_S, world, _when(human.get("time")), device, platform)
        return Sitting(person.subject, person.agent, known)

    def _moved(self, path: Path) -> Iterator[Unit]:
        """A unit for each recording in a file of another recorder."""
        refuse_unlike(path, self.wanted)
        found, motion = reading.read(path), Motion(source_of(path), public=True)
        who = people.known(path, found)
        permits = {name: self.gate.ask(path, (person,)) for name, person in who.items()}
        for one in found:
            when = anonymity.moment(one.began_ms)
            known = anonymity.quasi(self.public, self.rng, one.seconds, one.place, when, one.device, one.platform)
            yield Unit((Sitting(one.subject, one.subject, known),), Moved(motion, {one.subject: one}, permits[one.subject]))


def _when(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
