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
    """(walk, turn) in a conversation: face its centre, neither too near to anybody nor too far."""
    me, wish = state.avatars[i, a], WIDE_M if custom == DISTANCE else APART_M
    turn, _ = turn_to(me, conversation.x - me.x, conversation.y - me.y)
    nearest, px, py = F(9), F(0), F(0)
    for b in range(state.avatars.shape[1]):
        if b != a and holds(conversation, b):
            other = state.avatars[i, b]
            d = gap(me, other)
            if d < nearest:
                nearest, px, py = d, other.x - me.x, other.y - me.y
    if nearest > wish - F(0.2):
        return STAY, turn
    ahead, left = px * me.cos + py * me.sin, py * me.cos - px * me.sin
    if abs(left) > F(1.2) * abs(ahead):
        return (RIGHT if left > F(0) else LEFT), turn
    return (BACK if ahead > F(0) else FORWARD), turn


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
    """(walk, turn) towards avatar ``b``, or towards the centre of its conversation, to a place from where one can talk."""
    me, other = state.avatars[i, a], state.avatars[i, b]
    x, y, near = other.x, other.y, (WIDE_M if custom == DISTANCE else APART_M)
    if other.formation != NONE:
        conversation = state.formations[i, other.formation]
        x, y, near = conversation.x, conversation.y, F(0.85)
    dx, dy = x - me.x, y - me.y
    d = math.sqrt(dx * dx + dy * dy) + F(1e-6)
    if d <= near + F(0.1):
        turn, _ = turn_to(me, dx, dy)
        return STAY, turn
    return walk_to(state.plan, state.avatars[i], i, a, x - dx / d * near, y - dy / d * near)


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
