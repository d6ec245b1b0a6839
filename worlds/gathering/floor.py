"""The floor of a conversation: who has it, what listeners make of what they hear, and how topics and partners wear off."""

import numpy as np

from avatarium.worlds.core import formation, utterance
from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.formation import holds
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.rewards import pay
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.speech import WORDS
from avatarium.worlds.gathering.level import alike

F = np.float32
SILENCE, OVERLAP = -1, -2

TOPIC_UP, TOPIC_DOWN = F(0.0125), F(0.0033)
"""Per step, as leaky means: a topic wears off with a time constant of 8 s while it is heard, and comes back with one of 30 s."""
PARTNER_UP, PARTNER_DOWN = F(0.005), F(0.0017)
"""The same of a partner, while in one conversation with it: 20 s and 60 s."""
FACE_RATE, MEMORY_RATE, REGARD_RATE = F(0.2), F(0.3), F(0.02)
"""How fast a face follows what is felt, what is known of others' tastes follows their faces, and regard follows pleasure."""

EVENTS = (
    EventKind(
        "conversation_step",
        "a step of an avatar (who) in a conversation; whom: who alone speaks, -1 in silence or overlap",
        "what the topic is worth to it, or, where it speaks itself, to those who listen on average; 0 to 1, boredom deducted",
    ),
    EventKind("overlap", "a step of an avatar (who) speaking while another one of the conversation (whom) speaks"),
    EventKind("turn", "an avatar (who) took the floor, which somebody else had (whom; -1: nobody yet)", "seconds of silence before it"),
    EventKind("interruption", "an avatar (who) began to speak while another one had the floor (whom)", "seconds that one had had it"),
    EventKind("acquaintance", "two were in one conversation for the first time; noted for either", "how alike their interests are, 0 to 1"),
    EventKind("f_formation", "a look at an avatar in conversation, once a second", "how well it keeps the common space, 0 to 1"),
)
STEP, OVERLAPPED, TURN, INTERRUPTION, ACQUAINTANCE, F_FORMATION = range(len(EVENTS))
LOOK_STEPS = 10


@kernel
def vacate(formations, floors):
    """Let no place and no speaker of an earlier episode stay: what an episode is in bytes depends on its seed alone."""
    for g in range(floors.shape[0]):
        formations[g].x, formations[g].y = F(0), F(0)
        floors[g].speaker, floors[g].last, floors[g].held, floors[g].silent = 0, 0, 0, 0


@inlined
def converse(state, config, clock, log, out, listening, attention, overlap, i):
    """Carry every conversation of environment ``i`` on by a step: who speaks, what that is worth to all, what is remembered of it.

    ``listening``, ``attention`` and ``overlap`` are the numbers of the terms that are paid. Afterwards everybody's face and fatigue.
    """
    for g in range(state.formations.shape[1]):
        conversation, floor = state.formations[i, g], state.floors[i, g]
        if conversation.size > 0:
            if conversation.age == 0:
                floor.speaker, floor.last, floor.held, floor.silent = SILENCE, -1, 0, 0
            meet(state, log, i, conversation)
            take_turns(state.avatars[i], log, i, conversation, floor)
            if floor.speaker == OVERLAP:
                clash(state.avatars[i], config, log, out, i, conversation, overlap)
            attend(state, config, log, out, i, conversation, floor, listening, attention)
            if clock % LOOK_STEPS == 0:
                for a in range(state.avatars.shape[1]):
                    if holds(conversation, a):
                        emit(log, i, F_FORMATION, a, -1, formation.quality(state.avatars[i], conversation, a))
    wear(state, config, i)


@inlined
def meet(state, log, i, conversation):
    """Note who is in one conversation with whom for the first time."""
    for a in range(state.avatars.shape[1]):
        if holds(conversation, a):
            for b in range(state.avatars.shape[1]):
                if b != a and holds(conversation, b) and state.pairs[i, a, b].met == 0:
                    state.pairs[i, a, b].met = 1
                    emit(log, i, ACQUAINTANCE, a, b, alike(state.interests[i, a], state.interests[i, b]))


@inlined
def take_turns(avatars, log, i, conversation, floor):
    """Find out who speaks; note turns that are taken and interruptions."""
    had, speakers, one = floor.speaker, 0, SILENCE
    for a in range(avatars.shape[0]):
        if holds(conversation, a) and avatars[a].word != 0:
            speakers, one = speakers + 1, a
            if utterance.begins(avatars[a]) and had >= 0 and had != a and holds(conversation, had) and utterance.goes_on(avatars[had]):
                emit(log, i, INTERRUPTION, a, had, F(floor.held) * STEP_S)
    floor.speaker = one if speakers < 2 else OVERLAP
    if floor.speaker >= 0 and floor.speaker != floor.last:
        emit(log, i, TURN, one, floor.last, F(floor.silent) * STEP_S)
        floor.held = 0
    if floor.speaker >= 0:
        floor.last = floor.speaker
        floor.held += 1
    floor.silent = floor.silent + 1 if floor.speaker == SILENCE else 0


@inlined
def clash(avatars, config, log, out, i, conversation, term):
    """Charge everyone who speaks at the same time as others."""
    for a in range(avatars.shape[0]):
        if holds(conversation, a) and avatars[a].word != 0:
            whom = -1
            for b in range(avatars.shape[0]):
                if b != a and whom < 0 and holds(conversation, b) and avatars[b].word != 0:
                    whom = b
            emit(log, i, OVERLAPPED, a, whom, F(1))
            if a < config.guests:
                pay(out, i, a, term, F(config.rewards.overlap))


@inlined
def attend(state, config, log, out, i, conversation, floor, listening, attention):
    """Pay those who listen to the one speaker, and the speaker for what they make of it; note everybody's step."""
    s, audience, liked, felt = floor.speaker, F(max(conversation.size - 1, 1)), F(0), F(0)
    for a in range(state.avatars.shape[1]):
        if holds(conversation, a) and a != s:
            pleasure = F(0)
            if s >= 0:
                pleasure = worth(state, i, a, s, state.avatars[i, s].word - 1)
                remember(state, config, i, conversation, a, s, pleasure)
                if a < config.guests:
                    pay(out, i, a, listening, F(config.rewards.listening) * pleasure)
                felt += pleasure / audience
                liked += max(pleasure, F(0)) / audience
            state.avatars[i, a].warmth += (pleasure - state.avatars[i, a].warmth) * FACE_RATE
            emit(log, i, STEP, a, max(s, -1), max(pleasure, F(0)))
    if s >= 0:
        state.avatars[i, s].warmth += (felt - state.avatars[i, s].warmth) * FACE_RATE
        emit(log, i, STEP, s, s, liked)
        if s < config.guests:
            pay(out, i, s, attention, F(config.rewards.attention) * felt)


@inlined
def worth(state, i, a, s, topic):
    """What a topic of ``s`` is worth to ``a`` now: its interest, less as topic and speaker have worn off; dull ones stay dull."""
    interest = state.interests[i, a, topic]
    return interest * (F(1) - state.boredom[i, a, topic]) * (F(1) - state.pairs[i, a, s].weariness) if interest > F(0) else interest


@inlined
def remember(state, config, i, conversation, a, s, pleasure):
    """The topic wears off for listener ``a``; speaker and listener remember the pleasure; all members have seen it in its face."""
    topic = state.avatars[i, s].word - 1
    rate = min(F(config.boredom) * TOPIC_UP, F(1))
    state.boredom[i, a, topic] += (F(1) - state.boredom[i, a, topic]) * rate
    state.pairs[i, a, s].regard += (pleasure - state.pairs[i, a, s].regard) * REGARD_RATE
    state.pairs[i, s, a].regard += (pleasure - state.pairs[i, s, a].regard) * REGARD_RATE
    for m in range(state.avatars.shape[1]):
        if m != a and holds(conversation, m):
            state.tastes[i, m, a, topic] += (pleasure - state.tastes[i, m, a, topic]) * MEMORY_RATE


@inlined
def wear(state, config, i):
    """Topics and partners come back while one is spared them; partners wear off in conversation; faces relax outside of it."""
    up, count = min(F(config.boredom) * PARTNER_UP, F(1)), state.avatars.shape[1]
    for a in range(count):
        me = state.avatars[i, a]
        for w in range(WORDS):
            state.boredom[i, a, w] -= state.boredom[i, a, w] * TOPIC_DOWN
        if me.formation == formation.NONE:
            me.warmth -= me.warmth * FACE_RATE
        for b in range(count):
            tired = state.pairs[i, a, b].weariness
            with_it = b != a and me.formation != formation.NONE and me.formation == state.avatars[i, b].formation
            state.pairs[i, a, b].weariness = tired + (F(1) - tired) * up if with_it else tired - tired * PARTNER_DOWN
