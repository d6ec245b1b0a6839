"""How gathering goes on, top to bottom: everyone acts, conversations form and are paid, people come and go, everyone looks around."""

import numpy as np

from avatarium.worlds.core import bodies, contact, formation, greeting, utterance
from avatarium.worlds.core.bodies import STEP_S, clear_of_bodies, place
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import centre
from avatarium.worlds.core.proprioception import begin_trail, leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import PEOPLE, RULES, below, uniform
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.speech import WAVE, WORDS, gesticulate
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back
from avatarium.worlds.core.trig import TURN
from avatarium.worlds.gathering import customs, floor
from avatarium.worlds.gathering.level import ENTRANCE, generate, in_entrance
from avatarium.worlds.gathering.minds import ANYTHING, choose
from avatarium.worlds.gathering.observe import ATTENTION, CLOSENESS, GREETING, LISTENING, OVERDUE, OVERLAPPING, observe

F = np.float32
EVENTS = (
    *floor.EVENTS,
    EventKind("alone_step", "a step of an avatar that is in no conversation and at the edge of none"),
    EventKind("left_out_step", "a step of an avatar that stands at the edge of a conversation and faces it, without being in it"),
    greeting.GREETED,
    greeting.RETURNED,
    EventKind("arrival", "a guest came in", "seconds until it has to leave or the episode ends"),
    EventKind("departure", "a guest left for good", "seconds that it was overdue"),
    EventKind("offence", "an avatar (who) did what one of the crowd (whom) turns away from", "number of the custom"),
    contact.INTRUSION,
)
ALONE, LEFT_OUT, GREETED, RETURNED, ARRIVAL, DEPARTURE, OFFENCE, INTRUDED = range(len(floor.EVENTS), len(EVENTS))
GRACE_STEPS = 150
"""An overdue guest that does not go to the entrance is gone after so many steps all the same."""


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            formation.disband(state.avatars[i], state.formations[i])
            floor.vacate(state.formations[i], state.floors[i])
            for a in range(config[0].guests):
                out[0].present[i, a] = state.avatars[i, a].present == 1
            look_around(state, episodes, config[0], out[0], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns in how many somebody's episode ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for k in range(state.avatars.shape[1]):
                act(state, episodes, config[0], actions[0], i, (k + episodes.clock[i]) % state.avatars.shape[1])
            socialise(state, episodes, config[0], out[0], log, i)
            episodes.clock[i] += 1
            left = come_and_go(state, episodes, config[0], out[0], log, i)
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                for a in range(config[0].guests):
                    out[0].truncation[i, a] = out[0].present[i, a]
            ended += 1 if left or episodes.over[i] else 0
            look_around(state, episodes, config[0], out[0], i)
    return ended


@inlined
def act(state, episodes, config, actions, i, a):
    """One avatar walks, turns, moves its hand and speaks, if it is there."""
    me = state.avatars[i, a]
    if me.present == 0:
        return
    if a >= config.guests:
        walk, turn, hand, word = choose(state, i, a, config.custom, episodes.clock[i], False)
        bodies.choose(me, walk, turn)
        gesticulate(me, hand)
        utterance.speak(me, 1 + below(episodes.stream, i, PEOPLE, WORDS) if word == ANYTHING and utterance.ready(me) else word)
    else:
        action = actions[i, a]
        bodies.steer(me, action, config.control == 1)
        if config.control == 1:
            express(me, action)
        else:
            gesticulate(me, int(action[2]))
            utterance.speak(me, int(action[3]))
    bodies.move(state.plan, state.avatars[i], i, a)
    leave_trail(me)


@inlined
def express(me, action):
    """Hand and voice by the continuous controls wave, voice and topic: above 0 one waves, or speaks; topics share [-1, 1] evenly."""
    topic = int((bodies.unit(action[5]) + F(1)) * F(0.5 * WORDS))
    gesticulate(me, WAVE if action[3] > F(0) else 0)
    utterance.speak(me, 1 + min(topic, WORDS - 1) if action[4] > F(0) else 0)


@inlined
def socialise(state, episodes, config, out, log, i):
    """What happens between people: greetings, conversations, being too near, being alone; what offends the crowd."""
    avatars, clock = state.avatars[i], episodes.clock[i]
    formation.reform(state.plan, avatars, state.formations[i], i, clock % avatars.shape[0])
    for a in range(avatars.shape[0]):
        if avatars[a].present == 1:
            salute(state, config, out, log, i, a, clock)
            b = contact.intruded(state.plan, avatars, i, a)
            if b >= 0:
                emit(log, i, INTRUDED, a, b, F(1))
                if a < config.guests:
                    pay(out, i, a, CLOSENESS, F(config.rewards.closeness))
            if avatars[a].formation == formation.NONE:
                apart = formation.left_out(avatars, state.formations[i], a) == formation.NONE
                emit(log, i, ALONE if apart else LEFT_OUT, a, -1, F(1))
    customs.judge(state, config, log, OFFENCE, i, clock)
    floor.converse(state, config, clock, log, out, LISTENING, ATTENTION, OVERLAPPING, i)


@inlined
def salute(state, config, out, log, i, a, clock):
    """Note a greeting, or the return of one, for which both are paid."""
    b, waited = greeting.greet(state.plan, state.avatars[i], state.greetings[i], i, a, clock)
    if b == greeting.NOBODY:
        return
    if waited == greeting.FIRST:
        emit(log, i, GREETED, a, b, F(1))
        return
    emit(log, i, RETURNED, a, b, F(waited) * STEP_S)
    if a < config.guests:
        pay(out, i, a, GREETING, F(config.rewards.greeting))
    if b < config.guests:
        pay(out, i, b, GREETING, F(config.rewards.greeting))


@inlined
def come_and_go(state, episodes, config, out, log, i):
    """Let in whose time has come, let out whose time is up; returns whether somebody left."""
    clock, left = episodes.clock[i], False
    for a in range(config.guests):
        me = state.avatars[i, a]
        if me.present == 1 and clock > me.leaves:
            pay(out, i, a, OVERDUE, F(config.rewards.overdue))
        if me.present == 1 and clock >= me.leaves:
            late = clock - me.leaves
            if late >= GRACE_STEPS or (clock < config.episode_steps and in_entrance(state, i, me.x, me.y)):
                emit(log, i, DEPARTURE, a, -1, F(late) * STEP_S)
                depart(state, out, i, a)
                left = True
        elif me.present == 0 and me.gone == 0 and me.comes <= clock < config.episode_steps and enter(state, episodes, i, a):
            out.present[i, a] = True
            emit(log, i, ARRIVAL, a, -1, F(max(me.leaves - clock, 0)) * STEP_S)
    return left


@kernel
def depart(state, out, i, a):
    """Take a guest out of the hall for good."""
    me = state.avatars[i, a]
    me.present, me.gone, me.gesture, me.waving, me.vx, me.vy = 0, 1, 0, 0, F(0), F(0)
    utterance.hush(me)
    if me.formation != formation.NONE:
        formation.drop(state.avatars[i], state.formations[i, me.formation], a)
    out.present[i, a], out.termination[i, a] = False, True


@kernel
def enter(state, episodes, i, a):
    """Put a guest into the entrance where there is room; returns whether there was."""
    room = state.rooms[i, ENTRANCE]
    wide, deep = room.x1 - room.x0 + 1, room.y1 - room.y0 + 1
    first = below(episodes.stream, i, RULES, wide * deep)
    for k in range(wide * deep):
        n = (first + k) % (wide * deep)
        x, y = centre(room.x0 + n % wide), centre(room.y0 + n // wide)
        if clear_of_bodies(state.avatars[i], a, x, y):
            place(state.avatars[i, a], x, y, (uniform(episodes.stream, i, RULES) - F(0.5)) * TURN)
            begin_trail(state.avatars[i, a])
            return True
    return False


@inlined
def look_around(state, episodes, config, out, i):
    """Fill the observations of all guests that are there or have just left; those of others are zeros."""
    for a in range(config.guests):
        if out.present[i, a] or out.termination[i, a]:
            observe(state, episodes, config, i, a, out.observation[i, a])
        else:
            out.observation[i, a] = F(0)


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is, and who is in one's own conversation, too."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        for a in range(config[0].guests):
            if out[0].present[i, a] or out[0].termination[i, a]:
                stand(late, state.avatars, i, a)
                observe(state, episodes, config[0], i, a, out[0].observation[i, a])
                fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)
