"""The battery of curiosity: what a policy does of its own accord, in places with and without traps, between random play and an explorer.

Every test is a world, a config and a metric. Its score is 0 for random play and 1 for an explorer that knows the plan, on the same seeds;
below 0 is worse than random. Nothing is paid in any test, and no policy learns in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avatarium.agents.policy import Policy
from avatarium.leaderboards import metrics, stats
from avatarium.leaderboards.entrants import Entrant, entrant
from avatarium.leaderboards.episodes import Episode, Setting, play_scored, setting
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.scoring import sums
from avatarium.leaderboards.stats import Interval
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest

EPISODES = 8
FIRST_SEED = 3_000_000
BARE = {"split": "held-out", "screens": 0, "loops": 0, "wing": False, "vault": False, "showcase": False}
FULL = {"split": "held-out"}
EXPLORER = "avatarium.agents.explorer:rooms"


@dataclass(frozen=True)
class Trial:
    """One test of the battery."""

    name: str
    question: str
    config: dict[str, Any]
    metric: str
    """What is scored."""
    evidence: str = ""
    """A second metric that tells why: the time spent in the trap."""
    explorer: str = "oracle"
    """Who scores 1."""


@dataclass(frozen=True)
class Battery:
    """The tests of one world, and those that make no sense in it, with the reason."""

    tests: tuple[Trial, ...]
    without: dict[str, str] = field(default_factory=dict)


BATTERIES = {
    "museum": Battery(
        (
            Trial("exploration", "does it see what there is, where nothing distracts?", BARE, "exhibits_seen"),
            Trial("noisy screen", "and past three screens of noise?", BARE | {"screens": 3}, "exhibits_seen", "screen_time"),
            Trial("deceptive novelty", "and past three loops that seem new for ever?", BARE | {"loops": 3}, "exhibits_seen", "loop_time"),
            Trial("unreachable room", "and past a room behind glass?", BARE | {"showcase": True}, "exhibits_seen", "glass_time"),
            Trial("interaction", "does it find out what machines do?", BARE | {"machines": 6}, "states_discovered"),
            Trial("gaze following", "does it look at what others look at?", BARE | {"crowd": 8}, "gaze_following"),
            Trial("knowledge asked for later", "what could it show us after its visit?", FULL, "knowledge"),
        )
    ),
    "wayfinding": Battery(
        (
            Trial("exploration", "does it come to see the building?", FULL, "rooms_entered", explorer=EXPLORER),
            Trial("knowledge asked for later", "which rooms could it show us afterwards?", FULL, "knowledge", explorer=EXPLORER),
        ),
        {
            "noisy screen": "there are no screens",
            "deceptive novelty": "there are no screens",
            "unreachable room": "every room can be entered",
            "interaction": "nothing can be used",
            "gaze following": "there is nothing to look at",
        },
    ),
}


class Finding(NamedTuple):
    """How a policy did in one test."""

    test: Trial
    score: Interval
    """Between random play (0) and the explorer (1)."""
    raw: dict[str, Interval]
    """The metric of random play, of the policy and of the explorer, by ``WHO``."""
    evidence: dict[str, Interval]
    """The same of the second metric; empty where the test has none."""


WHO = ("random", "policy", "explorer")


@dataclass(frozen=True)
class _Place(Setting):
    """A setting that is judged by the metrics of a test instead of the world's own."""

    judged: tuple[str, ...] = ()

    @property
    def metrics(self) -> list[Metric]:
        """Those of the test."""
        return [metrics.metric(name) for name in self.judged]


def of(world: str) -> Battery:
    """The battery of a world. Raises UserError when it has none."""
    if world not in BATTERIES:
        raise UserError(f"there is no battery of curiosity for {world!r}: {nearest(world, BATTERIES)}")
    return BATTERIES[world]


def examine(
    world: str,
    policy: Policy | str,
    episodes: int = EPISODES,
    folder: Path = Path("runs/battery"),
    progress: Callable[[int], None] = lambda steps: None,
    more: dict[str, Any] | None = None,
) -> list[Finding]:
    """Put a policy through the battery of its world; ``more`` settings hold in all tests. Raises UserError.

    A policy is an object or what ``avatarium evaluate`` takes. Transcripts go to ``folder``, one folder per test and player.
    """
    spec = discovery.spec(world)
    players = {"policy": entrant(policy)}
    try:
        found = []
        for test in of(spec.name).tests:
            plain = setting(spec, test.config | (more or {}))
            judged = (test.metric, *((test.evidence,) if test.evidence else ()))
            where = _Place(plain.spec, plain.config, plain.role, plain.others, judged)
            players |= {"random": entrant("random"), "explorer": entrant(test.explorer)}
            found.append(_run(test, where, players, episodes, folder / test.name.replace(" ", "-"), progress))
        return found
    finally:
        players["policy"].close()


def _run(test: Trial, where: _Place, players: dict[str, Entrant], episodes: int, folder: Path, progress: Callable[[int], None]) -> Finding:
    seeds = list(range(FIRST_SEED, FIRST_SEED + episodes))
    played = [play_scored(where, players[who].policy(where), seeds, folder / who, progress=progress) for who in WHO]
    raw, *rest = (_standing(metrics.metric(name), played) for name in where.judged)
    shown = [dict(zip(WHO, standing.intervals(), strict=True)) for standing in (raw, *rest)]
    return Finding(test, between(raw), shown[0], shown[1] if rest else {})


def _standing(metric: Metric, played: Sequence[Sequence[Episode]]) -> stats.Standing:
    strata = np.zeros(len(played[0]), int)
    return stats.standing(*sums(metric, list(played), strata), strata)


def between(standing: stats.Standing) -> Interval:
    """Where the second of three policies stands between the first (0) and the third (1), with its interval over resampled episodes."""
    low, value, high = standing.scores
    lows, values, highs = standing.resampled.T
    apart = np.where(highs > lows, highs - lows, np.nan)
    resampled = stats.Standing(np.array([(value - low) / (high - low) if high > low else np.nan]), ((values - lows) / apart)[:, None])
    return resampled.intervals()[0]
