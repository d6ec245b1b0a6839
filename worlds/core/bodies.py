"""Avatars as discs among boxes: they speed up, turn, slide along walls, and push one another aside without ever overlapping."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import any_within
from avatarium.worlds.core.spec import Head
from avatarium.worlds.core.trig import PI, cosine, sine, wrap

F = np.float32
RADIUS_M = F(0.25)
STEP_S = F(0.1)
TOP_SPEED = F(1.4)
"""m/s forward; half of it backward and sideways."""
ACCELERATION = F(7.0)
"""m/s^2: full speed from standing in two steps."""
TURN_RATE = PI
"""rad/s."""
SLACK_M = F(1e-3)
"""Contacts are resolved to this much more than touching, so that rounding never makes an overlap."""

BODY_FIELDS = [
    ("x", "f4"),
    ("y", "f4"),
    ("heading", "f4"),
    ("cos", "f4"),
    ("sin", "f4"),
    ("vx", "f4"),
    ("vy", "f4"),
    ("touching", "u4"),
    ("at_wall", "u1"),
    ("present", "u1"),
    ("gesture", "u1"),
    ("word", "u1"),
    ("walked", "u1"),
    ("turned", "u1"),
]
"""Position (m), heading (rad) with cosine and sine, velocity (m/s), bit set of bodies in contact, contact with a box, presence,
gesture and word (0 = none), last choice of the walk and turn heads. At most 32 bodies. Worlds append fields of their own."""

WALK = Head("walk", ("stay", "forward", "back", "left", "right"))
TURN = Head("turn", ("none", "left", "right"))
CONTROLS = ("forward", "left", "turn")
STAY, FORWARD, BACK, LEFT, RIGHT = range(5)
STRAIGHT, TURN_LEFT, TURN_RIGHT = range(3)


@kernel
def place(me, x, y, heading):
    """Put a body at rest at (x, y) in metres, facing ``heading`` in rad."""
    me.x, me.y, me.vx, me.vy = x, y, F(0), F(0)
    me.heading, me.cos, me.sin = heading, cosine(heading), sine(heading)
    me.touching, me.at_wall, me.present, me.gesture, me.word = np.uint32(0), 0, 1, 0, 0
    me.walked, me.turned = 0, 0


@kernel
def steer(me, action, continuous):
    """Turn and change the velocity by an action: [walk, turn, ...] or, when continuous, [forward, left, turn] in [-1, 1]."""
    if continuous:
        drive(me, unit(action[0]), unit(action[1]), unit(action[2]))
    else:
        choose(me, int(action[0]), int(action[1]))


@kernel
def choose(me, walk, turn):
    """Turn and change the velocity by choices of the heads ``WALK`` and ``TURN``; unknown choices do nothing."""
    known = STAY <= walk <= RIGHT and STRAIGHT <= turn <= TURN_RIGHT
    me.walked, me.turned = (walk, turn) if known else (STAY, STRAIGHT)
    ahead = F(1) if walk == FORWARD else (F(-1) if walk == BACK else F(0))
    aside = F(1) if walk == LEFT else (F(-1) if walk == RIGHT else F(0))
    drive(me, ahead, aside, F(1) if turn == TURN_LEFT else (F(-1) if turn == TURN_RIGHT else F(0)))


@kernel
def drive(me, ahead, aside, spin):
    """Turn and bring the velocity nearer to the wanted one, each part in [-1, 1]; one goes at half speed backward and sideways."""
    if spin != F(0):
        me.heading = wrap(me.heading + spin * TURN_RATE * STEP_S)
        me.cos, me.sin = cosine(me.heading), sine(me.heading)
    ahead, aside = (ahead if ahead > F(0) else F(0.5) * ahead), F(0.5) * aside
    approach(me, TOP_SPEED * (ahead * me.cos - aside * me.sin), TOP_SPEED * (ahead * me.sin + aside * me.cos))


@inlined
def unit(value):
    """``value`` clipped to [-1, 1]; not-a-number counts as 0."""
    if value > F(1):
        return F(1)
    if value < F(-1):
        return F(-1)
    return F(value) if value == value else F(0)


@kernel
def approach(me, vx, vy):
    """Change the velocity towards (vx, vy) in m/s by at most one step of ``ACCELERATION``."""
    dx, dy = vx - me.vx, vy - me.vy
    size, limit = math.sqrt(dx * dx + dy * dy), ACCELERATION * STEP_S
    scale = F(1) if size <= limit else limit / size
    me.vx += dx * scale
    me.vy += dy * scale


@inlined
def move(plan, bodies, i, a):
    """Walk one step with the present velocity; slide along boxes, push bodies aside. Returns the bit set of bodies touched.

    A move that cannot be brought clear of everything is not made: so nobody ever stands in a wall or in another body.
    """
    me = bodies[a]
    x, y = me.x + me.vx * STEP_S, me.y + me.vy * STEP_S
    touched, hit_wall = np.uint32(0), False
    for _ in range(2):
        x, y, hit = out_of_boxes(plan, i, x, y)
        hit_wall |= hit
        x, y, met = out_of_bodies(plan, bodies, i, a, x, y)
        touched |= met
        if met == np.uint32(0):
            break
    if (hit_wall or touched != np.uint32(0)) and not (clear_of_boxes(plan, i, x, y) and clear_of_bodies(bodies, a, x, y)):
        x, y = me.x, me.y
    me.vx, me.vy = F(0), F(0)
    went = math.sqrt((x - me.x) * (x - me.x) + (y - me.y) * (y - me.y))
    if went > F(0):  # what a push adds beyond walking speed is not carried on
        speed = min(went / STEP_S, TOP_SPEED)
        me.vx, me.vy = (x - me.x) / went * speed, (y - me.y) / went * speed
    me.x, me.y = x, y
    me.at_wall = 1 if hit_wall else 0
    return touched


@inlined
def out_of_boxes(plan, i, x, y):
    """(x, y, whether moved): the point pushed out of every box that a disc there would overlap, nearest face first."""
    hit, keep = False, RADIUS_M + SLACK_M
    if not any_within(plan, i, x, y, RADIUS_M):
        return x, y, hit
    boxes = plan.boxes[i]
    for b in range(plan.num_boxes[i]):
        near = (x > boxes[0, b] - RADIUS_M) & (x < boxes[2, b] + RADIUS_M) & (y > boxes[1, b] - RADIUS_M) & (y < boxes[3, b] + RADIUS_M)
        if near:
            px, py = min(max(x, boxes[0, b]), boxes[2, b]), min(max(y, boxes[1, b]), boxes[3, b])
            dx, dy = x - px, y - py
            d2 = dx * dx + dy * dy
            if F(0) < d2 < RADIUS_M * RADIUS_M:
                scale = keep / math.sqrt(d2)
                x, y, hit = px + dx * scale, py + dy * scale, True
    return x, y, hit


@inlined
def out_of_bodies(plan, bodies, i, a, x, y):
    """(x, y, bit set touched): each body in the way is pushed aside by half the overlap where it has room, else only the mover yields."""
    touched, reach = np.uint32(0), F(2) * RADIUS_M
    for b in range(bodies.shape[0]):
        other = bodies[b]
        dx, dy = x - other.x, y - other.y
        d2 = dx * dx + dy * dy
        if b != a and other.present == 1 and F(0) < d2 < reach * reach:
            touched |= np.uint32(1) << np.uint32(b)
            d = math.sqrt(d2)
            dx, dy, overlap = dx / d, dy / d, reach + SLACK_M - d
            shove = F(0.5) * overlap
            ox, oy = other.x - dx * shove, other.y - dy * shove
            if clear_of_boxes(plan, i, ox, oy) and clear_of_bodies(bodies, b, ox, oy):
                other.x, other.y = ox, oy
                overlap -= shove
            x, y = x + dx * overlap, y + dy * overlap
    return x, y, touched


@inlined
def clear_of_boxes(plan, i, x, y):
    """Whether a disc at (x, y) overlaps no box."""
    return not any_within(plan, i, x, y, RADIUS_M)


@kernel
def clear_of_bodies(bodies, a, x, y):
    """Whether body ``a`` would overlap nobody at (x, y)."""
    for b in range(bodies.shape[0]):
        other = bodies[b]
        dx, dy = x - other.x, y - other.y
        if b != a and other.present == 1 and dx * dx + dy * dy < F(4) * RADIUS_M * RADIUS_M:
            return False
    return True
