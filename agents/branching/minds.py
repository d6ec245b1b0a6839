"""Who goes on by which mind after a branch: the policies that played, if they can be had again, and recorded actions where not."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.agents import populations
from avatarium.agents.play import Seat
from avatarium.agents.policy import Policy
from avatarium.worlds import Batch
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.core.transcript import Transcript

REPLAY = "replay"
"""The word for recorded actions that go on, whatever happens: an open loop."""
ALIKE = 1e-5
"""Continuous controls that differ by no more are the same: a batch of another size may round otherwise."""

Load = Callable[[str, WorldSpec, str, Mapping[str, Any]], Policy]
"""(what ``agents.load`` takes, world, role, config) -> the policy."""


def at_hand(text: str, spec: WorldSpec, role: str, config: Mapping[str, Any]) -> Policy:
    """The policy that ``agents.load`` finds, in this process."""
    return agents.load(text, discovery.address(spec), role, **config)


@dataclass(frozen=True)
class Mind:
    """Who moves the avatars of a role after a branch: ``policy`` those of ``own`` bool [A], recorded actions the others."""

    policy: Policy | None
    own: np.ndarray


@dataclass(frozen=True)
class Minds:
    """The minds by role, what has to be said about them, and whether the recorded episode ended by itself."""

    by_role: dict[str, Mind]
    notes: list[str]
    ended: bool


def find(told: Transcript, others: Mapping[str, str | Policy], load: Load) -> Minds:
    """The minds of all roles: those in ``others`` by role, else those that the transcript names and that act as was recorded.

    Whether they do is found out by letting them watch the whole episode. Whoever a person moved goes on as recorded. Raises UserError for
    unknown roles and for policies that are none or do not fit.
    """
    for role in others:
        if role not in told.roles:
            raise UserError(f"{told.spec.name} has no role {role!r}: {nearest(role, told.roles)}")
    wanted = {role: _wanted(mind, told, role, load) for role, mind in others.items()}
    tried = {role: {} if role in others else _candidates(told, role, load) for role in told.roles}
    alike, ended = _watched(told, tried)
    minds, notes = {}, []
    for role, count in told.header["roles"].items():
        led = np.array([f"{role}_{k}" != told.by_hand for k in range(count)])
        if role in others:
            minds[role] = Mind(wanted[role], led & (wanted[role] is not None))
            continue
        best = max(tried[role], key=lambda text, role=role: int(alike[role][text].sum()), default="")  # type: ignore[misc]
        own = led & alike[role][best] if best else np.zeros(count, np.bool_)
        minds[role] = Mind(tried[role][best] if own.any() else None, own)
        notes += _told(told, role, best, own)
    return Minds(minds, notes, ended)


def _wanted(mind: str | Policy, told: Transcript, role: str, load: Load) -> Policy | None:
    if not isinstance(mind, str):
        return mind
    return None if mind == REPLAY else load(mind, told.spec, role, told.header["config"])


def _candidates(told: Transcript, role: str, load: Load) -> dict[str, Policy]:
    """Policies that may have played ``role``, by what ``load`` takes.

    A header may come from anybody, so nothing is imported that it names: only names of this installation, and files, which hold no code.
    """
    name, address = told.header["policies"].get(role, ""), told.header.get("minds", {}).get(role, "")
    texts = [text for text in (address, name) if text in ("random", "heuristic", "oracle")]
    known = (
        {member.name: member.address for member in populations.members(told.spec.name)} if told.spec.name in populations.worlds() else {}
    )
    texts += [known[word] for word in (address.partition("/")[2], name) if word in known]
    here = told.path.parent
    files = [Path(address), here / Path(address).name] if address.endswith(".zip") else []
    files += [file for file in (here / "policy.zip", here / f"policy_{role}.zip") if _called(file) == name]
    found: dict[str, Policy] = {}
    for text in dict.fromkeys([*texts, *(str(file) for file in files if file.is_file())]):
        try:
            found[text] = load(text, told.spec, role, told.header["config"])
        except UserError:  # it was another one, or is made for something else by now: whoever it is, it did not play here
            continue
    return found


def _called(file: Path) -> str | None:
    """The name of an exported policy, if the file is one."""
    try:
        name: str = importlib.import_module("avatarium.agents.archive").read(file)[0].name
    except UserError:
        return None
    return name


def _watched(told: Transcript, tried: Mapping[str, Mapping[str, Policy]]) -> tuple[dict[str, dict[str, np.ndarray]], bool]:
    """Which avatars did what each of the policies would have done, bool [A] by role and name, and whether the episode ended by itself."""
    batch = Batch(told.spec, 1, autoreset=False, **told.header["config"])
    batch.reset([told.header["seed"]])
    seats = [(text, Seat(batch, role, policy, [told.header["seed"]])) for role, some in tried.items() for text, policy in some.items()]
    alike = {role: {text: np.ones(told.header["roles"][role], np.bool_) for text in some} for role, some in tried.items()}
    for t in range(told.steps):
        done = told.actions(t)
        for text, seat in seats:
            same = np.isclose(seat.act()[0], done[seat.role], rtol=0.0, atol=ALIKE).all(axis=1)
            alike[seat.role][text] &= same | ~batch.present[seat.role][0]
        batch.step({role: actions[None] for role, actions in done.items()})
    return alike, bool(batch.episodes.over[0])


def _told(told: Transcript, role: str, text: str, own: np.ndarray) -> list[str]:
    """Who goes on as recorded, in a sentence; none when everybody has a mind."""
    if own.all():
        return []
    left = [f"{role}_{k}" for k in np.flatnonzero(~own).tolist()]
    who = "every " + role if len(left) == len(own) else ", ".join(left)
    named = told.header.get("minds", {}).get(role) or told.header["policies"].get(role)
    if not named:
        why = "the recording names no policy"
    elif not text:
        why = f"{named} cannot be loaded here"
    else:
        why = f"{text} would have acted otherwise"
    return [f"{who} goes on by the recorded actions, whatever happens ({why}); --others {role}=POLICY gives a mind"]
