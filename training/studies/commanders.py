"""How commanders of domination learn from game to game: tables and curves of their series against scripted teams.

``python -m avatarium.training.studies.commanders`` plays them; it takes about a quarter of an hour on one core.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from avatarium import agents
from avatarium.agents.series import Series, play_series
from avatarium.leaderboards.stats import Interval, interval
from avatarium.training.studies.picture import COLOURS

COMMANDERS = ("rl-dot", "retaliate", "cb-retaliate")
SCRIPTED = ("majority", "opportunistic", "greedy", "possession", "bayes")
"""Not the ambusher: where orders are given instead of steps nobody can lie in wait, and it plays like possession."""
SWITCH = ("possession", "majority", "possession")
"""Who is met in the first, second and last third of a series in which the opponent changes and comes back."""
LATE = 0.25
"""Share of a series, at its end, that tells what has been learnt."""
MOVING = 5
"""Games over which win rates are averaged."""


class Told(NamedTuple):
    """A commander's series against somebody."""

    commander: str
    opponent: str
    series: Series


def matches(commanders: Sequence[str], opponents: Sequence[str], games: int, seeds: Sequence[int], config: dict[str, Any]) -> list[Told]:
    """Every commander against every scripted team."""
    found = []
    for commander in commanders:
        for opponent in opponents:
            rival = load(opponent, "blue", config)
            found.append(Told(commander, opponent, against(commander, [rival] * games, seeds, config)))
    return found


def switches(commanders: Sequence[str], games: int, seeds: Sequence[int], config: dict[str, Any]) -> list[Told]:
    """Every commander against a scripted team that gives way to another one and then comes back."""
    rivals = {name: load(name, "blue", config) for name in SWITCH}
    order = [rivals[SWITCH[3 * game // games]] for game in range(games)]
    return [Told(commander, ", ".join(SWITCH), against(commander, order, seeds, config)) for commander in commanders]


def load(name: str, role: str, config: dict[str, Any]) -> agents.Policy:
    """A member of the population."""
    return agents.load(f"domination/{name}", "domination", role, **config)


def against(commander: str, opponents: Sequence[agents.Policy], seeds: Sequence[int], config: dict[str, Any]) -> Series:
    """The series of one commander, as red."""
    return play_series("domination", ("red", load(commander, "red", config)), ("blue", opponents), seeds, config)


def table(found: Sequence[Told]) -> str:
    """Markdown: how each commander did in its first and in its last games, and how soon it won more often than not."""
    rows = [
        "| commander | opponent | win rate, first quarter | last quarter | margin, last quarter | games until > 0.5 |",
        "|---|---|---|---|---|---|",
    ]
    for commander, opponent, series in found:
        quarter = max(1, round(LATE * series.margins.shape[1]))
        until = series.games_until(window=min(MOVING, series.margins.shape[1]))
        first, last = sure(series.points[:, :quarter]), sure(series.points[:, -quarter:])
        rows.append(f"| {commander} | {opponent} | {first} | {last} | {series.margins[:, -quarter:].mean():+.1f} | {until:.1f} |")
    return "\n".join(rows)


def switch_table(found: Sequence[Told]) -> str:
    """Markdown: win rates before and after each change of the opponent, and the games until the commander won more often than not again."""
    rows = ["| commander | " + " | ".join(f"{name}: win rate, games until > 0.5" for name in SWITCH) + " |", "|---|---|---|---|"]
    for commander, _, series in found:
        third = series.margins.shape[1] // len(SWITCH)
        parts = [Series(series.margins[:, k * third : (k + 1) * third]) for k in range(len(SWITCH))]
        told = [f"{sure(part.points)}, {part.games_until(window=min(MOVING, third)):.1f}" for part in parts]
        rows.append(f"| {commander} | " + " | ".join(told) + " |")
    return "\n".join(rows)


def sure(points: np.ndarray) -> Interval:
    """The mean of ``points`` [S, G] with its 95 % bootstrap interval over series."""
    return interval(points.mean(axis=1), np.ones(len(points)))


def draw(found: Sequence[Told], path: Path) -> Path:
    """A panel per opponent: win rates over games, averaged over series and over ``MOVING`` games; a PNG at ``path``."""
    opponents = list(dict.fromkeys(told.opponent for told in found))
    columns = min(3, len(opponents))
    rows = -(-len(opponents) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.2 * rows + 0.4), dpi=110, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axis, opponent in zip(axes, opponents, strict=False):
        axis.grid(True, color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
        axis.axhline(0.5, color="#888888", linewidth=1, linestyle="--")
        for told in (told for told in found if told.opponent == opponent):
            points = told.series.points.mean(axis=0)
            window = min(MOVING, len(points))
            moving = np.convolve(points, np.ones(window) / window, "valid")
            colour = COLOURS[list(COMMANDERS).index(told.commander) if told.commander in COMMANDERS else -1]
            axis.plot(np.arange(window, len(points) + 1), moving, color=colour, linewidth=2, label=told.commander)
        axis.set_title(f"against {opponent}")
        axis.set_xlabel("games")
        axis.set_ylim(0, 1)
    for axis in axes[len(opponents) :]:
        axis.set_visible(False)
    axes[0].set_ylabel(f"win rate, {MOVING} games")
    axes[0].legend(frameon=False, fontsize="small")
    figure.savefig(path)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, print the tables and draw the curves."""
    parser = argparse.ArgumentParser(description="how commanders of domination learn from game to game")
    add = parser.add_argument
    add("--games", type=int, default=20, help="of a series (default: %(default)s); three halves as many where the opponent changes")
    add("--series", type=int, default=32, help="played side by side (default: %(default)s)")
    add("--team", type=int, default=3, help="soldiers of each team (default: %(default)s)")
    add("--commanders", nargs="+", default=list(COMMANDERS), metavar="NAME", help="who learns")
    add("--opponents", nargs="+", default=list(SCRIPTED), metavar="NAME", help="against whom")
    add("--out", type=Path, default=Path("runs/commanders"), metavar="DIR", help="where the curves go (default: %(default)s)")
    given = parser.parse_args(arguments)
    config, seeds = {"command": "order", "team": given.team}, range(given.series)
    found = matches(given.commanders, given.opponents, given.games, seeds, config)
    print(table(found), end="\n\n", flush=True)
    changed = switches(given.commanders, 3 * (given.games // 2), seeds, config)
    print(switch_table(changed))
    given.out.mkdir(parents=True, exist_ok=True)
    print(draw([*found, *changed], given.out / "commanders.png"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
