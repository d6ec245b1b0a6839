"""The card of a public data set: what is in it, what was done to it, what can still be told from it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avatarium.agents.datasets.anonymity import QUASI, Public, Unit
from avatarium.agents.datasets.exporting import Made, Report
from avatarium.agents.identity import report as tables
from avatarium.agents.identity.meter import Measurement

NAME = "README.md"


@dataclass(frozen=True)
class Counts:
    """How many sessions there were, and how many are published."""

    units: Sequence[Unit]
    kept: Sequence[Unit]
    cells: int
    """Cells in which too few persons were."""

    @property
    def suppressed(self) -> int:
        """Sessions that are not published since too few persons are like somebody in them."""
        return len(self.units) - len(self.kept)

    def sentence(self, k: int) -> str:
        """What was suppressed; empty where nothing was."""
        if not self.suppressed:
            return ""
        return (
            f"{self.suppressed} of {len(self.units)} sessions are not published: "
            f"fewer than {k} persons share what may be known of somebody in them ({self.cells} such group{'s' * (self.cells > 1)})"
        )


def nothing(counts: Counts, public: Public, report: Report) -> str:
    """Why nothing is published."""
    left_out = [*report.skipped, *report.private, *report.twice]
    if not counts.units:
        return (
            f"nothing is left to publish; the first of {len(left_out)} files that were left out: {left_out[0]}"
            if left_out
            else ("nobody who is wanted is in these recordings")
        )
    persons = {one.subject for unit in counts.units for one in unit.sittings}
    return (
        f"nothing can be published: no {public.k} of {len(persons)} persons share device, platform, length, world and month; "
        "ask for fewer by --k, leave something out by --withhold, or record more persons"
    )


def text(name: str, made: Iterable[Made], counts: Counts, public: Public, found: Mapping[str, Measurement | str]) -> str:
    """The card as Markdown."""
    sets = sorted(made, key=lambda one: one.path)
    return (
        "\n\n".join(
            [
                f"# {name}",
                "Recordings of persons and policies in virtual worlds, made fit for everybody.",
                "\n".join(
                    f"- `{one.path.parent.name}/{one.path.name}`: {one.episodes} sessions, {one.stays} stays, {one.steps} rows"
                    for one in sets
                ),
                "## What was done",
                "\n".join(f"- {line}" for line in _done(counts, public)),
                "## Who can be told from whom",
                _meter(found),
            ]
        )
        + "\n"
    )


def _done(counts: Counts, public: Public) -> Iterator[str]:
    """What was done, a sentence or two for each thing."""
    yield (
        "Every person in it has allowed that it is given to everybody. Who does not allow it any more is taken out of the next version: "
        "use the newest one."
    )
    yield (
        "Persons have no names. `subject` is a random word, another one in every session, and `episode` one for the session. They were "
        "drawn, not computed, and the order of sessions was drawn, too: nothing in here leads from one session of a person to another."
    )
    kept = [word if word != "length" else "length (in classes)" for word in QUASI if word not in public.withheld]
    suppressed = counts.sentence(public.k)
    yield (
        f"Wherever a person is, at least {public.k} persons share the same {', '.join(kept[:-1])} and {kept[-1]}. "
        f"{suppressed or 'No session had to be left out for that'}."
    )
    if "month" in kept:
        yield f"When it was is told to the month, after every session was shifted by up to {public.jitter_days:g} days at random."
    yield (
        "Times count from the beginning of a session. Movements from other recorders are told ten times a second, whatever their own clock "
        "was; seeds, digests and the words in which persons agreed are left out."
    )
    if public.coarse_m is not None:
        yield f"Places are rounded to {public.coarse_m:g} m; where avatars looked, what they saw and what they decided is left out."
    elif not public.words:
        yield "What was said and heard is left out: the sensor, the choices, and events that tell words."


def _meter(found: Mapping[str, Measurement | str]) -> str:
    """What the meter says, and how to read it."""
    if not found:
        return "Not measured: no person is in it."
    verdicts = [f"{name}: {tables.verdict(one)}" for name, one in found.items() if isinstance(one, Measurement)]
    return "\n\n".join(
        [
            "A classifier learnt some sessions of every person, by how they move and decide and what they sense, and said who is in the "
            "others. It was told who is who, as who has this data set alone is not: what it finds, somebody finds who knows a person from "
            "elsewhere. Accuracies are means over persons, with 95 % intervals over sessions; `shuffled` is the same with persons dealt "
            "out at random. A better attack may find more.",
            tables.table(found),
            *verdicts,
        ]
    )


def write(folder: Path, content: str) -> None:
    """Put a card where it belongs, whole."""
    path = folder / NAME
    with path.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
