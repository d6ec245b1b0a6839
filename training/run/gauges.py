"""Gauges that many worlds need, for their recipes."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Gauges, Happened


def share(name: str, event: str, *others: str) -> Gauges:
    """How many of the events of several kinds are of the first kind, under ``name``; nothing while none of them happens."""

    def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
        counts = [events[kind].count if kind in events else 0.0 for kind in (event, *others)]
        return {name: counts[0] / sum(counts)} if any(counts) else {}

    return gauges
