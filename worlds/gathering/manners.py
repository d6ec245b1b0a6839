"""How a guest may behave who sees what learners see: one rule, and a manner that says how near, how patient, how curious."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from avatarium.worlds.core.people import COLUMNS, NEAREST, SHOWN
from avatarium.worlds.core.rays import RAYS
from avatarium.worlds.core.speech import WAVE, WORDS
from avatarium.worlds.gathering.minds import as_controls
from avatarium.worlds.gathering.observe import KNOWN, PARTNER_COLUMNS, PARTNERS, roles

ANGLES = np.linspace(-0.75 * np.pi, 0.75 * np.pi, RAYS)


@dataclass(frozen=True)
class Manner:
    """How somebody behaves among people."""

    distance_m: float = 1.3
    """From partners, between centres."""
    patience_s: float = 0.3
    """Of silence before it takes the floor, and three times as long before it goes on after its own words."""
    eagerness: float = 0.4
    """Chance per step of taking the floor once patience is over."""
    interrupts: float = 0.0
    """Chance per step of speaking while another one has the floor."""
    own_topics: bool = False
    """Whether it speaks of what it likes itself, whatever the listeners' faces show."""
    greets: bool = True
    """Whether it greets whoever it meets; it returns greetings in any case."""
    tired: float = 0.5
    """How weary of all partners it is when it leaves."""
    sociable: float = 1.0
    """Up to which distance it walks towards people, as a share of the 10 m that it sees."""
    to_lonely: float = 0.0
    """By how many metres people who stand alone seem nearer."""
    shy_m: float = 0.0
    """People nearer than that whom it has not met make it walk away."""


POLITE = Manner()


class Senses:
    """Observations float32 [B, D] by name, in metres where they are places."""

    def __init__(self, observation: np.ndarray, config: Any) -> None:
        self.part = {name: observation[:, where] for name, where in roles(config)[0].slices().items()}
        self.rows = len(observation)
        people = self.part["people"].reshape(self.rows, NEAREST, COLUMNS)
        self.there, self.ahead_m, self.left_m = people[..., 0] > 0, 10 * people[..., 1], 10 * people[..., 2]
        self.away_m = np.where(self.there, np.hypot(self.ahead_m, self.left_m), 99.0)
        self.faces_me = -(people[..., 3] * self.ahead_m + people[..., 4] * self.left_m) > 0.7 * self.away_m
        self.waves = self.part["gestures"].reshape(self.rows, NEAREST, SHOWN)[..., WAVE - 1] > 0
        known = np.moveaxis(self.part["acquaintances"].reshape(self.rows, NEAREST, KNOWN), -1, 0)
        self.talking, self.with_me, self.weariness, self.regard, self.to_greet, self.greeted_me = known
        partners = np.moveaxis(self.part["partners"].reshape(self.rows, PARTNERS, PARTNER_COLUMNS), -1, 0)
        self.partner, self.partner_ahead, self.partner_left = partners[0] > 0, 2 * partners[1], 2 * partners[2]
        self.partner_weariness = partners[6]
        self.talks = self.part["size"].sum(axis=1) > 0
        self.free_m = 10.0 * (1.0 - self.part["nearness"])

    def chance(self, k: int) -> np.ndarray:
        """A number in [0, 1) for each row that looks random: it changes with whatever is sensed."""
        waves = np.arange(1, 1 + 8 * RAYS).reshape(8, RAYS)[k]
        told = self.part["nearness"] @ waves + 53.1 * self.part["stay_left"][:, 0] + self.part["interests"] @ np.arange(3, 3 + WORDS)
        return np.asarray(np.modf(np.abs(told + 7.3 * self.part["time_left"][:, 0]) * 977.7)[0])


def act(observation: np.ndarray, config: Any, manner: Manner) -> np.ndarray:
    """Actions int32 [B, 4] (or float32 [B, 6]) of guests of one manner for observations float32 [B, D]."""
    senses = Senses(observation, config)
    tired = np.where(senses.partner, senses.partner_weariness, 1.0).min(axis=1) > manner.tired
    stays, due = senses.talks & ~tired, senses.part["overdue"][:, 0] > 0
    standing, going = _stand(senses, manner), _go(senses, manner, tired & senses.talks)
    leaving = _walk(senses, senses.part["door"][:, 0], senses.part["door"][:, 1], senses.part["door"][:, 2] < 2.0, manner)
    walk, turn = np.where(due, leaving, np.where(stays, standing, going))
    choices = np.stack([walk, turn, _hand(senses, manner), np.where(stays & ~due, _say(senses, manner), 0)], axis=1).astype(np.int32)
    return as_controls(choices) if roles(config)[0].continuous else choices


def _stand(senses: Senses, manner: Manner) -> np.ndarray:
    """[2, B]: walk and turn in a conversation: face the middle of it, not too near to the nearest."""
    count = np.maximum(senses.partner.sum(axis=1), 1)
    middle = np.arctan2((senses.partner_left).sum(axis=1) / count, (senses.partner_ahead).sum(axis=1) / count + 1e-6)
    turn = np.where(middle > 0.2, 1, np.where(middle < -0.2, 2, 0))
    return np.stack([_make_room(senses, manner), turn])


def _make_room(senses: Senses, manner: Manner) -> np.ndarray:
    """[B]: a step away from the nearest where it is too near, else none."""
    ahead, left = senses.ahead_m[:, 0], senses.left_m[:, 0]
    away = np.where(np.abs(left) > 1.2 * np.abs(ahead), np.where(left > 0, 4, 3), np.where(ahead > 0, 2, 1))
    return np.where(senses.away_m[:, 0] < manner.distance_m - 0.2, away, 0)


def _aim(senses: Senses, best: np.ndarray, manner: Manner) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ahead, left, reach) in m [B]: where the person number ``best`` is, or the middle of its conversation, and how near to go."""
    rows = np.arange(senses.rows)
    x, y, talks = senses.ahead_m[rows, best], senses.left_m[rows, best], senses.talking[rows, best] > 0
    group = (senses.talking > 0) & (np.hypot(senses.ahead_m - x[:, None], senses.left_m - y[:, None]) < 2.0)
    count = np.maximum(group.sum(axis=1), 1)
    mid_x, mid_y = (group * senses.ahead_m).sum(axis=1) / count, (group * senses.left_m).sum(axis=1) / count
    return np.where(talks, mid_x, x), np.where(talks, mid_y, y), np.where(talks, 0.95, manner.distance_m + 0.15)


def _go(senses: Senses, manner: Manner, fed_up: np.ndarray) -> np.ndarray:
    """[2, B]: walk and turn towards the best company in sight; else on, wherever there is room."""
    seen = senses.there & (senses.away_m < 10 * manner.sociable) & ~(fed_up[:, None] & (senses.with_me > 0))
    worth = -senses.away_m + manner.to_lonely * (senses.talking == 0) + 6 * senses.regard - 12 * senses.weariness
    worth = np.where(seen & (senses.weariness < 0.9 * manner.tired), worth, -99.0)
    best = worth.argmax(axis=1)
    rows = np.arange(senses.rows)
    found = worth[rows, best] > -90
    x, y, reach = _aim(senses, best, manner)
    d = np.hypot(x, y)
    shy = found & (d < manner.shy_m) & (senses.regard[rows, best] == 0)
    x, y = np.where(shy, -x, x), np.where(shy, -y, y)
    there = found & ~shy & (d < reach)
    angle = np.arctan2(y, x)
    facing = np.stack([_make_room(senses, manner), np.where(angle > 0.17, 1, np.where(angle < -0.17, 2, 0))])
    onward = senses.part["trail"][:, 2:] + 0.3 * np.stack([senses.chance(0) - 0.5, senses.chance(1) - 0.5], axis=1)
    x, y = np.where(found, x, onward[:, 0]), np.where(found, y, onward[:, 1])
    return np.where(there, facing, _walk(senses, x, y, found & ~shy, manner))


def _walk(senses: Senses, ahead: np.ndarray, left: np.ndarray, aimed: np.ndarray, manner: Manner) -> np.ndarray:
    """[2, B]: walk and turn along (``ahead``, ``left``), around what the rays meet; where nobody is ``aimed`` at, open space draws, too."""
    keep_m = max(manner.distance_m - 0.8, 0.0)
    aim = np.arctan2(left, ahead)[:, None]
    free_m = senses.free_m - keep_m * senses.part["is_avatar"]
    opening = np.minimum(np.minimum(free_m, np.roll(free_m, 1, axis=1)), np.roll(free_m, -1, axis=1))
    worth = 2.0 * np.cos(ANGLES[None] - aim) + np.where(aimed, 0.0, 0.4)[:, None] * np.minimum(opening, 4.0) - 8.0 * (opening < 0.6)
    angle = ANGLES[np.argmax(worth, axis=1)]
    turn = np.where(angle > 0.2, 1, np.where(angle < -0.2, 2, 0))
    front = free_m[:, RAYS // 2 - 2 : RAYS // 2 + 2].min(axis=1)
    return np.stack([np.where((np.abs(angle) < 0.9) & (front > 0.45), 1, 0), turn])


def _hand(senses: Senses, manner: Manner) -> np.ndarray:
    """[B]: wave at whoever is near and ahead and is to be greeted; return greetings in any case."""
    near = senses.there & (senses.away_m < 3.5) & (senses.ahead_m > 0.75 * senses.away_m) & (senses.to_greet > 0)
    meant = near & ((senses.greeted_me > 0) | (manner.greets & senses.faces_me))
    return np.where(meant.any(axis=1) & (senses.part["waving"][:, 0] == 0), WAVE, 0)


def _say(senses: Senses, manner: Manner) -> np.ndarray:
    """[B]: a topic when the floor is free and patience over, of which faces have shown liking, or which has not been tried."""
    part = senses.part
    free, others = part["floor"][:, 0] > 0, part["floor"][:, 2] > 0
    silence_s, mine = 2.0 * part["silent"][:, 0], part["spoke_last"][:, 0] > 0
    ready = free & (silence_s >= np.where(mine, 3.0, 1.0) * manner.patience_s) & (senses.chance(2) < manner.eagerness)
    bursts_in = others & (senses.chance(3) < manner.interrupts)
    curious = 0.15 + 0.1 * part["interests"] + 0.1 * np.stack([senses.chance(4 + k % 4) * (k + 1) % 1 for k in range(WORDS)], axis=1)
    untried = np.abs(part["tastes"]) < 0.02
    worth = part["interests"] * (1 - part["boredom"]) if manner.own_topics else np.where(untried, curious, part["tastes"])
    return np.where(ready | bursts_in, worth.argmax(axis=1) + 1, 0)
