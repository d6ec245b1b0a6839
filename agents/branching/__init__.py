"""Branches: at any step of a recorded episode one thing is done otherwise, and both futures are there to be compared.

The world is simulated again from the recording's seed and actions up to the step of the branch, bit for bit, and goes on from there. Who
is not changed goes on by the mind that the recording names, with the memory that it had; whoever has none goes on by recorded actions.

>>> from avatarium.agents import branching
>>> branching.in_words(branching.Say(3, steps=8))
'says 3 for 8 steps'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from avatarium.agents.branching.changes import Act, Change, Say, Swap, described, in_words
from avatarium.agents.branching.futures import Future, Run, Where
from avatarium.agents.branching.minds import REPLAY, Load, at_hand, find
from avatarium.agents.policy import Policy
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.transcript import Transcript, verify

__all__ = ["REPLAY", "Act", "Branches", "Change", "Future", "Load", "Say", "Swap", "Where", "branch", "described", "in_words"]

MOST = 256
"""Pairs of futures in one branch, at most."""


@dataclass(frozen=True)
class Branches:
    """N pairs of futures: ``originals`` without the change, ``branches`` with it, the same keys behind both of a pair."""

    where: Where
    change: Change
    originals: list[Future]
    branches: list[Future]
    notes: list[str]
    """What has to be known to read them, in sentences."""


def branch(
    transcript: Transcript | Path | str,
    at: int,
    agent: str,
    change: Change,
    folder: Path,
    others: Mapping[str, str | Policy] | None = None,
    repeat: int = 1,
    load: Load = at_hand,
) -> Branches:
    """Both futures of a recorded episode from step ``at`` on: with a ``change`` to what ``agent`` (``ROLE_K``) does, and without it.

    Frame ``at`` is the last that they share. ``others`` gives minds by role, in place of those that the recording names: policies, what
    ``load`` takes, or ``REPLAY`` for recorded actions. One pair are the recorded future and the branch; with ``repeat`` there are as many
    pairs, of continuations by the same minds that draw from other keys. Transcripts go to ``folder``, whole from step 0: ``original.avt``
    and ``branch.avt``, or numbered. Raises UserError for a recording that cannot be simulated again exactly, and for what does not fit it.
    """
    told = transcript if isinstance(transcript, Transcript) else Transcript.open(transcript)
    where = _place(told, at, agent)
    if not 1 <= repeat <= MOST:
        raise UserError(f"--repeat {repeat} is out of range: 1 to {MOST} pairs of futures")
    names = {kind: [kind] if repeat == 1 else [f"{kind}-{k:03d}" for k in range(repeat)] for kind in ("original", "branch")}
    if any((folder / f"{name}.avt").exists() and (folder / f"{name}.avt").samefile(told.path) for some in names.values() for name in some):
        raise UserError(f"{told.path} would be overwritten by its own branch: choose another folder")
    policy = change.policy if isinstance(change, Swap) else None
    if isinstance(policy, str):
        policy = load(policy, told.spec, where.role, told.header["config"])
    minds = find(told, others or {}, load)
    about = {"of": told.digest, "at": at, "agent": agent}
    run = Run(where, change, minds, policy, repeat)
    branches = run.play(folder, names["branch"], {"branch": {**about, "change": described(change)}})
    plain = Run(where, None, minds, None, repeat)
    originals = plain.play(folder, names["original"], {"branch": {**about, "change": None}}, recorded=repeat == 1)
    return Branches(where, change, originals, branches, [*minds.notes, *run.notes])


def _place(told: Transcript, at: int, agent: str) -> Where:
    """Where to branch. Raises UserError when there is no such step or agent, or when the recording is not exact."""
    if not told.complete:
        raise UserError(f"{told.path} was cut after step {told.steps}, and how it went on is lost: branch a whole recording")
    known = {f"{role}_{k}": (role, k) for role, count in told.header["roles"].items() for k in range(count)}
    if agent not in known:
        raise UserError(f"there is no {agent!r} in this episode: {nearest(agent, known)}")
    if not 0 <= at < told.steps:
        raise UserError(f"--at {at} is no step of this episode: it has the steps 0 to {told.steps - 1}")
    verdict = verify(told.path)
    if not verdict.ok:
        raise UserError(f"a branch would not be exact, because the recording is not what its world does: {verdict.message}")
    return Where(told, at, *known[agent])
