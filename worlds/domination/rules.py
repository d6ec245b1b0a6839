"""How domination goes on, top to bottom: orders, walking, tagging, points, scores; then everyone looks around."""

import numpy as np

from avatarium.worlds.core import bodies, sight
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.proprioception import begin_trail, leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, RULES, below, uniform
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.speech import NONE, USE, WORDS, utter
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back
from avatarium.worlds.core.trig import PI
from avatarium.worlds.domination import command, points, soldiers
from avatarium.worlds.domination.command import COMMANDER, SOLDIER
from avatarium.worlds.domination.level import generate, spawn_point
from avatarium.worlds.domination.observe import APPROACH, CAPTURE, SCORE, TAG, TAGGED, WIN, observe, observe_team
from avatarium.worlds.domination.points import commander
from avatarium.worlds.domination.state import BLUE, NOBODY, POINTS, RED, SPAWNS

F = np.float32
EVENTS = (
    EventKind("capture", "an avatar took a point for its team", "which point, as its team numbers them: 0 middle, 1 own, 2 far"),
    EventKind("tag", "an avatar tagged an opponent (whom)"),
    EventKind("tagged", "an avatar was tagged by an opponent (whom)"),
    EventKind("score", "the game ended", "seconds for which points counted for the agent's team, summed over points"),
    EventKind("conceded", "the game ended", "the same of the other team"),
)
CAPTURED, TAGGED_OTHER, WAS_TAGGED, SCORED, CONCEDED = range(len(EVENTS))
COOL_STEPS, OUT_STEPS = 20, 50
"""Steps between two tags, hit or miss; and for which a tagged avatar is out."""


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            state.owners[i], state.held[i], state.score[i], state.near[i], state.due[i] = NOBODY, 0, 0, 0, True
            state.chosen[i] = NOBODY
            state.here[i] = config[0].team
            line_up(state, episodes.stream, config[0], i)
            sight.survey(state.plan, state.avatars[i], i)
            out[RED].present[i] = True
            out[BLUE].present[i] = True
            look_around(state, episodes, config[0], out, i)


@kernel
def line_up(state, stream, config, i):
    """Put both teams into their bases, one the mirror image of the other, facing each other."""
    state.avatars[i].present[:] = 0
    shift, tilt = below(stream, i, LEVEL, SPAWNS), (uniform(stream, i, LEVEL) - F(0.5)) * F(0.5)
    for a in range(2 * config.team):
        me, team = state.avatars[i, a], a // config.team
        x, y = spawn_point(state, i, team, (a % config.team + shift) % SPAWNS)
        bodies.place(me, x, y, tilt if team == RED else (tilt + PI if tilt < F(0) else tilt - PI))
        me.out, me.cool, me.on, me.order = 0, 0, NOBODY, a % config.team % POINTS
        me.potential = points.potential(state, i, team, me)
        begin_trail(me)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s, or to the next decision; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[RED], i)
            clear(out[BLUE], i)
            if config[0].command != SOLDIER and state.due[i]:
                command.take(state, config[0], actions, i)
            ended += go_on(state, episodes, config[0], actions, out, log, i)
            while episodes.by_decision[i] and config[0].command != SOLDIER and not (state.due[i] or episodes.over[i]):
                ended += go_on(state, episodes, config[0], actions, out, log, i)
            look_around(state, episodes, config[0], out, i)
    return ended


@kernel
def go_on(state, episodes, config, actions, out, log, i):
    """Play 0.1 s in environment ``i``; returns whether the game ended, as 0 or 1."""
    walk_about(state, episodes, config, actions, i)
    fight(state, episodes.stream, config, out, log, i)
    changed = hold(state, config, out, log, i)
    approach(state, config, out, i)
    episodes.clock[i] += 1
    state.due[i] = changed or episodes.clock[i] % config.decision_steps == 0
    return finish(state, episodes, config, out, log, i)


@kernel
def walk_about(state, episodes, config, actions, i):
    """Everybody acts: member by member, and of each two the red one first in even steps, the blue one in odd ones. Then all look around.

    To act later is an advantage: one knows where the other has gone. A mere rotation through all avatars would not share it out evenly.
    """
    first, odd = (episodes.clock[i] >> 1) % config.team, episodes.clock[i] & 1
    for k in range(2 * config.team):
        member = first + (k >> 1)
        act(state, episodes.stream, config, actions, i, (k + odd) & 1, member if member < config.team else member - config.team)
    sight.survey(state.plan, state.avatars[i], i)


@inlined
def act(state, stream, config, actions, i, team, member):
    """One avatar walks and turns, or waits to come back."""
    avatars, a = state.avatars[i], team * config.team + member
    me = avatars[a]
    me.gesture, me.cool = NONE, max(me.cool - 1, 0)
    if me.out > 0:
        me.out -= 1
        me.word = 0
        if me.out == 0:
            come_back(state, stream, i, team, a)
    else:
        if config.command == SOLDIER:
            wants = listen(me, config, actions[team][i, member])
        else:
            walk, turn, wants = soldiers.choose(state, i, a, me.order, F(0))
            bodies.choose(me, walk, turn)
        if wants and me.cool == 0:
            me.gesture, me.cool = USE, COOL_STEPS
        bodies.move(state.plan, avatars, i, a)
        leave_trail(me)


@inlined
def listen(me, config, action):
    """Steer a soldier by its action and let it speak; returns whether it wants to tag."""
    if config.control == 1:
        bodies.steer(me, action, True)
        utter(me, 1 + int(bodies.unit(action[4]) * (F(WORDS) - F(0.001))) if action[4] > F(0) else 0)
        return bodies.unit(action[3]) > F(0)
    bodies.steer(me, action, False)
    utter(me, int(action[3]))
    return action[2] == USE


@kernel
def come_back(state, stream, i, team, a):
    """Let an avatar that was out appear at a random spawn point of its base, or at the next one that is free; else it waits on."""
    me, first = state.avatars[i, a], below(stream, i, RULES, SPAWNS)
    for k in range(SPAWNS):
        x, y = spawn_point(state, i, team, (first + k) % SPAWNS)
        if bodies.clear_of_bodies(state.avatars[i], a, x, y):
            bodies.place(me, x, y, F(0) if team == RED else -PI)
            begin_trail(me)
            state.here[i, team] += 1
            return
    me.out = 1


@kernel
def fight(state, stream, config, out, log, i):
    """Tag whom those who reached out can tag. All choose before anybody leaves, so two may tag each other."""
    avatars, some = state.avatars[i], False
    for a in range(avatars.shape[0]):
        avatars[a].prey = soldiers.victim(state, i, a) if avatars[a].gesture == USE and soldiers.faced(avatars, a) else NOBODY
        some |= avatars[a].prey != NOBODY
    if not some:
        return
    for a in range(avatars.shape[0]):
        b = avatars[a].prey
        if b != NOBODY and avatars[b].present == 1:
            earn(out, config, i, a, TAG, F(config.rewards.tag))
            earn(out, config, i, b, TAGGED, F(config.rewards.tagged))
            emit(log, i, TAGGED_OTHER, commander(config, a), commander(config, b), F(1))
            emit(log, i, WAS_TAGGED, commander(config, b), commander(config, a), F(1))
            leave(state, i, b // config.team, avatars[b])


@kernel
def leave(state, i, team, me):
    """Take an avatar out of the arena; what it senses meanwhile, it senses from the middle of its base."""
    x, y = spawn_point(state, i, team, SPAWNS // 2)
    bodies.place(me, x, y, F(0) if team == RED else -PI)
    begin_trail(me)
    state.here[i, team] -= 1
    me.present, me.out, me.cool, me.sees = 0, OUT_STEPS, 0, np.uint32(0)


@kernel
def hold(state, config, out, log, i):
    """Points change hands and count; returns whether one changed hands."""
    changed = False
    for p in range(POINTS):
        before = state.owners[i, p]
        taker = points.occupy(state, config, log, i, p, CAPTURED)
        changed |= state.owners[i, p] != before
        if taker >= 0:
            team = taker // config.team
            earn(out, config, i, taker, CAPTURE, F(config.rewards.capture))
            to_team(out, i, 1 - team, CAPTURE, F(-config.rewards.capture) / F(config.team))
    lead = points.count(state, config, i)
    if lead != 0:
        amount = F(config.rewards.score) * F(lead) / F(POINTS * config.episode_steps)
        to_team(out, i, RED, SCORE, amount)
        to_team(out, i, BLUE, SCORE, -amount)
    return changed


@kernel
def approach(state, config, out, i):
    """Pay for coming nearer to a point worth taking: a difference of potentials (Ng, Harada and Russell 1999)."""
    if config.rewards.approach > F(0):
        for a in range(state.avatars.shape[1]):
            me = state.avatars[i, a]
            now = points.potential(state, i, a // config.team, me)
            earn(out, config, i, a, APPROACH, F(config.rewards.approach) * (me.potential - now))
            me.potential = now


@kernel
def finish(state, episodes, config, out, log, i):
    """End the game when the time is up or the lead is large enough, and pay whoever won; returns whether it ended, as 0 or 1."""
    lead = state.score[i, RED] - state.score[i, BLUE]
    won = config.pool > F(0) and F(abs(lead)) * bodies.STEP_S >= F(config.pool)
    if not won and episodes.clock[i] < config.episode_steps:
        return 0
    episodes.over[i] = True
    prize = F(config.rewards.win) * F(1 if lead > 0 else (-1 if lead < 0 else 0))
    to_team(out, i, RED, WIN, prize)
    to_team(out, i, BLUE, WIN, -prize)
    for team in range(2):
        out[team].termination[i] = True  # the clock is part of the game: a value after it, learnt from the prize, would grow without end
        for member in range(out[team].present.shape[1]):
            who = team * out[team].present.shape[1] + member
            emit(log, i, SCORED, who, -1, F(state.score[i, team]) * bodies.STEP_S)
            emit(log, i, CONCEDED, who, -1, F(state.score[i, 1 - team]) * bodies.STEP_S)
    return 1


@kernel
def earn(out, config, i, a, term, amount):
    """Pay avatar ``a``; a commander is paid the mean over its soldiers."""
    if config.command == COMMANDER:
        pay(out[a // config.team], i, 0, term, amount / F(config.team))
    else:
        pay(out[a // config.team], i, a % config.team, term, amount)


@kernel
def to_team(out, i, team, term, amount):
    """Pay every agent of a team."""
    for member in range(out[team].reward.shape[1]):
        pay(out[team], i, member, term, amount)


@kernel
def look_around(state, episodes, config, out, i):
    """Fill the observations of both teams in environment ``i``, and show which decisions are open."""
    if config.command != SOLDIER:
        command.show_open(state, config, out, i)
    for team in range(2):
        if config.command == COMMANDER:
            observe_team(state, episodes, config, i, team, out[team].observation[i, 0])
        else:
            for member in range(config.team):
                observe(state, episodes, config, i, team, member, out[team].observation[i, member])


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is. Whose points are whose, and the score, is told at once."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        for team in range(2):
            if config[0].command == COMMANDER:
                observe_team(state, episodes, config[0], i, team, out[team].observation[i, 0])
            else:
                for member in range(config[0].team):
                    a = team * config[0].team + member
                    stand(late, state.avatars, i, a)
                    sight.recall(state.avatars[i], a)
                    observe(state, episodes, config[0], i, team, member, out[team].observation[i, member])
                    fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)
