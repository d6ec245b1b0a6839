"""Events on the timeline: which have a tick, and what is told of those under the mouse."""

from collections.abc import Callable, Sequence

import numpy as np

from avatarium.render.viewer.layout import Layout

_NEAR = 4.0
"""Points from a tick within which the mouse means it."""
_TOLD = 5
"""Events in a tooltip, at most."""


def rare(events: np.ndarray, length: int) -> np.ndarray:
    """bool [E]: the events of kinds that do not happen all the time."""
    if not len(events):
        return np.zeros(0, bool)
    often: np.ndarray = np.bincount(events["kind"])[events["kind"]] > max(40, length // 4)
    return ~often


def marks(events: np.ndarray, chosen: int, length: int, columns: float) -> np.ndarray:
    """Ticks for a timeline of so many ``columns`` (points), float32 [M, 3] (see ``Status.marks``): one event for every three points.

    Those of the agent ``chosen`` come first; kinds that happen all the time are left out.
    """
    some = events[rare(events, length)]
    if not len(some):
        return np.zeros((0, 3), np.float32)
    own = some["who"] == chosen
    order = np.lexsort((some["kind"], ~own))
    some, own = some[order], own[order]
    column = np.round((some["step"] + 1) / max(length, 1) * columns / 3).astype(int)
    _, first = np.unique(column, return_index=True)
    return np.stack([some["step"][first] + 1, some["kind"][first], own[first]], axis=1).astype(np.float32)


def told(
    events: np.ndarray, x: float, layout: Layout, length: int, kinds: Sequence[str], name: Callable[[int], str]
) -> list[tuple[str, int]]:
    """What happened within reach of the mouse at ``x`` on the timeline: lines, such as "arrival · Walker 5 · step 46", and their kinds."""
    some = events[rare(events, length)]
    at = layout.track.x + layout.track.width * (some["step"] + 1.0) / max(length, 1)
    near = some[np.abs(at - x) <= _NEAR]
    lines = []
    for event in near[:_TOLD]:
        kind = int(event["kind"])
        who = name(int(event["who"]))
        whom = f" and {name(int(event['whom']))}" if event["whom"] >= 0 else ""
        lines.append((f"{kinds[kind].replace('_', ' ')} · {who}{whom} · step {int(event['step']) + 1}", kind))
    if len(near) > _TOLD:
        lines[-1] = (f"and {len(near) - _TOLD + 1} more", lines[-1][1])
    return lines
