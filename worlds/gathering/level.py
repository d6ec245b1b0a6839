"""The hall of an episode: walls, a door with its entrance, furniture; who comes when, and who likes what."""

import math

import numpy as np

from avatarium.worlds.core import building, plan
from avatarium.worlds.core.bodies import clear_of_bodies, place
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import CELL_M, FURNITURE, GLASS, PLANT, WALL_M, add_box, add_object, add_wall, centre
from avatarium.worlds.core.proprioception import begin_trail
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.core.speech import WORDS
from avatarium.worlds.core.trig import TURN
from avatarium.worlds.core.utterance import hush

F = np.float32
HELD_OUT = 2
HALL, ENTRANCE = 0, 1
DOOR_CELLS, ENTRANCE_CELLS = 4, 3
"""Width of the door, and depth of the entrance before it."""
TRIES = 12
"""Places that are tried for a piece of furniture before it is left out."""
SPARE_M = F(2.0)
"""Between people in the beginning."""
DULL = F(-0.1)
"""What a topic is worth to somebody who does not like it."""


@kernel
def generate(state, episodes, config, i):
    """Draw the hall of environment ``i`` from its level stream, put those into it who are there from the start, and let all have tastes."""
    stream, held_out = episodes.stream, config.split == HELD_OUT
    build(state, stream, config, i, held_out)
    visits(state, stream, config, i)
    state.boredom[i] = F(0)
    state.tastes[i] = F(0)
    for a in range(state.avatars.shape[1]):
        draw_interests(state.interests[i, a], stream, i, config.likes, held_out)
        for b in range(state.avatars.shape[1]):
            state.pairs[i, a, b].weariness, state.pairs[i, a, b].regard, state.pairs[i, a, b].met = F(0), F(0), 0
            state.greetings[i, a, b].at, state.greetings[i, a, b].returned = 0, 0
    state.avatars[i].present[:] = 0
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        if me.comes == 0:
            settle(state, stream, i, a)
        else:
            x, y = doorstep(state, i)
            place(me, x, y, F(0))
            me.present = 0
        begin_trail(me)
        hush(me)
        me.warmth, me.shuns, me.shuns_until, me.waving, me.gone = F(0), -1, 0, 0, 0


@kernel
def build(state, stream, config, i, held_out):
    """Walls, door, entrance and furniture."""
    low, high, more = min(config.hall_low_m, config.hall_high_m), max(config.hall_low_m, config.hall_high_m), F(4) if held_out else F(0)
    width = int((low + more + uniform(stream, i, LEVEL) * (high - low)) / CELL_M) + 2
    height = int((low + more + uniform(stream, i, LEVEL) * (high - low)) / CELL_M) + 2
    state.extent[i, 0], state.extent[i, 1] = width, height
    state.num_rooms[i], state.num_doors[i] = 0, 0
    plan.clear(state.plan, i, width, height)
    building.add_room(state, i, 1, 1, width - 2, height - 2)
    state.rooms[i, HALL].kind, state.rooms[i, HALL].number = 1, 1
    enclose(state, i, below(stream, i, LEVEL, 4), below(stream, i, LEVEL, 1024))
    times = 2 if held_out else 1
    for _ in range(below(stream, i, LEVEL, config.partitions * times + 1)):
        upright = below(stream, i, LEVEL, 2) == 1
        put(state, stream, i, -1, 1 if upright else 5, 5 if upright else 1)
    for _ in range(below(stream, i, LEVEL, config.tables * times + 1)):
        put(state, stream, i, FURNITURE, 2, 2)
    for _ in range(below(stream, i, LEVEL, config.plants * times + 1)):
        put(state, stream, i, PLANT, 1, 1)


@kernel
def enclose(state, i, side, chance):
    """Walls all around, with a glass door in the one to the south, north, west or east (0 to 3) and the entrance before it."""
    w, h = state.extent[i, 0], state.extent[i, 1]
    for s in range(4):
        along_x, far = s < 2, s % 2 == 1
        length, at = (w if along_x else h), (((h if along_x else w) - 1) if far else 0)
        door = 2 + chance % (length - 3 - DOOR_CELLS) if s == side else -1
        if door < 0:
            building.wall_piece(state, i, not along_x, at, 0, length - 1, False, False)
        else:
            building.wall_piece(state, i, not along_x, at, 0, door - 1, False, True)
            building.wall_piece(state, i, not along_x, at, door + DOOR_CELLS, length - 1, True, False)
            hang(state, i, along_x, far, at, door)


@kernel
def hang(state, i, along_x, far, at, first):
    """A closed glass door into a gap of a wall, and the entrance on its inner side."""
    last, half = first + DOOR_CELLS - 1, F(0.5) * WALL_M
    start, end, middle = F(first) * CELL_M, F(last + 1) * CELL_M, centre(at)
    near, deep = (at - ENTRANCE_CELLS if far else at + 1), (at - 1 if far else at + ENTRANCE_CELLS)
    if along_x:
        state.plan.cells[i, at, first : last + 1] = 1
        add_box(state.plan, i, GLASS, start, middle - half, end, middle + half)
        building.add_room(state, i, first, near, last, deep)
    else:
        state.plan.cells[i, first : last + 1, at] = 1
        add_box(state.plan, i, GLASS, middle - half, start, middle + half, end)
        building.add_room(state, i, near, first, deep, last)
    state.rooms[i, ENTRANCE].kind, state.rooms[i, ENTRANCE].number = 2, 1
    building.note_door(state, i, not along_x, at, first, DOOR_CELLS)
    building.name_doors(state, i)


@kernel
def put(state, stream, i, kind, w, h):
    """Put a thing of ``w`` x ``h`` cells somewhere, three cells from walls and other things and clear of the entrance; -1 is a wall."""
    cells, hall = state.plan.cells[i], state.rooms[i, HALL]
    for _ in range(TRIES):
        x, y = between(stream, i, LEVEL, hall.x0 + 3, hall.x1 - 2 - w), between(stream, i, LEVEL, hall.y0 + 3, hall.y1 - 2 - h)
        if empty(cells, x - 3, y - 3, x + w + 2, y + h + 2) and not meets(state.rooms[i, ENTRANCE], x - 2, y - 2, x + w + 1, y + h + 1):
            if kind >= 0:
                add_object(state.plan, i, kind, x, y, x + w - 1, y + h - 1)
            else:
                add_wall(state.plan, i, x, y, x + w - 1, y + h - 1, True, True)
            return


@kernel
def empty(cells, x0, y0, x1, y1):
    """Whether the cells of a rectangle, ends included, are all free."""
    for y in range(y0, y1 + 1):
        for x in range(x0, x1 + 1):
            if cells[y, x] != 0:
                return False
    return True


@kernel
def meets(room, x0, y0, x1, y1):
    """Whether a room and a rectangle of cells have one in common."""
    return room.x0 <= x1 and x0 <= room.x1 and room.y0 <= y1 and y0 <= room.y1


@kernel
def visits(state, stream, config, i):
    """Draw who comes later and who leaves before the end. One guest is there all the time, so that a gathering is never empty."""
    whole, steps = below(stream, i, LEVEL, config.guests), config.episode_steps
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        late, early = uniform(stream, i, LEVEL) < F(config.late), uniform(stream, i, LEVEL) < F(config.early)
        comes, stays = 1 + below(stream, i, LEVEL, steps // 2), steps // 4 + below(stream, i, LEVEL, steps // 4)
        passing = a < config.guests and a != whole
        me.comes = comes if late and passing else 0
        me.leaves = me.comes + stays if early and passing else steps


@kernel
def draw_interests(interests, stream, i, likes, scattered):
    """Fill ``interests`` [WORDS]: ``likes`` topics are worth 0.4 to 1, all others ``DULL``.

    They are neighbours in the ring of topics, one aside: whoever likes one of them probably likes the next. When ``scattered``, any.
    """
    interests[:] = DULL
    first = below(stream, i, LEVEL, WORDS)
    for k in range(likes):
        w = (first + k) % WORDS
        if scattered or k == likes - 1:
            w = below(stream, i, LEVEL, WORDS)
        while interests[w] > F(0):
            w = (w + 1) % WORDS
        interests[w] = F(0.4) + F(0.6) * uniform(stream, i, LEVEL)


@kernel
def alike(mine, theirs):
    """How alike two tastes [WORDS] are: cosine of what is liked, 0 to 1."""
    both, one, other = F(0), F(1e-9), F(1e-9)
    for w in range(WORDS):
        x, y = max(mine[w], F(0)), max(theirs[w], F(0))
        both += x * y
        one += x * x
        other += y * y
    return min(both / math.sqrt(one * other), F(1))


@kernel
def settle(state, stream, i, a):
    """Put avatar ``a`` somewhere free in the hall, not into the entrance and, where there is room, not into anybody's personal space."""
    hall, entrance, avatars, tries = state.rooms[i, HALL], state.rooms[i, ENTRANCE], state.avatars[i], 0
    while True:
        cx, cy = between(stream, i, LEVEL, hall.x0, hall.x1), between(stream, i, LEVEL, hall.y0, hall.y1)
        free = state.plan.cells[i, cy, cx] == 0 and not meets(entrance, cx, cy, cx, cy)
        apart = roomy(avatars, a, centre(cx), centre(cy)) or tries >= 4 * TRIES
        if free and apart and clear_of_bodies(avatars, a, centre(cx), centre(cy)):
            place(avatars[a], centre(cx), centre(cy), (uniform(stream, i, LEVEL) - F(0.5)) * TURN)
            return
        tries += 1


@kernel
def roomy(avatars, a, x, y):
    """Whether nobody else stands within ``SPARE_M`` of a point (m)."""
    for b in range(avatars.shape[0]):
        dx, dy = avatars[b].x - x, avatars[b].y - y
        if b != a and avatars[b].present == 1 and dx * dx + dy * dy < SPARE_M * SPARE_M:
            return False
    return True


@inlined
def doorstep(state, i):
    """(x, y) of the middle of the entrance (m)."""
    room = state.rooms[i, ENTRANCE]
    return F(0.5) * (centre(room.x0) + centre(room.x1)), F(0.5) * (centre(room.y0) + centre(room.y1))


@inlined
def in_entrance(state, i, x, y):
    """Whether a point (m) lies in the entrance."""
    return meets(state.rooms[i, ENTRANCE], int(x / CELL_M), int(y / CELL_M), int(x / CELL_M), int(y / CELL_M))
