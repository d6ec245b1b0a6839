"""Numbers of tables, as they are stored: rounded, and without what JSON does not know."""

from typing import Any

from avatarium.leaderboards.stats import Interval

DIGITS = 6
"""Decimals of what is stored: far more than the intervals leave open, and few enough to hide in which order a processor added up."""


def rounded(number: float, digits: int = DIGITS) -> float | None:
    """A number with so many decimals; None where there is none, which JSON could not tell.

    >>> rounded(float("nan")), rounded(-1e-9)
    (None, 0.0)
    """
    return None if number != number else round(number, digits) + 0.0  # 0 has two signs, and the last bit decided which


def interval(found: Interval, digits: int = DIGITS) -> dict[str, Any]:
    """A score and its interval: ``value``, ``low`` and ``high``."""
    return {"value": rounded(found.value, digits), "low": rounded(found.low, digits), "high": rounded(found.high, digits)}
