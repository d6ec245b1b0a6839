"""What there is to see in domination, as data for the renderer."""

import numpy as np

from avatarium.worlds.core import interior
from avatarium.worlds.core.scene import Label, Scene
from avatarium.worlds.domination.config import Config
from avatarium.worlds.domination.state import BLUE, NOBODY, RED, State

TEAMS = ("red", "blue")
PLACES = ("middle", "west", "east")
COLOUR = {RED: 3, BLUE: 0, NOBODY: 14}
"""Palette indices of people and goals."""
TINT = np.array([6, 0], np.uint8)
"""Floors of the bases: palette indices of tints."""


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now: points in the colour of who holds them, bases tinted; who is out is not there."""
    team, avatars = config.team, state.avatars[i]
    sides = np.repeat([RED, BLUE], team)
    owners = state.owners[i].tolist()
    drawn = interior.scene(
        state,
        i,
        [f"{TEAMS[side]}_{k % team}" for k, side in enumerate(sides.tolist())],
        colours(config),
        roles=sides,
        goals=np.column_stack([state.points[i], [COLOUR[owner] for owner in owners]]),
        labels=[Label(float(x), float(y), 0.0, told(state, i, p)) for p, (x, y) in enumerate(state.points[i])]
        + [interior.plate(state.rooms[i, side], stands(state, config, i, side)) for side in (RED, BLUE)],
        notes={"score": f"red {state.score[i, RED] * 0.1:.0f} : {state.score[i, BLUE] * 0.1:.0f} blue"}
        | {f"{TEAMS[a // team]}_{a % team}": deeds(avatars[a]) for a in range(2 * team)},
    )
    drawn.floor_tints[:] = TINT
    return drawn


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return np.repeat(np.array([COLOUR[RED], COLOUR[BLUE]], np.uint8), config.team)


def told(state: State, i: int, p: int) -> str:
    """What stands at a point: its place, who holds it and for how long."""
    owner = int(state.owners[i, p])
    return PLACES[p] if owner == NOBODY else f"{PLACES[p]}: {TEAMS[owner]}, {state.held[i, p] * 0.1:.0f} s"


def stands(state: State, config: Config, i: int, side: int) -> str:
    """What stands in a base: the score of the team, and how many are out."""
    out = int((state.avatars[i, side * config.team : (side + 1) * config.team]["out"] > 0).sum())
    return f"{TEAMS[side]} {state.score[i, side] * 0.1:.0f}" + (f", {out} out" if out else "")


def deeds(me: np.void) -> str:
    """One line on an avatar."""
    if me["out"] > 0:
        return f"tagged, back in {me['out'] * 0.1:.1f} s"
    return "can tag" if me["cool"] == 0 else f"can tag in {me['cool'] * 0.1:.1f} s"
