"""Small pictures within pages, as SVG: they repeat for the eye what stands beside them in numbers. Colours come from the style sheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 96, 14
STEPS = 9
"""Shades of a heat table."""
CHART_WIDTH, CHART_HEIGHT = 300, 150
LEFT, RIGHT, TOP, BOTTOM = 36, 10, 8, 24


def whisker(score: Mapping[str, Any], low: float, high: float) -> Markup:
    """An interval on the scale from ``low`` to ``high``: a line, and a dot at the value."""
    if score["value"] is None or high <= low:
        return Markup("")
    low_x, x, high_x = (_x(score[name], low, high) for name in ("low", "value", "high"))
    return Markup(
        f'<svg class="whisker" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<path class="rail" d="M1 7H{WIDTH - 1}"/><path class="range" d="M{low_x} 7H{high_x}"/><circle cx="{x}" cy="7" r="3"/></svg>'
    )


def places(best: int, worst: int, entrants: int) -> Markup:
    """The places that are open to somebody among so many."""
    start, end, width = _x(best - 1, 0, max(entrants, 2)) / 2, _x(worst, 0, max(entrants, 2)) / 2, WIDTH // 2
    return Markup(
        f'<svg class="whisker places" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" aria-hidden="true">'
        f'<path class="rail" d="M1 7H{width - 1}"/><path class="range" d="M{start:.1f} 7H{max(end, start + 2):.1f}"/></svg>'
    )


def _x(value: float, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return round(4 + share * (WIDTH - 8), 1)


def heat(value: float | None, low: float, high: float, higher_is_better: bool = True) -> str:
    """The class of a cell by how good its value is among others."""
    if value is None:
        return "heat-none"
    share = 0.5 if high <= low else (value - low) / (high - low)
    return f"heat-{round((share if higher_is_better else 1 - share) * (STEPS - 1))}"


def span(values: Sequence[float | None]) -> tuple[float, float]:
    """The smallest and the largest of the numbers; 0 and 1 where there is none."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else (0.0, 1.0)


def curve(points: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """A score over the level of a fault, with its interval as a band."""
    known = [p for p in points if p["value"] is not None]
    if not known:
        return Markup("")
    across = span([p["level"] for p in known])
    low, high = span([p[name] for p in known for name in ("low", "high", "value")])
    pad = (high - low) * 0.08 or 0.05
    frame = _Frame(across, (low - pad, high + pad))
    band = [frame.at(p["level"], p["high"]) for p in known] + [frame.at(p["level"], p["low"]) for p in reversed(known)]
    line = [frame.at(p["level"], p["value"]) for p in known]
    dots = Markup("").join(Markup('<circle cx="{}" cy="{}" r="2.5"/>').format(*at) for at in line)
    return Markup(
        '<svg class="curve" viewBox="0 0 {w} {h}" role="img" aria-label="{title}">{axes}<polygon class="band" points="{band}"/>'
        '<polyline points="{line}"/>{dots}</svg>'
    ).format(w=CHART_WIDTH, h=CHART_HEIGHT, title=title, axes=frame.axes(), band=_points(band), line=_points(line), dots=dots)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


class _Frame:
    """The room of a chart, with an axis on each side."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._across, self._up = across, up

    def at(self, level: float, value: float) -> tuple[float, float]:
        (left, right), (bottom, top) = self._across, self._up
        x = (level - left) / (right - left) if right > left else 0.5
        y = (value - bottom) / (top - bottom)
        return round(LEFT + x * (CHART_WIDTH - LEFT - RIGHT), 1), round(CHART_HEIGHT - BOTTOM - y * (CHART_HEIGHT - TOP - BOTTOM), 1)

    def axes(self) -> Markup:
        parts = []
        for share in (0.0, 0.5, 1.0):
            value = self._up[0] + share * (self._up[1] - self._up[0])
            _, y = self.at(self._across[0], value)
            line = Markup('<path class="rail" d="M{} {}H{}"/><text class="up" x="{}" y="{}">{}</text>')
            parts.append(line.format(LEFT, y, CHART_WIDTH - RIGHT, LEFT - 5, y + 3.5, f"{value:.2g}"))
            level = self._across[0] + share * (self._across[1] - self._across[0])
            x, _ = self.at(level, self._up[0])
            parts.append(Markup('<text class="across" x="{}" y="{}">{}</text>').format(x, CHART_HEIGHT - 8, f"{level:.2g}"))
        return Markup("").join(parts)
