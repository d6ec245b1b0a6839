"""A scripted pair with a fixed code: the visitor says what it wants and follows; the host walks ahead, and waits for who falls behind."""

from typing import Any

import numpy as np

from avatarium.worlds.concierge.observe import roles
from avatarium.worlds.concierge.state import KINDS, LOBBY
from avatarium.worlds.core import people, speech
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import FORWARD, LEFT, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.geodesic import waypoint
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.trig import atan2

F = np.float32
CLOSE_M, NEAR_M, FAR_M = 0.9, 1.6, 3.0
REACH_CELLS = 12


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, heads] for observations float32 [B, D] of either role; word k + 1 stands for kind k of room."""
    slices = next(r for r in roles(config) if r.name == role).slices()
    part = {name: observation[:, where] for name, where in slices.items()}
    return host(part) if role == "host" else visitor(part)


def visitor(part: dict[str, np.ndarray]) -> np.ndarray:
    """Says its wish, walks after the host, looks around for it when it is out of sight."""
    rows = len(part["wish"])
    seen, ahead, left = nearest(part["people"])
    angle, distance = np.arctan2(left, ahead), np.hypot(ahead, left)
    turn = np.where(seen, steer(angle), np.where(part["nearness"][:, 12] > 0.9, 1, 0))
    walk = np.where(seen, np.where((distance > CLOSE_M) & (np.abs(angle) < 0.8), FORWARD, STAY), np.where(turn == 0, FORWARD, STAY))
    word = 1 + part["wish"].argmax(axis=1)
    return np.stack([walk, turn, np.zeros(rows, np.int64), word], axis=1).astype(np.int32)


def host(part: dict[str, np.ndarray], waits: bool = True) -> np.ndarray:
    """Walks the way to the room whose word it hears, if the speaker is close behind; else to a visitor in sight, else to the lobby.

    One that never ``waits`` walks that way whoever comes along.
    """
    rows = np.arange(len(part["people"]))
    heard = part["heard"][:, : speech.COLUMNS]
    word = np.minimum(heard[:, 4:].argmax(axis=1), len(KINDS) - 1)
    there = part["possible"][rows, word] > 0
    known = (heard[:, 0] > 0) & (heard[:, 4 + len(KINDS) :].max(axis=1) == 0) & there
    return lead(part, word, known & (heard[:, 3] > 1 - FAR_M / float(speech.RANGE_M)), waits)


def lead(part: dict[str, np.ndarray], kind: np.ndarray, leading: np.ndarray, waits: bool = True) -> np.ndarray:
    """Walk the way to the room of ``kind`` [B] where one is ``leading`` bool [B]; else to a visitor in sight, else to the lobby."""
    rows = np.arange(len(kind))
    place = np.where(leading, kind, LOBBY - 1)
    ready = part["in_mind"][rows, place] > 0
    seen, ahead, left = nearest(part["people"])
    distance = np.hypot(ahead, left)
    angle = np.arctan2(part["way"][:, 1], part["way"][:, 0])
    fetching = ~leading & seen
    angle = np.where(fetching, np.arctan2(left, ahead), angle)
    waiting = (leading & seen & (distance > NEAR_M) & waits) | (fetching & (distance < CLOSE_M)) | ~(ready | fetching)
    walk = np.where(waiting, STAY, np.where(np.abs(angle) < 0.8, FORWARD, STAY))
    hand = np.where(leading, speech.POINT, speech.NONE)
    return np.stack([walk, np.where(waiting & ~fetching, 0, steer(angle)), hand, np.zeros(len(rows)), place + 1], axis=1).astype(np.int32)


def nearest(sensed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(whether one is seen, ahead, left in m) [B] of the nearest of the other role in the sensor ``people``."""
    each = sensed.reshape(len(sensed), -1, people.COLUMNS)
    fits = (each[:, :, 0] > 0) & (each[:, :, 7] > 0)
    first = each[np.arange(len(each)), fits.argmax(axis=1)]
    return np.asarray(fits.any(axis=1)), first[:, 1] * float(people.RANGE_M), first[:, 2] * float(people.RANGE_M)


def steer(angle: np.ndarray) -> np.ndarray:
    """Which way to turn towards an angle (rad, positive to the left)."""
    return np.where(angle > 0.2, TURN_LEFT, np.where(angle < -0.2, TURN_RIGHT, STRAIGHT))


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, heads]: visitors that know the plan walk straight to what they wish for, the host stands aside: a bound on time."""
    choices = np.zeros((len(envs), 5 if role == "host" else 4), np.int32)
    if role == "visitor":
        guide(batch.state, np.asarray(envs, np.int64), np.asarray(avatars, np.int64) + 1, choices)
    return choices


@kernel
def guide(state, envs, avatars, out):
    """Fill ``out`` [B, 4] with steps along the shortest way to what each visitor wishes for."""
    for k in range(envs.shape[0]):
        i, a = envs[k], avatars[k]
        me = state.avatars[i, a]
        if me.present == 1 and me.wish > 0:
            tx, ty = waypoint(state.plan, i, state.ways[i, me.wish - 1], me.x, me.y, REACH_CELLS)
            dx, dy = tx - me.x, ty - me.y
            angle = atan2(dy * me.cos - dx * me.sin, dx * me.cos + dy * me.sin)
            out[k, 1] = TURN_LEFT if angle > F(0.16) else (TURN_RIGHT if angle < F(-0.16) else STRAIGHT)
            if me.touching != np.uint32(0):
                out[k, 0] = LEFT if k % 2 == 0 else RIGHT
            else:
                out[k, 0] = FORWARD if abs(angle) < F(0.9) else STAY
