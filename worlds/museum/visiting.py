"""Scripted visitors in the four styles of Véron and Levasseur (1983): ants, fish, grasshoppers and butterflies.

Each goes from exhibit to exhibit, stands somewhere to look, and goes on. Which exhibits, in which order, from how far and for how long is
its style; how long within that depends on its taste. As people do, they now and then look at something else from where they stand, rest
beside an exhibit without looking at it, or are held up by others. They read the state, and neither use machines nor press plates.
"""

import math

import numpy as np

from avatarium.worlds.core import geodesic, walking
from avatarium.worlds.core.bodies import STAY, STRAIGHT, clear_of_boxes
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell, centre
from avatarium.worlds.core.rng import GOLDEN, scramble
from avatarium.worlds.core.trig import TURN, atan2, cosine, sine, wrap
from avatarium.worlds.museum.looking import bit, liking, visible
from avatarium.worlds.museum.state import OPEN, WING

F, U = np.float32, np.uint32
STYLES = ("ant", "fish", "grasshopper", "butterfly")
ANT, FISH, GRASSHOPPER, BUTTERFLY = range(4)
CHOOSING, WALKING, LOOKING, RESTING = range(4)
DWELL_LOW = np.array([1.0, 0.2, 1.5, 0.2], np.float32)
DWELL_HIGH = np.array([1.0, 0.2, 1.5, 1.2], np.float32)
"""How long they look, in reading times."""
FROM_M = np.array([1.0, 3.0, 1.0, 1.0], np.float32)
TO_M = np.array([1.5, 5.0, 2.0, 3.0], np.float32)
"""From how far they look."""
SKIPS = np.array([0.05, 0.3, 0.0, 0.1], np.float32)
"""Share of exhibits that they pass by."""
DRIFT = np.array([1.0, -1.0, 0.0, 0.0], np.float32)
"""Towards the walls on their way, or away from them."""
CHOICE = F(0.25)
"""Share of the exhibits that a grasshopper has selected beforehand."""
RESTS, GLANCES = F(0.15), F(0.3)
"""Chances of a rest after looking, and of a glance at something else meanwhile."""
REACH_CELLS = 10
GIVE_UP_STEPS = 400
STANDS = 24


@kernel
def draw(mind):
    """A random number in [0, 1) from a visitor's own stream."""
    mind.rng = mind.rng + GOLDEN
    return np.float32(scramble(mind.rng) >> np.uint64(40)) * np.float32(1.0 / (1 << 24))


@kernel
def begin(mind, seed, style):
    """Begin a visit in one of the ``STYLES``."""
    mind.rng, mind.done, mind.style, mind.phase, mind.target, mind.object = seed, U(0), style, CHOOSING, -1, -1
    mind.until, mind.glance, mind.stand_x, mind.stand_y, mind.rest = 0, 0, F(0), F(0), F(0)


@kernel
def visit(state, i, a, mind, way, scratch, clock):
    """(walk, turn): what visitor ``a`` does at step ``clock``; ``mind`` and ``way`` [SIZE, SIZE] are its own memory."""
    if mind.phase == CHOOSING:
        choose(state, i, a, mind, way, scratch, clock)
    if mind.phase == WALKING:
        if geodesic.distance(way, state.avatars[i, a].x, state.avatars[i, a].y) < F(0.3):
            stop(state, i, a, mind, clock)
        elif clock >= mind.until:
            mind.phase = CHOOSING
        else:
            return walk(state, i, a, mind, way)
    if mind.phase == LOOKING and clock >= mind.until:
        move_on(mind, clock)
    elif mind.phase == RESTING and clock >= mind.until:
        mind.phase = CHOOSING
    return face(state, i, a, mind, clock)


@kernel
def choose(state, i, a, mind, way, scratch, clock):
    """Decide which exhibit is next and where to stand, and find the way; a round is over when nothing is left, and another begins."""
    e = next_exhibit(state, i, a, mind)
    if e < 0:
        mind.done, mind.target, mind.object = U(0), -1, -1
        rest(mind, clock, 20 + int(F(80) * draw(mind)))
        return
    mind.done |= bit(e)
    if draw(mind) >= SKIPS[mind.style] and find_stand(state, i, mind, e):
        cx, cy = cell(mind.stand_x), cell(mind.stand_y)
        geodesic.flood(state.plan.cells[i], (cx, cy, cx, cy), way, scratch)
        if geodesic.distance(way, state.avatars[i, a].x, state.avatars[i, a].y) < F(200):
            mind.target, mind.object, mind.phase, mind.until = e, e, WALKING, clock + GIVE_UP_STEPS


@kernel
def next_exhibit(state, i, a, mind):
    """The exhibit that comes next in the style of a visitor; -1 when none is left."""
    me, best, best_worth = state.avatars[i, a], -1, F(-1e9)
    for e in range(state.num_exhibits[i]):
        exhibit = state.exhibits[i, e]
        if (mind.done & bit(e)) == U(0) and (exhibit.where == OPEN or (exhibit.where == WING and wing_is_open(state, i))):
            dx, dy = exhibit.x - me.x, exhibit.y - me.y
            worth = -F(math.sqrt(dx * dx + dy * dy))
            if mind.style == BUTTERFLY:
                worth = draw(mind)
            elif mind.style == GRASSHOPPER and not selected(state, i, a, e):
                continue
            elif mind.style == ANT and exhibit.room == me.room:
                worth = F(100) - ahead_along_walls(state, i, me, exhibit)
            if worth > best_worth:
                best, best_worth = e, worth
    return best


@kernel
def wing_is_open(state, i):
    """Whether the doors of the wing stand open."""
    shut = False
    for g in range(state.num_gates[i]):
        shut = shut or (state.gates[i, g].sort == WING and state.opened[i, g] == 0)
    return not shut


@kernel
def selected(state, i, a, e):
    """Whether exhibit ``e`` is among the quarter that visitor ``a`` likes best."""
    better, mine = 0, liking(state, i, a, e)
    for other in range(state.num_exhibits[i]):
        better += 1 if liking(state, i, a, other) > mine else 0
    return F(better) < CHOICE * F(state.num_exhibits[i])


@kernel
def ahead_along_walls(state, i, me, exhibit):
    """By how much (rad, in [0, 2 pi)) an exhibit lies further round the middle of the room, anticlockwise, than a visitor."""
    room = state.rooms[i, me.room]
    x, y = F(room.x0 + room.x1 + 1) * F(0.25), F(room.y0 + room.y1 + 1) * F(0.25)
    angle = atan2(exhibit.y - y, exhibit.x - x) - atan2(me.y - y, me.x - x)
    return angle if angle >= F(0) else angle + TURN


@kernel
def find_stand(state, i, mind, e):
    """Choose where to look at exhibit ``e`` from: a free place in its room, as far as the style has it, or nearer; returns whether."""
    exhibit = state.exhibits[i, e]
    room, low, high = state.rooms[i, exhibit.room], FROM_M[mind.style], TO_M[mind.style]
    for k in range(STANDS):
        angle = (draw(mind) - F(0.5)) * TURN
        far = low + (high - low) * draw(mind)
        if k > STANDS // 2:
            far = max(far * F(STANDS - k) / F(STANDS // 2), F(0.7))
        x, y = exhibit.x + far * cosine(angle), exhibit.y + far * sine(angle)
        cx, cy = cell(max(x, F(0))), cell(max(y, F(0)))
        inside = room.x0 <= cx <= room.x1 and room.y0 <= cy <= room.y1
        if inside and state.plan.cells[i, cy, cx] == 0 and visible(state.plan, i, centre(cx), centre(cy), exhibit):
            mind.stand_x, mind.stand_y = centre(cx), centre(cy)
            return True
    return False


@kernel
def walk(state, i, a, mind, way):
    """One step of the way, giving way to others, near the walls or away from them as the style has it."""
    me = state.avatars[i, a]
    tx, ty = geodesic.waypoint(state.plan, i, way, me.x, me.y, REACH_CELLS)
    dx, dy = tx - me.x, ty - me.y
    d = math.sqrt(dx * dx + dy * dy)
    if d < F(1e-3):
        return STAY, STRAIGHT
    dx, dy = dx / d, dy / d
    if DRIFT[mind.style] != F(0) and d > F(1.2):
        dx, dy = drift(state, i, me, dx, dy, DRIFT[mind.style])
    dx, dy, pressed = walking.give_way(state.avatars[i], a, dx, dy, F(-1), 0)
    return walking.head_for(me, dx, dy, pressed, F(-1))


@kernel
def drift(state, i, me, dx, dy, towards):
    """The heading (dx, dy) bent to the nearest wall of the room while that is more than 0.7 m away, or from it while less than 1.5 m."""
    room = state.rooms[i, me.room]
    left, right = me.x - F(room.x0) * F(0.5), F(room.x1 + 1) * F(0.5) - me.x
    low, high = me.y - F(room.y0) * F(0.5), F(room.y1 + 1) * F(0.5) - me.y
    nearest = min(min(left, right), min(low, high))
    wanted = nearest > F(0.7) if towards > F(0) else nearest < F(1.5)
    if nearest < F(0) or not wanted:
        return dx, dy
    wx = F(-1) if nearest == left else (F(1) if nearest == right else F(0))
    wy = (F(-1) if nearest == low else F(1)) if wx == F(0) else F(0)
    bx, by = walking.unit(dx + towards * F(0.7) * wx, dy + towards * F(0.7) * wy)
    if clear_of_boxes(state.plan, i, me.x + F(0.5) * bx, me.y + F(0.5) * by):
        return bx, by
    return dx, dy


@kernel
def stop(state, i, a, mind, clock):
    """Begin to look, for as long as style, taste and the moment have it."""
    exhibit, style = state.exhibits[i, mind.target], mind.style
    times = DWELL_LOW[style] + (DWELL_HIGH[style] - DWELL_LOW[style]) * draw(mind)
    keen = F(0.4) + F(1.2) * liking(state, i, a, mind.target)
    moment = F(0.7) + F(0.6) * draw(mind)
    steps = max(int(F(10) * times * keen * moment * exhibit.reading_s), 5)
    mind.phase, mind.until, mind.object, mind.glance = LOOKING, clock + steps, mind.target, clock
    if draw(mind) < GLANCES:
        other = int(draw(mind) * F(state.num_exhibits[i]))
        me, thing = state.avatars[i, a], state.exhibits[i, other]
        if thing.room == me.room and visible(state.plan, i, me.x, me.y, thing):
            mind.object, mind.glance = other, clock + min(20 + int(F(40) * draw(mind)), steps)


@kernel
def move_on(mind, clock):
    """Having looked, rest a while or choose what is next."""
    if draw(mind) < RESTS:
        rest(mind, clock, 30 + int(F(90) * draw(mind)))
    else:
        mind.phase = CHOOSING


@kernel
def rest(mind, clock, steps):
    """Rest for so many steps, looking anywhere."""
    mind.phase, mind.until, mind.rest = RESTING, clock + steps, (draw(mind) - F(0.5)) * TURN


@kernel
def face(state, i, a, mind, clock):
    """Stand, turned to what the visitor looks at."""
    me, angle = state.avatars[i, a], F(0)
    if mind.phase == RESTING:
        angle = wrap(wrap(mind.rest - me.heading))
    elif mind.phase == LOOKING:
        exhibit = state.exhibits[i, mind.object if clock < mind.glance else mind.target]
        angle = walking.bearing(me, exhibit.x - me.x, exhibit.y - me.y)
    return STAY, walking.turn_to(angle)
