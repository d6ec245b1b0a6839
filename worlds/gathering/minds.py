"""How somebody behaves who sees the state: whom to seek, when to speak, what of. The crowd does, and the oracle, who knows all tastes."""

import math

import numpy as np

from avatarium.worlds.core import greeting
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RIGHT, STAY, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.formation import FACING, LARGEST, NONE, holds
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.people import gap
from avatarium.worlds.core.speech import NONE as STILL
from avatarium.worlds.core.speech import WAVE, WORDS
from avatarium.worlds.core.steering import turn_to, walk_to
from avatarium.worlds.gathering.floor import SILENCE, worth
from avatarium.worlds.gathering.level import alike, doorstep

F = np.float32
NO_CUSTOM, GREET_FIRST, NO_INTERRUPTION, DISTANCE = range(4)
ANYTHING = WORDS + 1
"""The word of someone who would try any topic."""
QUIET = 0

APART_M, WIDE_M = F(1.3), F(1.65)
"""Between centres: how far from partners people like to stand, and how far those do who keep their distance."""
LEEWAY_M = F(0.2)
CIRCLE_M = F(0.8)
"""From the centre of a conversation, where a newcomer goes to stand."""
_BEARINGS = np.radians(np.arange(0, 360, 45))
BEARINGS_X, BEARINGS_Y = np.cos(_BEARINGS).astype(F).round(6), np.sin(_BEARINGS).astype(F).round(6)
TIRED = F(0.55)
"""How weary of all partners one is who leaves."""
WORTHWHILE = F(0.2)
"""What a topic has to promise for it to be spoken of again."""
PATIENCE_STEPS = 5
"""Steps of silence that go by for each one whose turn comes before."""
EYE_M = F(9)
"""How far the crowd looks for company."""


@kernel
def choose(state, i, a, custom, clock, knowing):
    """(walk, turn, hand, word): what avatar ``a`` of environment ``i`` does under a custom; ``ANYTHING`` is a word of its choice.

    With ``knowing`` it sees everybody's tastes and fatigue, wherever they are, and goes when its time is up. Nothing is changed.
    """
    me = state.avatars[i, a]
    if knowing and clock >= me.leaves:
        x, y = doorstep(state, i)
        walk, turn = walk_to(state.plan, state.avatars[i], i, a, x, y)
        return walk, turn, STILL, QUIET
    hand = salute(state, i, a, custom, clock, knowing)
    if me.formation != NONE and not leaves(state, i, a, clock, knowing):
        walk, turn = stand(state, i, a, state.formations[i, me.formation], custom)
        return walk, turn, hand, word(state, i, a, state.formations[i, me.formation], state.floors[i, me.formation], knowing)
    walk, turn = seek(state, i, a, custom, clock, knowing)
    return walk, turn, hand, QUIET


@kernel
def leaves(state, i, a, clock, knowing):
    """Whether ``a`` has had enough of its conversation: it is tired of all partners, or offended by one."""
    me, least = state.avatars[i, a], F(1)
    for b in range(state.avatars.shape[1]):
        if b != a and state.avatars[i, b].formation == me.formation:
            if me.shuns == b and clock < me.shuns_until:
                return True
            least = min(least, state.pairs[i, a, b].weariness)
    return least > TIRED


@kernel
def salute(state, i, a, custom, clock, knowing):
    """What the hand does: it returns greetings, and greets whoever is near and ahead first where that is the custom, or in conversation."""
    me, avatars = state.avatars[i, a], state.avatars[i]
    for b in range(avatars.shape[0]):
        other = avatars[b]
        if b != a and other.present == 1 and me.waving == 0 and greeting.open_to(state.greetings[i], a, b, clock):
            dx, dy = other.x - me.x, other.y - me.y
            d2, ahead = dx * dx + dy * dy, dx * me.cos + dy * me.sin
            asked = greeting.pending(state.greetings[i], b, a, clock)
            together = me.formation != NONE and me.formation == other.formation
            near = d2 < F(12) and ahead > F(0) and ahead * ahead > FACING * FACING * d2
            if near and (asked or knowing or custom == GREET_FIRST or (together and a < b)):
                return WAVE
    return STILL


@kernel
def stand(state, i, a, conversation, custom):
    """(walk, turn) in a conversation: face its centre, not too near to anybody."""
    turn, _ = turn_to(state.avatars[i, a], conversation.x - state.avatars[i, a].x, conversation.y - state.avatars[i, a].y)
    return make_room(state.avatars[i], a, (WIDE_M if custom == DISTANCE else APART_M) - LEEWAY_M), turn


@kernel
def make_room(avatars, a, wish):
    """What the feet do where somebody is nearer than ``wish`` (m between centres): a step away from the nearest, else they stay."""
    me, nearest, px, py = avatars[a], wish, F(0), F(0)
    for b in range(avatars.shape[0]):
        d = gap(me, avatars[b])
        if b != a and avatars[b].present == 1 and d < nearest:
            nearest, px, py = d, avatars[b].x - me.x, avatars[b].y - me.y
    if nearest == wish:
        return STAY
    ahead, left = px * me.cos + py * me.sin, py * me.cos - px * me.sin
    if abs(left) > F(1.2) * abs(ahead):
        return RIGHT if left > F(0) else LEFT
    return BACK if ahead > F(0) else FORWARD


@kernel
def word(state, i, a, conversation, floor, knowing):
    """What to say: nothing out of turn. After the last speaker come the others in the order of their numbers, each after more silence."""
    if floor.speaker != SILENCE:
        return QUIET
    count, before = state.avatars.shape[1], 0
    for b in range(count):
        if b != a and holds(conversation, b) and (b - floor.last - 1) % count < (a - floor.last - 1) % count:
            before += 1
    if floor.silent < 1 + PATIENCE_STEPS * before:
        return QUIET
    best, most = QUIET, F(-1)
    for w in range(WORDS):
        promise = F(0)
        for b in range(count):
            if b != a and holds(conversation, b):
                promise += worth(state, i, b, a, w) if knowing else state.tastes[i, a, b, w]
        best, most = (w + 1, promise) if promise > most else (best, most)
    return best if knowing or most > WORTHWHILE else ANYTHING


@kernel
def seek(state, i, a, custom, clock, knowing):
    """(walk, turn) of one alone: to whoever promises the best company; nobody is followed who is out of reach or being shunned."""
    me, avatars = state.avatars[i, a], state.avatars[i]
    best, most = -1, F(-1e6)
    for b in range(avatars.shape[0]):
        other, d = avatars[b], gap(me, avatars[b])
        shunned = me.shuns == b and clock < me.shuns_until
        if b != a and other.present == 1 and not shunned and (knowing or d < EYE_M) and not full(state, i, other):
            pair = state.pairs[i, a, b]
            liking = alike(state.interests[i, a], state.interests[i, b]) if knowing else pair.regard
            company = F(0.3) if other.formation == NONE else F(0)
            promise = liking + company - F(1.5) * pair.weariness - F(0.12) * d
            best, most = (b, promise) if promise > most else (best, most)
    if best < 0 or state.pairs[i, a, best].weariness > TIRED:
        return STAY, (TURN_LEFT if (clock // 16) % 2 == 0 else TURN_RIGHT)
    return approach(state, i, a, best, custom)


@kernel
def full(state, i, other):
    """Whether somebody stands in a conversation that nobody more can enter."""
    return other.formation != NONE and state.formations[i, other.formation].size >= LARGEST


@kernel
def approach(state, i, a, b, custom):
    """(walk, turn) towards avatar ``b``, or towards a gap around its conversation, to a place from where one can talk."""
    me, other, avatars = state.avatars[i, a], state.avatars[i, b], state.avatars[i]
    wide = WIDE_M if custom == DISTANCE else APART_M
    x, y, near, hx, hy = other.x, other.y, wide, F(0), F(0)
    if other.formation != NONE:
        x, y, near = state.formations[i, other.formation].x, state.formations[i, other.formation].y, CIRCLE_M
        hx, hy = gap_around(avatars, a, x, y)
    dx, dy = x - me.x, y - me.y
    d = math.sqrt(dx * dx + dy * dy) + F(1e-6)
    if other.formation == NONE:
        hx, hy = -dx / d, -dy / d
    ox, oy = x + hx * near - me.x, y + hy * near - me.y
    if ox * ox + oy * oy < LEEWAY_M * LEEWAY_M or (other.formation == NONE and d < near + F(0.1)):
        turn, _ = turn_to(me, dx, dy)
        return make_room(avatars, a, wide - LEEWAY_M), turn
    return walk_to(state.plan, avatars, i, a, x + hx * near, y + hy * near)


@kernel
def gap_around(avatars, a, x, y):
    """Direction from the centre (x, y) in which there is most room for ``a`` among those who stand around it; of like ones the nearest."""
    me, best_x, best_y, most = avatars[a], F(1), F(0), F(-1e6)
    for k in range(BEARINGS_X.shape[0]):
        px, py, room = x + BEARINGS_X[k] * CIRCLE_M, y + BEARINGS_Y[k] * CIRCLE_M, F(1.4)
        for b in range(avatars.shape[0]):
            if b != a and avatars[b].present == 1:
                dx, dy = avatars[b].x - px, avatars[b].y - py
                away = F(math.sqrt(dx * dx + dy * dy))
                room = away if away < room else room
        dx, dy = me.x - px, me.y - py
        promise = room - F(0.15) * math.sqrt(dx * dx + dy * dy)
        best_x, best_y, most = (BEARINGS_X[k], BEARINGS_Y[k], promise) if promise > most else (best_x, best_y, most)
    return best_x, best_y


@kernel
def choose_rows(state, episodes, envs, avatars, out):
    """Fill ``out`` [B, 4] with the choices of avatars ``avatars`` [B] in environments ``envs`` [B] that know everything."""
    for k in range(envs.shape[0]):
        i = envs[k]
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = choose(state, i, avatars[k], NO_CUSTOM, episodes.clock[i], True)


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 4] (float32 [B, 6] under continuous control) of guests that know all tastes and take turns: a high mark."""
    choices = np.zeros((len(envs), 4), np.int32)
    choose_rows(batch.state, batch.episodes, np.asarray(envs, np.int64), np.asarray(avatars, np.int64), choices)
    return as_controls(choices) if batch.roles[role].continuous else choices


def as_controls(choices: np.ndarray) -> np.ndarray:
    """Choices of the heads walk, turn, hand, say [B, 4] as continuous controls: float32 [B, 6]."""
    walk, turn, hand, said = choices.T
    steps = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], np.float32)[walk]
    topic = (np.maximum(said, 1) - 0.5) / WORDS * 2 - 1
    wave, voice = np.where(hand == WAVE, 1.0, -1.0), np.where(said > 0, 1.0, -1.0)
    return np.column_stack([steps, np.array([0, 1, -1], np.float32)[turn], wave, voice, topic]).astype(np.float32)
