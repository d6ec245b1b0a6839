"""Externality: what a policy's company gains or loses by it, against the same people among themselves on the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from avatarium.leaderboards import paired
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.stats import Interval


@dataclass(frozen=True)
class Externality:
    """One metric, over the background people."""

    focal: Interval
    """The judged policy's own score, beside theirs."""
    background: Interval
    """Theirs, in its company."""
    alone: Interval
    """Theirs, with one of their own in its place (see ``block.play_background``)."""
    effect: Interval
    """What its company makes of their score, seed by seed."""


def externality(metric: Metric, episodes: Sequence[Episode], alone: Sequence[Episode]) -> Externality:
    """How background people did beside a policy and without it; episodes in which the policy failed are left out of both."""
    whole = [e for e in episodes if e.fault is None]
    theirs, before = ([replace(e, shares=e.background) for e in some] for some in (whole, alone))
    kept = {e.seed for e in whole}
    sides = (whole, theirs, [e for e in before if e.seed in kept])
    focal, background, without = paired.drawn([paired.shares(metric, side) for side in sides]).T
    return Externality(*(paired.interval(column) for column in (focal, background, without, background - without)))
