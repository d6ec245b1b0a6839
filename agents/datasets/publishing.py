"""From recordings to data sets for everybody: what may be known of persons is looked at first, then what is left is written."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from avatarium.agents import consent
from avatarium.agents.datasets import anonymity, card, stays
from avatarium.agents.datasets.anonymity import Public, Unit
from avatarium.agents.datasets.exporting import Report, Shelf, Wanted, check, workshop
from avatarium.agents.datasets.stays import Stay
from avatarium.agents.datasets.survey import Lived, Moved, Survey
from avatarium.agents.identity.meter import Measurement, Sessions, measured
from avatarium.agents.recordings import transcripts
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError

BEFORE, AFTER = "as recorded", "as published"


@dataclass
class Meters:
    """What can be told of who moves, by data set, from the recordings and from what is published of them."""

    sessions: dict[tuple[str, str], Sessions] = field(default_factory=dict)

    def add(self, label: str, before: Recording, after: Recording) -> None:
        """Take in a session of a person, with the person's own name in both."""
        for form, told in ((BEFORE, before), (AFTER, after)):
            self.sessions.setdefault((label, form), Sessions()).add(told)

    def found(self) -> Mapping[str, Measurement | str]:
        """What was measured, or why nothing could be."""
        return {f"{label}, {form}": measured(sessions, what="it") for (label, form), sessions in self.sessions.items()}


def publish(
    paths: Sequence[Path],
    out: Path,
    wanted: Wanted,
    public: Public,
    progress: Callable[[int, int], None] = lambda done, total: None,
    rng: random.Random | None = None,
) -> Report:
    """Make data sets of recordings that everybody may have, in ``out/NAME``, with a card ``README.md`` that says what was done.

    Persons have to have allowed it (``publish``; see ``agents.consent``). ``rng`` is where pseudonyms, order and shifts come from, by
    default the operating system, which nobody can ask again. Raises UserError, and writes nothing, where nothing is left, or where
    something of that name is there already: a release is one whole, or its crowds would not be; and PrivateError, which is one, where
    a person has not consented.
    """
    check(wanted)
    if wanted.format != "parquet":
        raise UserError(f"public data sets are Parquet, not {wanted.format}")
    if (out / wanted.name).exists():
        raise UserError(f"there is something in {out / wanted.name} already: give another --out or --name, or delete it")
    rng = rng or random.SystemRandom()
    survey = Survey(wanted, public, rng, consent.Gate("publish", needs=public.needs))
    survey.look(paths, progress)
    kept, cells = anonymity.crowded(survey.units, public.k)
    counts = card.Counts(survey.units, kept, cells)
    if not kept:
        raise UserError(card.nothing(counts, public, survey.report))
    meters = Meters()
    with workshop(out) as folder:
        shelf = Shelf(folder, out, wanted)
        for number, unit in enumerate(anonymity.named(kept, rng)):
            progress(survey.files * (len(kept) + number) // (2 * len(kept)), survey.files)
            (_live if isinstance(unit.content, Lived) else _move)(shelf, unit, wanted, public, meters)
        progress(survey.files, survey.files)
        if not shelf.made:
            raise UserError("nobody who is wanted was there for a step")
        found = meters.found()
        survey.report.made = shelf.finish(survey.gate)
        card.write(out / wanted.name, card.text(wanted.name, shelf.made.values(), counts, public, found))
    survey.report.suppressed = counts.sentence(public.k)
    return survey.report


def _live(shelf: Shelf, unit: Unit, wanted: Wanted, public: Public, meters: Meters) -> None:
    """Put what is published of a transcript into data sets, and measure it."""
    content: Lived = unit.content
    told = stays.opened(content.path, wanted.cut)
    before = stays.episode(told, wanted.takes, content.permit.withheld)
    who = {one.agent: one for one in unit.sittings}
    found = tuple(stay if public.words else anonymity.wordless(stay, told.spec) for stay in before.stays)
    known = {name: value or None for one in unit.sittings for name, value in one.quasi.items() if name in ("device", "platform", "month")}
    published = {**known, "episode": unit.pseudonym, "subject": next(iter(unit.subjects.values()), None)}
    shelf.add(replace(before, stays=found, published=published), content.permit)
    for raw, stay in zip(before.stays, found, strict=True):
        if stay.agent in who:
            subject = who[stay.agent].subject
            meters.add(
                f"{told.spec.name}/{stay.role.name}", movement(raw, subject, unit.pseudonym), movement(stay, subject, unit.pseudonym)
            )


def _move(shelf: Shelf, unit: Unit, _: Wanted, public: Public, meters: Meters) -> None:
    """Put what is published of movements into data sets, and measure it."""
    content: Moved = unit.content
    who = {one.agent: one for one in unit.sittings}
    for agent, told in content.told.items():
        after = replace(anonymity.coarse(told, public.coarse_m), subject="", session=unit.pseudonym)
        if agent in who:
            meters.add(f"motion/{content.motion.label}", replace(told, session=unit.pseudonym), replace(after, subject=told.subject))
            quasi = who[agent].quasi
            after = replace(after, subject=unit.subjects[agent], device=quasi.get("device", ""), platform=quasi.get("platform", ""))
        shelf.move(after, content.motion, content.permit, unit.month)


def movement(stay: Stay, subject: str, session: str) -> Recording:
    """All that can be seen of how somebody moved and decided in a stay, with what they sensed (but for pictures), for the meter.

    What the person does not allow counts as zeros, as everybody would see it.
    """
    steps = len(stay)
    pose = np.zeros((steps, 3)) if stay.pose is None else stay.pose[:-1].astype(np.float64)
    seen = stay.role.observation_size - (stay.role.picture.size if stay.role.picture else 0)
    return Recording(
        subject=subject,
        session=session,
        time=np.arange(stay.first, stay.first + steps) * transcripts.STEP_S,
        x=pose[:, 0],
        y=pose[:, 1],
        heading=None if stay.pose is None else pose[:, 2],
        channels={
            "action": transcripts.decided(stay.role, stay.actions) * ("actions" not in stay.private),
            "observation": stay.observations[:-1, :seen] * ("observations" not in stay.private),
        },
    )
