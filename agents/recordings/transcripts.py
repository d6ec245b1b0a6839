"""Transcripts of our own worlds as movements: of everybody in them, persons and policies."""

from pathlib import Path

import numpy as np

from avatarium.agents.consent.persons import persons
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role, avatar_numbers
from avatarium.worlds.core.transcript import Transcript

STEP_S = 0.1
UNKNOWN = "unknown"
"""Who stands for all persons of whom no pseudonym is told."""
BODIES = "avatars"
"""The field of a state in which worlds with bodies keep them, in m and rad."""


def bodies(told: Transcript) -> np.ndarray | None:
    """Where everybody is, [T + 1, A] with fields x, y, heading and present, by avatar's number; None in worlds without bodies."""
    kind, _ = told.header["columns"].get(f"frames.{BODIES}", (None, ()))
    names = kind.get("names", ()) if isinstance(kind, dict) else ()
    return told.frame(BODIES) if {"x", "y", "heading", "present"} <= set(names) else None


def decided(role: Role, actions: np.ndarray) -> np.ndarray:
    """Actions [T, heads or controls] as numbers that can be averaged, float32 [T, C]: a column for each choice, or the controls."""
    if role.continuous:
        return actions.astype(np.float32)
    return np.column_stack([actions[:, h, None] == np.arange(len(head.choices)) for h, head in enumerate(role.heads)]).astype(np.float32)


def read(path: Path) -> list[Recording]:
    """A recording for each avatar that was there; its subject is the policy that moved it, or the person's pseudonym.

    Steps in which it was away are left out. Raises UserError for other files, and for worlds whose avatars have no place.
    """
    return list(movements(Transcript.open(path)).values())


def movements(told: Transcript) -> dict[str, Recording]:
    """What ``read`` gives, by agent, of a transcript that is open."""
    found = bodies(told)
    if found is None:
        raise UserError(f"{told.path}: avatars of {told.spec.name} have no bodies, so nothing moves in it")
    who = {person.agent: person.subject or UNKNOWN for person in persons(told)}
    recordings = {}
    for role, numbers in avatar_numbers(told.roles.values()).items():
        for a, number in enumerate(numbers):
            mine = found[: told.steps, number]
            here = np.flatnonzero(mine["present"])
            if len(here):
                actions = told.data[f"actions.{role}"][here, a]
                person = who.get(f"{role}_{a}")
                recordings[f"{role}_{a}"] = _moved(
                    told, mine[here], f"{role}_{a}", person, here * STEP_S, decided(told.roles[role], actions)
                )
    return recordings


def _moved(told: Transcript, mine: np.ndarray, agent: str, person: str | None, time: np.ndarray, decisions: np.ndarray) -> Recording:
    human = told.header.get("extra", {}).get("human")
    return Recording(
        subject=str(told.header["policies"].get(agent.rpartition("_")[0], "")) if person is None else person,
        session=told.digest[:16],
        time=time,
        x=mine["x"].astype(np.float64),
        y=mine["y"].astype(np.float64),
        heading=mine["heading"].astype(np.float64),
        channels={"action": decisions},
        device=str(human.get("device", "")) if person is not None and isinstance(human, dict) else "",
        place=told.spec.name,
        agent=agent,
        person=person is not None,
    )
