"""What a study expects to find, and whether it was found."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt

from avatarium.leaderboards.stats import Interval
from avatarium.worlds.core.errors import UserError, nearest

FORM = re.compile(r"(?P<left>\S+) (?P<relation>>=|<=|>|<) (?:(?P<factor>\d+(?:\.\d+)?) \* )?(?P<right>\S+)")
MEANS: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le}
APART: dict[str, Callable[[float, float], bool]] = {">": gt, "<": lt}

Findings = Mapping[str, Mapping[str, Interval]]
"""By contestant, then by what was measured: the mean over seeds and its interval."""


@dataclass(frozen=True)
class Measure:
    """What was measured of a contestant, such as ``gru.return``."""

    label: str
    name: str


@dataclass(frozen=True)
class Verdict:
    """An expectation, whether it was met (None: it could not be told), and the numbers."""

    text: str
    met: bool | None
    told: str

    def __str__(self) -> str:
        return f"{'not told' if self.met is None else 'met' if self.met else 'NOT met'}: {self.text} ({self.told})"


@dataclass(frozen=True)
class Expectation:
    """A relation between a measure and a number or another measure.

    ``>=`` and ``<=`` compare means over seeds; ``>`` and ``<`` want whole intervals apart. The right side counts ``factor`` times.
    """

    text: str
    left: Measure
    relation: str
    right: Measure | float
    factor: float = 1.0

    @classmethod
    def read(cls, text: str, labels: tuple[str, ...]) -> "Expectation":
        """From a text such as ``gru.return >= 3.6`` or ``gru.return > 0.9 * mlp.return``. Raises UserError."""
        found = FORM.fullmatch(text)
        if not found:
            raise UserError(f"{text!r} is not of the form contestant.gauge >= number, or contestant.gauge > contestant.gauge")
        try:
            right: Measure | float = float(found["right"])
        except ValueError:
            right = _measure(found["right"], labels, text)
        return cls(text, _measure(found["left"], labels, text), found["relation"], right, float(found["factor"] or 1.0))

    @property
    def names(self) -> tuple[str, ...]:
        """What has to be measured."""
        return tuple(side.name for side in (self.left, self.right) if isinstance(side, Measure))

    def verdict(self, findings: Findings) -> Verdict:
        """Whether it was met."""
        sides = [_interval(side, findings) for side in (self.left, self.right)]
        if None in sides:
            return Verdict(self.text, None, "not all of it was measured")
        a, b = (side for side in sides if side is not None)
        told = " and ".join(str(found) for found, side in ((a, self.left), (b, self.right)) if isinstance(side, Measure))
        if self.relation in MEANS:
            return Verdict(self.text, MEANS[self.relation](a.value, self.factor * b.value), told)
        b = Interval(*(self.factor * number for number in (b.value, b.low, b.high)))
        nearer, farther = (a.low, b.high) if self.relation == ">" else (a.high, b.low)
        return Verdict(self.text, APART[self.relation](nearer, farther), told)


def _measure(word: str, labels: tuple[str, ...], text: str) -> Measure:
    label, dot, name = word.partition(".")
    if not dot:
        raise UserError(f"{word!r} in {text!r} is neither a number nor of the form contestant.gauge")
    if label not in labels:
        raise UserError(f"there is no contestant {label!r}, of whom {text!r} speaks: {nearest(label, labels)}")
    return Measure(label, name)


def _interval(side: Measure | float, findings: Findings) -> Interval | None:
    if isinstance(side, Measure):
        return findings.get(side.label, {}).get(side.name)
    return Interval(side, side, side)
