"""What guests sense and do; the observation table in the card is printed from here."""

import math

import numpy as np

from avatarium.worlds.core import eyes, greeting, people, proprioception, rays, speech, utterance
from avatarium.worlds.core.bodies import CONTROLS, TOP_SPEED, TURN, WALK
from avatarium.worlds.core.formation import LARGEST, NONE, holds
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.people import NEAREST
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.spec import Feature, Role
from avatarium.worlds.core.speech import HAND, SAY, WORDS
from avatarium.worlds.gathering.config import Config
from avatarium.worlds.gathering.floor import OVERLAP, SILENCE
from avatarium.worlds.gathering.level import doorstep, in_entrance

F = np.float32
TERMS = ("listening", "attention", "overlap", "closeness", "greeting", "overdue")
LISTENING, ATTENTION, OVERLAPPING, CLOSENESS, GREETING, OVERDUE = range(len(TERMS))

KNOWN, PARTNERS, PARTNER_COLUMNS, REACH_M = 6, LARGEST - 1, 7, F(2)

ACQUAINTANCES = Feature(
    "acquaintances",
    NEAREST * KNOWN,
    -1,
    1,
    "what it knows of the same people as in people, in the same order, each: in a conversation, in one with it, how tired it is of it, "
    "pleasure it remembers, would still be greeted, waits for its greeting to be returned",
    "people",
)
TASK = (
    Feature("interests", WORDS, -0.1, 1, "what each topic is worth to it", "task"),
    Feature("boredom", WORDS, 0, 1, "by how much each topic has worn off", "task"),
    Feature("tastes", WORDS, -1, 1, "what it has seen of the liking for each topic of those in its conversation, on average", "task"),
    Feature("size", LARGEST - 1, 0, 1, "whether two, three or four are in its conversation", "task"),
    Feature("floor", 4, 0, 1, "who speaks in its conversation: nobody, itself, one other, several", "task", hearsay=True),
    Feature("held", 1, 0, 1, "for how long the present or last speaker has had the floor; 4 s = 1", "task", hearsay=True),
    Feature("silent", 1, 0, 1, "for how long nobody has spoken in its conversation; 2 s = 1", "task", hearsay=True),
    Feature("spoke_last", 1, 0, 1, "whether it had the floor last", "task", hearsay=True),
    Feature("voice_left", 1, 0, 1, "share of its own word still to be said", "task"),
    Feature("breath_left", 1, 0, 1, "share of the pause after its own word in which it can say nothing", "task"),
    Feature("waving", 1, 0, 1, "whether it waved just now: a new greeting takes a new wave", "task"),
    Feature(
        "partners",
        PARTNERS * PARTNER_COLUMNS,
        -1.01,
        1.01,
        "the others in its conversation, nearest first, each: present, place ahead and to the left (2 m = 1), speaks, share of the word "
        "still to be said, pleasure that its face shows, how tired it is of it",
        "task",
    ),
    Feature("door", 3, -1.01, 1.01, "direction of the entrance, ahead and to the left, and 1 / (1 + its distance in m)", "task"),
    Feature("at_door", 1, 0, 1, "whether it stands in the entrance", "task"),
    Feature("stay_left", 1, 0, 1, "of the time until it leaves or the episode ends; 60 s = 1", "task"),
    Feature("overdue", 1, 0, 1, "whether its time is up, so that it leaves when it gets to the entrance", "task"),
)
SEEN = people.SIZE + people.GESTURES
TASK_SIZE = sum(f.size for f in TASK)
SPEECH_CONTROLS = ("wave", "voice", "topic")


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``."""
    seen = (*people.features("1 = one of the crowd, 0 = a guest"), *people.gesture_features(), ACQUAINTANCES)
    return (*rays.FEATURES, *seen, *speech.FEATURES, *proprioception.FEATURES, *TASK, *eyes.features(config))


def roles(config: Config) -> tuple[Role, ...]:
    """The one role, ``guest``."""
    controls = (*CONTROLS, *SPEECH_CONTROLS) if config.control == "continuous" else ()
    return (Role("guest", config.guests, features(config), (WALK, TURN, HAND, SAY), TERMS, controls),)


EACH = 12 + WORDS


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = (
        "x, y (32 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), present, in a conversation, word over 16, pleasure its face "
        "shows, share of the stay to come, overdue, what each topic is worth to it"
    )
    return (
        Feature("avatars", EACH * (config.guests + config.crowd), -1.1, 1.1, f"each: {each}", "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@inlined
def observe(state, episodes, config, i, a, out):
    """Fill ``out`` [D] with what guest ``a`` of environment ``i`` senses, in the order of ``features``."""
    avatars, me, clock = state.avatars[i], state.avatars[i, a], episodes.clock[i]
    rays.look(state.plan, avatars, i, a, out[: rays.SIZE])
    seen, known = out[rays.SIZE : rays.SIZE + SEEN], out[rays.SIZE + SEEN :]
    found = people.find(state.plan, avatars, i, a, seen)
    recognise(state, clock, i, a, found, seen, known)
    people.tell(avatars, a, found, config.guests, seen)
    k = rays.SIZE + SEEN + NEAREST * KNOWN
    speech.hear(state.plan, avatars, i, a, out[k : k + speech.SIZE])
    k += speech.SIZE
    proprioception.feel(me, F(1) - F(clock) / F(config.episode_steps), out[k:])
    task = out[k + proprioception.SIZE :]
    task[:] = F(0)
    for w in range(WORDS):
        task[w], task[WORDS + w] = state.interests[i, a, w], state.boredom[i, a, w]
    if me.formation != NONE:
        follow(state, i, a, state.formations[i, me.formation], state.floors[i, me.formation], task)
    k = TASK_SIZE - 9 - PARTNERS * PARTNER_COLUMNS
    task[k], task[k + 1] = F(me.voice_left) / F(utterance.STEPS), F(me.breath_left) / F(utterance.BREATH_STEPS)
    task[k + 2] = F(me.waving)
    keep_time(state, clock, i, me, task[TASK_SIZE - 6 :])


@inlined
def recognise(state, clock, i, a, found, seen, out):
    """What is known of the people that were found, from ``out[0]`` on."""
    me = state.avatars[i, a]
    out[: NEAREST * KNOWN] = F(0)
    for n in range(found):
        b, k = people.seen(seen, n), n * KNOWN
        theirs, pair = state.avatars[i, b].formation, state.pairs[i, a, b]
        out[k] = F(1) if theirs != NONE else F(0)
        out[k + 1] = F(1) if theirs != NONE and theirs == me.formation else F(0)
        out[k + 2], out[k + 3] = pair.weariness, pair.regard
        out[k + 4] = F(1) if greeting.open_to(state.greetings[i], a, b, clock) else F(0)
        out[k + 5] = F(1) if greeting.pending(state.greetings[i], b, a, clock) else F(0)


@inlined
def follow(state, i, a, conversation, floor, task):
    """What a guest notices of its conversation: tastes, size, floor, partners."""
    count = F(conversation.size - 1)
    for b in range(state.avatars.shape[1]):
        if b != a and holds(conversation, b):
            for w in range(WORDS):
                task[2 * WORDS + w] += state.tastes[i, a, b, w] / count
    k = 3 * WORDS
    task[k + conversation.size - 2] = F(1)
    k += LARGEST - 1
    mine, nobody = floor.speaker == a, floor.speaker == SILENCE
    task[k + (0 if nobody else (1 if mine else (3 if floor.speaker == OVERLAP else 2)))] = F(1)
    task[k + 4], task[k + 5] = min(F(floor.held) * F(0.025), F(1)), min(F(floor.silent) * F(0.05), F(1))
    task[k + 6] = F(1) if floor.last == a else F(0)
    partners(state, i, a, conversation, task[k + 10 :])


@inlined
def partners(state, i, a, conversation, out):
    """The columns of the others in a conversation, nearest first."""
    me, nearest, last = state.avatars[i, a], F(-1), -1
    for n in range(conversation.size - 1):
        best, best_d2 = -1, F(1e6)
        for b in range(state.avatars.shape[1]):
            if b != a and holds(conversation, b):
                dx, dy = state.avatars[i, b].x - me.x, state.avatars[i, b].y - me.y
                d2 = dx * dx + dy * dy
                if (d2 > nearest or (d2 == nearest and b > last)) and d2 < best_d2:
                    best, best_d2 = b, d2
        nearest, last, k, other = best_d2, best, n * PARTNER_COLUMNS, state.avatars[i, best]
        out[k] = F(1)
        out[k + 1], out[k + 2] = ahead_left(me, (other.x - me.x) / REACH_M, (other.y - me.y) / REACH_M)
        out[k + 3], out[k + 4] = F(1) if other.word != 0 else F(0), F(other.voice_left) / F(utterance.STEPS)
        out[k + 5], out[k + 6] = other.warmth, state.pairs[i, a, best].weariness


@inlined
def keep_time(state, clock, i, me, out):
    """The way out, and how much time there is."""
    x, y = doorstep(state, i)
    dx, dy = x - me.x, y - me.y
    d = math.sqrt(dx * dx + dy * dy) + F(1e-6)
    out[0], out[1] = ahead_left(me, dx / d, dy / d)
    out[2] = F(1) / (F(1) + d)
    out[3] = F(1) if in_entrance(state, i, me.x, me.y) else F(0)
    out[4] = min(max(F(me.leaves - clock), F(0)) * F(1 / 600), F(1))
    out[5] = F(1) if clock >= me.leaves else F(0)


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    for i in range(start, stop):
        clock, steps = episodes.clock[i], config[0].episode_steps
        for a in range(state.avatars.shape[1]):
            me, k = state.avatars[i, a], EACH * a
            out[i, k], out[i, k + 1], out[i, k + 2], out[i, k + 3] = me.x / F(32), me.y / F(32), me.cos, me.sin
            out[i, k + 4], out[i, k + 5] = me.vx / TOP_SPEED, me.vy / TOP_SPEED
            out[i, k + 6], out[i, k + 7] = F(me.present), F(1) if me.formation != NONE else F(0)
            out[i, k + 8], out[i, k + 9] = F(me.word) / F(WORDS), me.warmth
            out[i, k + 10] = min(max(F(me.leaves - clock), F(0)) / F(steps), F(1))
            out[i, k + 11] = F(1) if clock >= me.leaves else F(0)
            for w in range(WORDS):
                out[i, k + 12 + w] = state.interests[i, a, w]
        out[i, EACH * state.avatars.shape[1]] = F(clock) / F(steps)
