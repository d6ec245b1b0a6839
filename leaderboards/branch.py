"""What a branch changed: metrics, rewards by term and paths of both futures side by side."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from avatarium.agents.branching import Branches, Load, described, in_words
from avatarium.leaderboards.entrants import entrant
from avatarium.leaderboards.episodes import setting
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.stats import Interval, standing
from avatarium.worlds.core.transcript import Transcript

APART_M = 0.5
"""Whoever is farther than this from where the other future has them went another way."""
REWARD = "reward"
AVATARS = "avatars"
"""The state field that holds bodies, in worlds that have any."""


@dataclass(frozen=True)
class Row:
    """One number of both futures: means over the pairs, and how much the branch has more, with its 95 % interval over the pairs."""

    what: str
    whose: str
    original: float
    branch: float
    difference: Interval
    digits: int = 2
    unit: str = ""


@dataclass(frozen=True)
class Comparison:
    """Everything that tells the futures of a branch apart."""

    found: Branches
    rows: list[Row]
    parted: list[int | None]
    """By pair: the first step after which states differ; None where they never do."""
    moved: list[int | None]
    """By pair: how many avatars are more than ``APART_M`` from where the other future has them in the end; None without any bodies."""

    @property
    def pairs(self) -> int:
        """How many pairs of futures there are."""
        return len(self.parted)


@contextmanager
def sandboxed() -> Iterator[Load]:
    """Yields what loads policies: by their names in this process, files in the sandbox; whatever was started ends with it."""
    with ExitStack() as stack:
        yield lambda text, spec, role, config: stack.enter_context(closing(entrant(text))).policy(setting(spec, config, role))


def compare(found: Branches) -> Comparison:
    """Fold both futures of every pair into numbers."""
    one, other = ([Transcript.open(future.path) for future in some] for some in (found.originals, found.branches))
    pairs = list(zip(one, other, strict=True))
    rows = [*_metrics(found, one, other), *_rewards(found)]
    told = found
    if len(pairs) > 1 and len({t.digest for t in one}) == len({t.digest for t in other}) == 1:
        told = replace(found, notes=[*found.notes, "these minds leave nothing to chance: every pair of futures is the same"])
    return Comparison(told, rows, [_parted(*pair) for pair in pairs], [_moved(*pair) for pair in pairs])


def _metrics(found: Branches, one: Sequence[Transcript], other: Sequence[Transcript]) -> Iterator[Row]:
    """The world's metrics, of the agent and of all of its role."""
    where = found.where
    count = where.told.roles[where.role].count
    groups = {where.agent: [where.avatar]} | ({f"every {where.role}": list(range(count))} if count > 1 else {})
    for name in where.told.spec.metrics:
        by = metric(name)
        for whose, avatars in groups.items():
            shares = np.array([[by.fold(told, where.role, avatars) for told in some] for some in (one, other)], np.float64)
            yield _row(by.title, whose, shares[..., 0], shares[..., 1], by.digits, by.unit)


def _rewards(found: Branches) -> Iterator[Row]:
    """What the agent was paid from the branch on, by term and in total."""
    where = found.where
    paid = np.array([[future.terms[where.role][where.avatar] for future in some] for some in (found.originals, found.branches)])
    once = np.ones(paid.shape[:2])
    terms = where.told.roles[where.role].terms
    for k, term in enumerate(terms):
        yield _row(f"{REWARD} from step {where.at} on: {term}", where.agent, paid[..., k], once)
    if len(terms) > 1:
        yield _row(f"{REWARD} from step {where.at} on", where.agent, paid.sum(axis=-1), once)


def _row(what: str, whose: str, above: np.ndarray, below: np.ndarray, digits: int = 2, unit: str = "") -> Row:
    """A row from numerators and denominators float64 [2, N]: the original futures', then the branches'."""
    found = standing(above, below, np.zeros(above.shape[1], int))
    resampled = found.resampled[:, 1] - found.resampled[:, 0]
    known = resampled[~np.isnan(resampled)]
    low, high = np.quantile(known, [0.025, 0.975]).tolist() if len(known) else (math.nan, math.nan)
    original, branch = found.scores.tolist()
    return Row(what, whose, original, branch, Interval(branch - original, low, high), digits, unit)


def _parted(one: Transcript, other: Transcript) -> int | None:
    """The first step after which the states of two episodes differ, or of which one has none."""
    steps = min(one.steps, other.steps)
    firsts = []
    for field in one.spec.frame_fields:
        a, b = (told.frame(field)[1 : steps + 1] for told in (one, other))
        same = (a.reshape(steps, -1).view(np.uint8) == b.reshape(steps, -1).view(np.uint8)).all(axis=1)
        firsts += np.flatnonzero(~same)[:1].tolist()
    if not firsts and one.steps != other.steps:
        return steps
    return min(firsts, default=None)


def _moved(one: Transcript, other: Transcript) -> int | None:
    """How many bodies are elsewhere at the last step that both episodes have."""
    if AVATARS not in one.spec.frame_fields:
        return None
    last = min(one.steps, other.steps)
    a, b = (told.frame(AVATARS)[last] for told in (one, other))
    if not {"x", "y"} <= set(a.dtype.names or ()):
        return None
    return int((np.hypot(a["x"] - b["x"], a["y"] - b["y"]) > APART_M).sum())


def table(found: Comparison) -> Table:
    """The comparison for a terminal."""
    where, several = found.found.where, found.pairs > 1
    seconds = f"step {where.at} of {where.told.steps}"
    title = f"{where.told.spec.name}, {where.agent} from {seconds}: {in_words(found.found.change)}"
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for heading in ("what", "whose"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("as it was", "branch", "difference, 95 % interval" if several else "difference"):
        shown.add_column(heading, justify="right", no_wrap=True)
    rows = [row for row in found.rows if not (math.isnan(row.original) and math.isnan(row.branch))]
    for k, row in enumerate(rows):
        if row.what.startswith(REWARD) and not rows[max(k - 1, 0)].what.startswith(REWARD):
            shown.add_section()
        cells = (_number(row.original, row.digits), _number(row.branch, row.digits), _difference(row, several))
        unit = f" ({row.unit})" if row.unit else ""
        shown.add_row(Text(row.what + unit), row.whose, *cells)
    return shown


def sentences(found: Comparison) -> list[str]:
    """When the futures part, how far, and what else has to be known."""
    where = found.found.where
    first, of = [step for step in found.parted if step is not None], f" of {found.pairs} pairs" if found.pairs > 1 else ""
    if not first:
        said = ["both futures are the same, byte for byte" + (f", in all{of}" if of else "")]
    else:
        late = min(first) - where.at
        parted = f"from step {min(first)} on, " + (f"{late} after the branch" if late else "the step of the branch")
        said = [f"states differ {parted}" if found.pairs == 1 else f"states differ in {len(first)}{of}, at the earliest {parted}"]
    moved = [count for count in found.moved if count is not None]
    if moved and first:
        bodies = len(where.told.frame(AVATARS)[0])
        mean = f"{np.mean(moved):.1f}" if found.pairs > 1 else f"{moved[0]}"
        said.append(f"{mean} of {bodies} bodies end more than {APART_M:g} m from where the other future has them")
    return [*said, *found.found.notes]


def _number(value: float, digits: int) -> Text:
    return Text("–", "dim") if math.isnan(value) else Text(f"{value:.{digits}f}")


def _difference(row: Row, several: bool) -> Text:
    """The difference; in bold where its interval excludes 0."""
    change = row.difference
    if math.isnan(change.value):
        return Text("–", "dim")
    if change.low == change.value == change.high == 0.0:
        return Text("0", "dim")
    text = Text(f"{change.value:+.{row.digits}f}", "bold" if several and change.low * change.high > 0 else "")
    if several:
        text.append(f"  {change.low:+.{row.digits}f} to {change.high:+.{row.digits}f}", "dim")
    return text


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison for programs; numbers that there are not are null."""
    branches, where = found.found, found.found.where
    return {
        "world": where.told.spec.name,
        "of": where.told.digest,
        "at": where.at,
        "agent": where.agent,
        "change": described(branches.change),
        "originals": [str(future.path) for future in branches.originals],
        "branches": [str(future.path) for future in branches.branches],
        "parted": found.parted,
        "moved": found.moved,
        "rows": [_known(asdict(row)) for row in found.rows],
        "notes": branches.notes,
    }


def _known(value: Any) -> Any:
    """The value with null, which JSON knows, in place of numbers that there are not."""
    if isinstance(value, dict):
        return {name: _known(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
