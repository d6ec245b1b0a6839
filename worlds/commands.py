"""``avatarium worlds`` tells what there is: the worlds, and what each senses, does, pays and lets one set."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.worlds.core.spec import Role, WorldSpec


class Worlds:
    """List the worlds, or print the tables of one."""

    help = "list the worlds, or print what one of them senses, does, pays and lets you set"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("name", nargs="?", help="a world's name, or package.module:WORLD for one of another package")
        parser.add_argument("--tag", help="list only worlds with this tag")
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="print the tables under this setting")
        parser.add_argument("--ptx", type=Path, metavar="FOLDER", help="compile its kernels for a GPU, without one, and write them there")

    def run(self, args: argparse.Namespace) -> int:
        """Print to standard output."""
        from avatarium.worlds.core import discovery

        if args.ptx and not args.name:
            raise UserError("--ptx compiles the kernels of one world: give its name")
        if args.ptx:
            from avatarium.worlds.gpu.assembly import write

            for line in write(discovery.spec(args.name), args.ptx, args.set):
                print(line, flush=True)
            return 0
        if args.name:
            print(card(discovery.spec(args.name), args.set))
            return 0
        print(listing([discovery.spec(name) for name in discovery.names(args.tag)]), end="")
        return 0


def listing(specs: Sequence["WorldSpec"]) -> str:
    """A line per world; diagnostics come last, under a heading of their own."""
    from avatarium.worlds.core.discovery import DIAGNOSTIC

    width = max((len(spec.name) for spec in specs), default=0)
    lines = {spec.name: f"{spec.name:<{width}}  {spec.summary}\n" for spec in specs}
    small = "".join(lines.pop(spec.name) for spec in specs if DIAGNOSTIC in spec.tags)
    gap = "\n" if lines and small else ""
    return "".join(lines.values()) + gap + (f"diagnostics, which ask one question each:\n{small}" if small else "")


def card(spec: "WorldSpec", overrides: list[str]) -> str:
    """The tables of a world as Markdown that is lined up for reading: sensed, done, paid, told, settings."""
    from avatarium.worlds.core import settings

    config: Any = settings.build(spec.config, settings.parse_overrides(overrides, spec.config))
    parts = [f"# {spec.name}, version {spec.version}", f"{spec.summary[0].upper()}{spec.summary[1:]}."]
    for role in spec.roles(config):
        parts += _role(role)
    events = [f"| {e.name} | {e.meaning} | {e.value} |" for e in spec.events]
    parts += ["## Events", aligned("\n".join(["| event | meaning | value |", "|---|---|---|", *events]))]
    parts += ["## Settings", aligned(settings.table(spec.config))]
    return "\n\n".join(parts)


def _role(role: "Role") -> list[str]:
    parts = [f"## Role {role.name}, {role.count} by these settings", f"Senses {role.observation_size} numbers:", aligned(role.table())]
    if role.continuous:
        low, high = role.span
        parts.append(f"Acts by {len(role.continuous)} numbers from {low:g} to {high:g}: {', '.join(role.continuous)}.")
    else:
        heads = [f"| {h.name} | {', '.join(f'{k} {choice}' for k, choice in enumerate(h.choices))} |" for h in role.heads]
        parts += ["Acts by one choice per head:", aligned("\n".join(["| head | choices |", "|---|---|", *heads]))]
    if role.masked:
        parts.append("Which choices are open changes from step to step; the mask tells.")
    return [*parts, f"Is paid the sum of these terms: {', '.join(role.terms)}."]


def aligned(table: str) -> str:
    """A Markdown table with its columns padded to one width, the last one left as it is.

    >>> print(aligned("| a | b |\\n|---|---|\\n| long | x |"))
    | a    | b |
    |------|---|
    | long | x |
    """
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        rule = set("".join(row)) == {"-"}
        fill, edge = ("-", "-") if rule else (" ", " ")
        cells = [cell.ljust(width, fill) for cell, width in zip(row, widths, strict=False)]
        lines.append(f"|{edge}" + f"{edge}|{edge}".join([*cells, row[-1] if not rule else "-"]) + f"{edge}|")
    return "\n".join(lines)
