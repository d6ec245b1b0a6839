"""How commons goes on, top to bottom: hands eat and point, everyone walks, trees bear again, everyone looks around."""

import math

import numpy as np

from avatarium.worlds.commons.growth import SOME, grow, pick
from avatarium.worlds.commons.level import generate
from avatarium.worlds.commons.observe import FINE, FINING, MEAL, SHARED, observe
from avatarium.worlds.core import bodies
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.proprioception import leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.speech import NONE, POINT, USE, gesticulate
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back

F = np.float32
FINE_RANGE_M = F(4)
FINE_COSINE = F(0.9396926)
"""Of 20 degrees, how far beside the heading somebody may be who is pointed at."""
CONTINUOUS = 1
SCARCE = SOME
"""A meal is scarce where fewer ripe trees than this are around the one that is picked."""
PLENTY_RATE, GREED_RATE, BLAME_KEPT = F(0.01), F(0.2), F(0.995)
"""Leaky means over 10 s and over 5 meals, and what is left of blame after a step: it fades over 20 s."""

EVENTS = (
    EventKind("meal", "a picker ate", "seconds since the episode began"),
    EventKind("scarce_meal", "that meal was taken where fewer than 3 ripe trees were around", "how many"),
    EventKind("depleted", "that meal was the last of its patch, which never bears again", "seconds since the episode began"),
    EventKind("fined", "a picker (who) fined another (whom)", "steps of time-out that follow"),
    EventKind("equality", "an episode ended in which somebody ate", "1 - Gini coefficient of meals (Perolat et al. 2017)"),
)
ATE, ATE_SCARCE, DEPLETED, FINED, EQUALITY = range(len(EVENTS))


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            out[0].present[i] = True
            look_around(state, episodes, config[0], out[0], i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            pickers = state.avatars.shape[1]
            for a in range(pickers):
                wait(state.avatars[i, a])
            for k in range(pickers):  # who is first changes from step to step
                use_hand(state, episodes, config[0], actions[0], out[0], log, i, (k + episodes.clock[i]) % pickers)
            for k in range(pickers):
                a = (k + episodes.clock[i]) % pickers
                bodies.steer(state.avatars[i, a], actions[0][i, a], config[0].control == CONTINUOUS)
                bodies.move(state.plan, state.avatars[i], i, a)
            for a in range(pickers):
                leave_trail(state.avatars[i, a])
            grow(state, episodes.stream, config[0].growth, i)
            if config[0].sharing > F(0):
                share(config[0], out[0], i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
                take_stock(state, log, i)
            look_around(state, episodes, config[0], out[0], i)
    return ended


@inlined
def wait(me):
    """Let one step of chewing, cooling and time-out pass, and memories fade."""
    me.chewing, me.cooling, me.held = max(me.chewing - 1, 0), max(me.cooling - 1, 0), max(me.held - 1, 0)
    me.plenty -= PLENTY_RATE * me.plenty
    me.blame *= BLAME_KEPT


@inlined
def use_hand(state, episodes, config, actions, out, log, i, a):
    """One picker eats, points, or does nothing with its hand; in time-out that has no effect."""
    me = state.avatars[i, a]
    gesticulate(me, gesture(actions[i, a], config.control == CONTINUOUS))
    if me.held == 0:
        if me.gesture == USE and me.chewing == 0 and me.meal >= 0 and state.ripe[i, me.meal] == 1:
            eat(state, episodes, config, out, log, i, a)
        elif me.gesture == POINT and me.cooling == 0 and config.fining:
            b = pointed_at(state, i, a)
            if b >= 0:
                fine(state, config, out, log, i, a, b)


@inlined
def gesture(action, continuous):
    """What the hand does: the third head, or the fourth control: use above a third, point below minus a third."""
    if not continuous:
        return int(action[2])
    return USE if action[3] > F(1 / 3) else (POINT if action[3] < F(-1 / 3) else NONE)


@inlined
def eat(state, episodes, config, out, log, i, a):
    """Picker ``a`` eats the fruit within its reach."""
    me, now = state.avatars[i, a], F(episodes.clock[i]) * bodies.STEP_S
    around = state.near[i, me.meal]
    pay(out, i, a, MEAL, F(config.rewards.meal))
    emit(log, i, ATE, a, -1, now)
    if around < SCARCE:
        emit(log, i, ATE_SCARCE, a, -1, F(around))
    if pick(state, i, me.meal) == 0:
        emit(log, i, DEPLETED, a, -1, now)
    me.eaten += 1
    me.chewing = config.chew_steps
    me.plenty += PLENTY_RATE / bodies.STEP_S
    me.greed += GREED_RATE * ((F(1) if around < SCARCE else F(0)) - me.greed)


@inlined
def pointed_at(state, i, a):
    """The nearest picker that ``a`` points at and that is not in time-out already, with no box between; -1 when there is none."""
    avatars, me, best, best_d2 = state.avatars[i], state.avatars[i, a], -1, FINE_RANGE_M * FINE_RANGE_M
    for b in range(avatars.shape[0]):
        other = avatars[b]
        dx, dy = other.x - me.x, other.y - me.y
        d2 = dx * dx + dy * dy
        if b != a and other.present == 1 and other.held == 0 and d2 < best_d2:
            ahead = dx * me.cos + dy * me.sin >= FINE_COSINE * math.sqrt(d2)
            if ahead and in_sight(state.plan, i, me.x, me.y, other.x, other.y, F(0)):
                best, best_d2 = b, d2
    return best


@inlined
def fine(state, config, out, log, i, a, b):
    """Picker ``a`` fines picker ``b``: both pay, and ``b`` is in time-out from the next step on."""
    me, other = state.avatars[i, a], state.avatars[i, b]
    pay(out, i, a, FINING, F(config.rewards.fining))
    pay(out, i, b, FINE, F(config.rewards.fine))
    emit(log, i, FINED, a, b, F(config.timeout_steps))
    me.cooling = config.cooldown_steps
    other.held = config.timeout_steps + 1
    other.blame += F(0.5) * (F(1) - other.blame)


@inlined
def share(config, out, i):
    """Blend the rewards of all: what each gives and gets so is the term ``shared``, whose sum over all is zero."""
    pickers, mean = out.reward.shape[1], F(0)
    for a in range(pickers):
        mean += out.reward[i, a] / F(pickers)
    for a in range(pickers):
        pay(out, i, a, SHARED, F(config.sharing) * (mean - out.reward[i, a]))


@kernel
def take_stock(state, log, i):
    """Note how equally the meals of an episode that ends were shared out."""
    avatars, total, apart = state.avatars[i], 0, 0
    for a in range(avatars.shape[0]):
        total += avatars[a].eaten
        for b in range(avatars.shape[0]):
            apart += abs(avatars[a].eaten - avatars[b].eaten)
    if total > 0:
        emit(log, i, EQUALITY, -1, -1, F(1) - F(apart) / F(2 * avatars.shape[0] * total))


@inlined
def look_around(state, episodes, config, out, i):
    """Fill the observations of all pickers of environment ``i``."""
    show(state, config, i)
    for a in range(state.avatars.shape[1]):
        observe(state, episodes, config, i, a, out.observation[i, a])


@inlined
def show(state, config, i):
    """Bring up to date what others see of each picker."""
    for a in range(state.avatars.shape[1]):
        me, traits = state.avatars[i, a], state.traits[i, a]
        traits[0] = F(1) if me.held > 0 else F(0)
        traits[1], traits[2] = (me.greed, me.blame) if config.reputation else (F(0), F(0))


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        show(state, config[0], i)
        for a in range(state.avatars.shape[1]):
            stand(late, state.avatars, i, a)
            observe(state, episodes, config[0], i, a, out[0].observation[i, a])
            fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)
        show(state, config[0], i)
