"""How the museum goes on, top to bottom: hands, feet, doors, what is shown; then everyone looks, and what that leads to is noted."""

import numpy as np

from avatarium.worlds.core import bodies, contact, speech
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.proprioception import leave_trail
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import LEVEL, PEOPLE, below, next_u64
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back
from avatarium.worlds.museum import furnishing
from avatarium.worlds.museum.exhibits import paint
from avatarium.worlds.museum.level import generate, vector
from avatarium.worlds.museum.looking import FACING_COS, FIELD_COS, NEAR_M, SIGHT_M, grow_interest, look, regard, take_cues
from avatarium.worlds.museum.observe import DISCOVERY, FACE_TERM, GUIDE, INTEREST, in_field, observe
from avatarium.worlds.museum.opening import note_room, open_wing, use, work_vault
from avatarium.worlds.museum.state import OPEN, SHOWCASE
from avatarium.worlds.museum.visiting import STYLES, begin, visit

F, U = np.float32, np.uint32
GLASS_M = F(1.5)
EVENTS = (
    EventKind("seen", "a visitor saw an exhibit of the open rooms for the first time", "share that one is of all of them"),
    EventKind("seen_hidden", "a visitor saw an exhibit of the wing or the vault for the first time", "share that one is of all of them"),
    EventKind("discovered", "a visitor saw a new face of a machine, its first one aside", "share that one is of all of them"),
    EventKind("watched", "a step of a visitor before a screen of noise"),
    EventKind("looped", "a step of a visitor before a screen with a loop"),
    EventKind("gaze_followed", "a visitor looks at an exhibit that it saw another look at, within 10 s", "seconds since then"),
    EventKind("cued", "a visitor sees somebody (whom) look at an exhibit that it has not seen and does not look at"),
    EventKind("entered", "a visitor is in an open room for the first time", "share that one is of all open rooms but the first"),
    EventKind("entered_hidden", "a visitor is in the wing or the vault for the first time", "1 for the wing, 2 for the vault"),
    EventKind("used", "a visitor used a machine", "1 when its face changed, else 0"),
    EventKind("wing_opened", "the wing opened, by a visitor's use of a machine", "seconds since the episode began"),
    EventKind("vault_opened", "a door of the vault opened under two avatars (who and whom) on the plates"),
    EventKind("at_glass", "a step of a visitor before the glass of a room that nobody can enter"),
    contact.COLLISION,
)
(SEEN, SEEN_HIDDEN, DISCOVERED, WATCHED, LOOPED, GAZE_FOLLOWED, CUED, ENTERED, ENTERED_HIDDEN, USED, WING_OPENED, VAULT_OPENED) = range(12)
AT_GLASS, COLLIDED = 12, 13
LOOKING_KINDS = (SEEN, SEEN_HIDDEN, DISCOVERED, WATCHED, LOOPED, GAZE_FOLLOWED)


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            state.avatars[i].present[:] = 0
            state.gazing[i], state.faces[i], state.cue[i], state.interest[i], state.left[i] = 0, 0, 0, F(0), 1 << 20
            for a in range(state.avatars.shape[1]):
                arrive(state, episodes.stream, config[0], i, a)
            for a in range(state.avatars.shape[1]):
                see(state, config[0], i, a)
            out[0].present[i] = True
            look_around(state, episodes, config[0], out[0], i)


@kernel
def arrive(state, stream, config, i, a):
    """Let avatar ``a`` in: visitors at the entrance, the crowd anywhere in the open rooms."""
    me, r = state.avatars[i, a], np.int64(state.entrance[i])
    while a >= config.visitors:
        r = below(stream, i, LEVEL, state.num_rooms[i])
        if state.access[i, r] == OPEN:
            break
    furnishing.settle(state, stream, i, a, r)
    me.sight, me.attends, me.seen, me.cued, me.followed = U(0), U(0), U(0), U(0), U(0)
    me.entered, me.gain = U(1) << U(r), F(0)
    vector(state.tastes[i, a], stream, i, -1)
    state.styles[i, a] = 0
    if a >= config.visitors:
        state.styles[i, a] = config.style - 1 if config.style > 0 else (a - config.visitors) % len(STYLES)
        begin(state.minds[i, a], next_u64(stream, i, PEOPLE), state.styles[i, a])


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by 0.1 s; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[0], i)
            for k in range(state.avatars.shape[1]):
                act(state, episodes, config[0], actions[0], log, i, (k + episodes.clock[i]) % state.avatars.shape[1])
            if config[0].vault:
                work_vault(state, log, i, config[0].hold, VAULT_OPENED)
            episodes.clock[i] += 1
            for e in range(state.num_exhibits[i]):
                paint(state, i, e, episodes.clock[i], episodes.stream)
            experience(state, episodes, config[0], out[0], log, i)
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                out[0].truncation[i] = True
                ended += 1
            look_around(state, episodes, config[0], out[0], i)
    return ended


@inlined
def act(state, episodes, config, actions, log, i, a):
    """Avatar ``a`` uses its hand, where it looks, then walks and turns. A hand works when it begins to, not for as long as it is held."""
    me = state.avatars[i, a]
    if a < config.visitors:
        held = me.gesture == speech.USE
        speech.gesticulate(me, int(actions[i, a, 2]))
        if me.gesture == speech.USE and not held:
            use(state, log, i, a, USED)
            if config.wing:
                open_wing(state, episodes, log, i, a, WING_OPENED)
        bodies.choose(me, int(actions[i, a, 0]), int(actions[i, a, 1]))
    else:
        way = state.ways[i, a - config.visitors]
        walk, turn = visit(state, i, a, state.minds[i, a], way, state.scratch[i], episodes.clock[i])
        bodies.choose(me, walk, turn)
    touched = bodies.move(state.plan, state.avatars[i], i, a)
    if (touched | me.touching) != U(0):
        me.touching = contact.contacts(state.avatars[i], log, i, a, touched, COLLIDED)


@inlined
def see(state, config, i, a):
    """Note what avatar ``a`` has before its eyes: the crowd only what it looks at from nearby, unless its interest counts."""
    far = a < config.visitors or tracked(config)
    look(state, i, a, SIGHT_M if far else NEAR_M, FIELD_COS if far else FACING_COS)


@inlined
def tracked(config):
    """Whether levels of interest are kept up: where somebody is paid for them or senses them."""
    return config.rewards.interest > F(0) or config.rewards.guide > F(0) or config.memory


@inlined
def experience(state, episodes, config, out, log, i):
    """Everyone looks where they have come to; note rooms entered, exhibits seen, gazes followed, and pay for what is paid."""
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        before, fresh = me.attends, note_room(state, i, a)
        leave_trail(me)
        see(state, config, i, a)
        if a < config.visitors:
            if fresh:
                enter(state, log, i, a)
            if (before | me.attends) != U(0):
                news, faces = regard(state, episodes, log, i, a, before, LOOKING_KINDS)
                pay(out, i, a, DISCOVERY, F(config.rewards.discovery) * F(news))
                pay(out, i, a, FACE_TERM, F(config.rewards.face) * F(faces))
            if config.showcase and before_glass(state, i, me):
                emit(log, i, AT_GLASS, a, -1, F(1))
        if tracked(config):
            grow_interest(state, i, a)
    for a in range(config.visitors):
        take_cues(state, episodes, log, i, a, CUED)
    if tracked(config):
        pay_interest(state, config, out, i)


@inlined
def enter(state, log, i, a):
    """Note a room that avatar ``a`` is in for the first time."""
    where = state.access[i, state.avatars[i, a].room]
    if where != OPEN:
        emit(log, i, ENTERED_HIDDEN, a, -1, F(where))
        return
    rooms = 0
    for r in range(state.num_rooms[i]):
        rooms += 1 if state.access[i, r] == OPEN else 0
    emit(log, i, ENTERED, a, -1, F(1) / F(max(rooms - 1, 1)))


@inlined
def before_glass(state, i, me):
    """Whether an avatar faces a pane of the showcase from nearby."""
    for g in range(state.num_gates[i]):
        gate = state.gates[i, g]
        if gate.sort == SHOWCASE:
            d2 = in_field(me, gate.x, gate.y)
            if F(0) <= d2 < GLASS_M * GLASS_M:
                ahead = (gate.x - me.x) * me.cos + (gate.y - me.y) * me.sin
                if ahead > F(0) and ahead * ahead > F(0.5) * d2:
                    return True
    return False


@inlined
def pay_interest(state, config, out, i):
    """Pay everybody for the growth of its own interest, and for that of the crowd, or of the other visitors where there is no crowd."""
    count = state.avatars.shape[1]
    first = config.visitors if count > config.visitors else 0
    for a in range(config.visitors):
        pay(out, i, a, INTEREST, F(config.rewards.interest) * state.avatars[i, a].gain)
        total, others = F(0), 0
        for b in range(first, count):
            if b != a:
                total += state.avatars[i, b].gain
                others += 1
        pay(out, i, a, GUIDE, F(config.rewards.guide) * total / F(max(others, 1)))


@inlined
def look_around(state, episodes, config, out, i):
    """Fill the observations of all visitors of environment ``i``."""
    for a in range(config.visitors):
        observe(state, episodes, config, i, a, out.observation[i, a])


@kernel
def look_again(state, episodes, config, out, late, start, stop):
    """Fill the observations anew: others as they are known, oneself as one is."""
    for i in range(start, stop):
        turn_back(late, state.avatars, episodes.clock[i], i)
        for a in range(config[0].visitors):
            stand(late, state.avatars, i, a)
            observe(state, episodes, config[0], i, a, out[0].observation[i, a])
            fade(late, state.avatars, episodes.clock[i], i, a)
        catch_up(late, state.avatars, i)
