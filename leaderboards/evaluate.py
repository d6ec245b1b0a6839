"""Comparing policies on one setting of a world: every policy plays the same seeds, every episode becomes a transcript."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from avatarium.agents.policy import Policy
from avatarium.leaderboards import show
from avatarium.leaderboards.entrants import Entrant, entrant
from avatarium.leaderboards.episodes import Episode, Setting, play_scored, setting
from avatarium.leaderboards.scoring import Score, scores
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError


@dataclass(frozen=True)
class Result:
    """How one policy did: its scores by metric, the headline first, and the episodes they come from."""

    policy: str
    world: str
    version: int
    role: str
    config: dict[str, Any]
    scores: dict[str, Score]
    episodes: list[Episode]
    layers: dict[str, bool]
    """Which protections of the sandbox held; empty for policies that ran in this process."""

    @property
    def transcripts(self) -> list[Path]:
        """The transcripts of the episodes that went well."""
        return [e.transcript for e in self.episodes if e.transcript is not None]

    @property
    def faults(self) -> list[str]:
        """What the policy did wrong, one sentence per failed episode."""
        return [e.fault for e in self.episodes if e.fault is not None]


def evaluate(
    world: str,
    policies: Mapping[str, Policy | str],
    seeds: Sequence[int],
    config: Mapping[str, Any] | None = None,
    folder: Path = Path("runs/evaluate"),
    role: str | None = None,
    progress: Callable[[int], None] = lambda steps: None,
    others: Mapping[str, str] | None = None,
) -> list[Result]:
    """Let each of ``policies`` play one episode per seed; results with paired 95 % intervals, in the order given.

    A policy is an object, or what ``avatarium.agents.load`` understands; submission zips run in the sandbox. In worlds of several
    roles one is judged (``role``, else that of the first submission, else the first), the others are played by ``others``, policies by
    role, or by the world's own heuristic. Transcripts go to ``folder/<policy>/``. Raises UserError.
    """
    spec = discovery.spec(world)
    if not policies or not len(seeds):
        raise UserError("there is nothing to evaluate: give at least one policy and one seed")
    for name in policies:
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise UserError(f"no policy can be called {name!r}: its transcripts would lie outside {folder}")
    with contextlib.ExitStack() as stack:
        entrants = {name: stack.enter_context(contextlib.closing(entrant(policy))) for name, policy in policies.items()}
        judged = role or next((e.role for e in entrants.values() if e.role), None)
        where = replace(setting(spec, config or {}, judged), others=others or {})
        for name in where.others:
            if name not in spec.role_names() or name == where.role.name:
                raise UserError(f"{name!r} is not a role beside {where.role.name}, which is judged: {', '.join(spec.role_names())}")
        played = {name: _play(where, one, seeds, folder / name, progress) for name, one in entrants.items()}
        layers = {name: one.layers for name, one in entrants.items()}
    found = scores(played, [0] * len(seeds), where.metrics)
    facts = (spec.name, spec.version, where.role.name, where.config)
    return [Result(name, *facts, found[name], played[name], layers[name]) for name in policies]


def _play(where: Setting, one: Entrant, seeds: Sequence[int], folder: Path, progress: Callable[[int], None]) -> list[Episode]:
    return play_scored(where, one.policy(where), list(seeds), folder, progress=progress)


def table(results: Sequence[Result]) -> str:
    """The results as a table for a terminal, the best policy first."""
    return show.text(show.results(results))
