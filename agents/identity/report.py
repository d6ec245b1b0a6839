"""What was measured, as tables: for a terminal and for the card of a data set."""

from collections.abc import Mapping

from avatarium.agents.identity.meter import Measurement

Table = Mapping[str, Measurement | str]
"""What was measured under some name, or why nothing could be."""
TITLES = ("", "subjects", "sessions", "windows", "per window (95 %)", "per session (95 %)", "chance", "shuffled")


def table(found: Table) -> str:
    """Markdown, lined up so that it can be read as it is: a row for each measurement, a sentence for each that could not be made."""
    cells = [list(TITLES), *([name, *_cells(one)] for name, one in found.items() if isinstance(one, Measurement))]
    wide = [max(len(row[k]) for row in cells) for k in range(len(TITLES))]
    lines = [f"| {' | '.join(cell.ljust(w) for cell, w in zip(row, wide, strict=True))} |" for row in cells]
    lines.insert(1, f"|{'|'.join('-' * (w + 2) for w in wide)}|")
    sentences = [f"{name}: not measured, since {one}." for name, one in found.items() if isinstance(one, str)]
    return "\n".join([*(lines if len(cells) > 1 else []), *sentences])


def _cells(one: Measurement) -> list[str]:
    counts = [str(one.subjects), str(one.sessions), f"{one.windows} of {one.window_s:g} s"]
    return [*counts, str(one.per_window), str(one.per_session), f"{one.chance:.2f}", f"{one.shuffled:.2f}"]


def verdict(one: Measurement) -> str:
    """What it means, as half a sentence."""
    if one.gives_away:
        times = one.per_session.value / one.chance
        return (
            f"who knows some sessions of these {one.subjects} subjects tells who is in another {times:.1f} times as often as guessing does."
        )
    return f"these {one.subjects} subjects were not told apart better than by guessing; more sessions, or a better attack, might do it."


def confusions(one: Measurement) -> str:
    """Who is taken for whom: a row per subject, the share of its sessions told for each; only what is more than nothing."""
    wide = max(map(len, one.names))
    rows = []
    for name, shares in zip(one.names, one.confusion, strict=True):
        told = sorted((-share, other) for other, share in zip(one.names, shares, strict=True) if share > 0)
        rows.append(f"{name.ljust(wide)}  told for {', '.join(f'{other} {-share:.2f}' for share, other in told)}")
    return "\n".join(rows)
