"""What there is to see in the museum, as data for the renderer."""

from dataclasses import replace

import numpy as np

from avatarium.worlds.core import gates, interior
from avatarium.worlds.core.scene import Label, Scene
from avatarium.worlds.museum.config import Config
from avatarium.worlds.museum.exhibits import FACE, KINDS, LOOP, NOISE, WORK
from avatarium.worlds.museum.level import KINDS as HALLS
from avatarium.worlds.museum.state import OPEN, SHOWCASE, VAULT, WING, State
from avatarium.worlds.museum.visiting import STYLES

WHERE = {WING: "locked wing", VAULT: "vault", SHOWCASE: "behind glass"}
HIDDEN_TINT = 7
LABEL_M = 1.0


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now: rings tell themes, plates and doors; the crowd shares one grey."""
    each = np.arange(state.avatars.shape[1])
    drawn = interior.scene(
        state,
        i,
        [f"visitor_{a}" if a < config.visitors else f"crowd_{a - config.visitors}" for a in each.tolist()],
        colours(config),
        roles=each >= config.visitors,
        goals=_rings(state, config, i),
        labels=[*_plates(state, i), *_captions(state, i)],
        notes=_notes(state, config, i),
    )
    there = gates.standing(state, i)
    rooms = state.access[i, : int(state.num_rooms[i])]
    tints = np.where(rooms == OPEN, drawn.floor_tints, HIDDEN_TINT).astype(np.uint8)
    return replace(drawn, boxes=drawn.boxes[there], box_kinds=drawn.box_kinds[there], floor_tints=tints)


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return interior.colours(config.visitors, config.crowd)


def _rings(state: State, config: Config, i: int) -> np.ndarray:
    """x, y and palette index: exhibits in the colour of their theme, a screen in one that changes with its picture, the two plates."""
    count = int(state.num_exhibits[i])
    exhibits, pictures = state.exhibits[i, :count], state.pictures[i, :count]
    colours = np.where(exhibits["kind"] >= NOISE, pictures[:, 0] // 20, exhibits["theme"])
    rings = np.column_stack([exhibits["x"], exhibits["y"], colours])
    plates = np.column_stack([state.plates[i], np.full(2, interior.COLOURS)]) if config.vault else np.zeros((0, 3))
    return np.concatenate([rings, plates])


def _plates(state: State, i: int) -> list[Label]:
    """What the rooms are called."""
    rooms, access = state.rooms[i, : int(state.num_rooms[i])], state.access[i]
    return [interior.plate(room, WHERE.get(int(access[r]), called(room))) for r, room in enumerate(rooms) if room["kind"] > 0]


def called(room: np.void) -> str:
    """What an open room is called."""
    name = HALLS[room["kind"] - 1]
    return name if name == "foyer" else f"{name} {room['number']}"


def _captions(state: State, i: int) -> list[Label]:
    """What machines and screens show."""
    found = []
    for e in range(int(state.num_exhibits[i])):
        exhibit, setting = state.exhibits[i, e], state.settings[i, e]
        kind = int(exhibit["kind"])
        if kind != WORK:
            text = "noise" if kind == NOISE else "loop" if kind == LOOP else f"{KINDS[kind]} {FACE[kind, setting]}"
            found.append(Label(float(exhibit["x"]), float(exhibit["y"]), LABEL_M, text))
    return found


def _notes(state: State, config: Config, i: int) -> dict[str, str]:
    """What each visitor has seen, how each of the crowd visits, and how the doors stand."""
    count, avatars = int(state.num_exhibits[i]), state.avatars[i]
    public = int(sum(1 << e for e in np.flatnonzero(state.exhibits[i, :count]["where"] == OPEN).tolist()))
    total = public.bit_count()
    notes = {}
    for a in range(config.visitors):
        notes[f"visitor_{a}"] = f"has seen {(int(avatars[a]['seen']) & public).bit_count()} of {total} exhibits, {_gaze(state, i, a)}"
    for k in range(config.crowd):
        a = config.visitors + k
        notes[f"crowd_{k}"] = f"{STYLES[int(state.styles[i, a])]}, {_gaze(state, i, a)}"
    return notes


def _gaze(state: State, i: int, a: int) -> str:
    """What an avatar looks at, in words."""
    attended = int(state.avatars[i, a]["attends"])
    if not attended:
        return "looks at nothing"
    kind = int(state.exhibits[i, (attended & -attended).bit_length() - 1]["kind"])
    return f"looks at a {KINDS[min(kind, NOISE)]}"
