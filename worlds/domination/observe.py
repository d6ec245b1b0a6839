"""What soldiers and commanders sense; both teams see the arena from their own side."""

import math

import numpy as np

from avatarium.worlds.core import eyes, people, proprioception, rays, signposts, speech
from avatarium.worlds.core.bodies import CONTROLS, TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import cell
from avatarium.worlds.core.spec import Feature, Head, Role
from avatarium.worlds.domination import soldiers
from avatarium.worlds.domination.command import distributions, spreads
from avatarium.worlds.domination.config import Config
from avatarium.worlds.domination.level import seen_as, turned, way
from avatarium.worlds.domination.state import BLUE, MIDDLE, NOBODY, OWN, POINTS, RED, ZONES

F = np.float32
TERMS = ("score", "win", "capture", "tag", "tagged", "approach")
SCORE, WIN, CAPTURE, TAG, TAGGED, APPROACH = range(len(TERMS))
RAYS = 1
FAR_M, LONG_M, LONG_S = F(24), F(32), F(10)
"""Straight distances, ways and times that are told as 1."""
HAND = Head("hand", ("none", "use"))
ORDERS = Head("order", ("middle", "own", "far"))
COLUMNS = 10
CLOCK = Feature("time_left", 1, 0, 1, "share of the episode still to come", "task")
STANDING = (
    Feature("scores", 2, 0, 1, "of the own team and of the other; all points held all the time = 1", "task"),
    Feature("strength", 2, 0, 1, "share of the own team, and of the other, that is in the arena", "task"),
)
DUE = Feature("due", 1, 0, 1, "1 where what is decided now is carried out; else the last decision stands", "task")
ARENA = (
    Feature(
        "points",
        POINTS * COLUMNS,
        -1.01,
        2.1,
        "the middle, own and far point, each: direction ahead and to the left, straight distance (24 m = 1), where the way there leads "
        "over the next metre, ahead and to the left, its length (32 m = 1), mine, the enemy's, for how long (10 s = 1 and most), share of "
        "the own team within 4 m of it",
        "task",
    ),
    Feature("ready", 1, 0, 1, "1 when it can tag again, else less by the share of 2 s still to wait", "task"),
    Feature("in_reach", 1, 0, 1, "1 when reaching out would tag somebody now, could it tag", "task"),
    Feature("until_back", 1, 0, 1, "time until it is back in the arena; 5 s = 1, 0 when it is there", "task"),
    *STANDING,
)


def features(config: Config) -> tuple[Feature, ...]:
    """The observation table under ``config``."""
    if config.command == "commander":
        return _commander(config)
    fan = rays.FEATURES if config.sight == "rays" else ()
    senses = (*people.features("1 = an enemy, 0 = a mate"), *proprioception.FEATURES, *speech.FEATURES)
    if config.command == "soldier":
        return (*fan, *senses, *ARENA, *eyes.features(config))
    ordered = (Feature("ordered", POINTS, 0, 1, "which point it is to take: middle, own, far", "task"), DUE)
    return (*fan, *senses, *ARENA, *ordered, *eyes.features(config))


BODY = 9
"""Numbers that a commander has of each body it knows of."""
BODIES = (
    "x, y from the middle point (24 m = 1, the own base to the left), facing (cosine, sine), 1 when it can tag or less by the share of 2 s "
    "still to wait, way to the middle, own and far point (32 m = 1)"
)


def _commander(config: Config) -> tuple[Feature, ...]:
    return (
        Feature("points", 4 * POINTS, 0, 1, "each: mine, the enemy's, for how long (10 s = 1), share of the team within 4 m", "task"),
        Feature("own_point", 2, -1.1, 1.1, "x, y of the own point from the middle one (24 m = 1); the far one lies opposite", "task"),
        Feature(
            "soldiers",
            (BODY + 1 + POINTS) * config.team,
            -1.1,
            2.1,
            f"each: in the arena, {BODIES}, time until it is back (5 s = 1), which point it is sent to: middle, own, far",
            "task",
        ),
        Feature("stands", len(distributions(config.team)), 0, 1, "the distribution that stands; none before the first decision", "task"),
        Feature("rivals", BODY * config.team, -1.1, 2.1, f"each: in sight of one of the own soldiers, and, if so, {BODIES}", "task"),
        *STANDING,
        CLOCK,
        DUE,
    )


def roles(config: Config) -> tuple[Role, ...]:
    """``red`` and ``blue``, which sense and do the same."""
    continuous: tuple[str, ...] = ()
    if config.command == "soldier":
        heads: tuple[Head, ...] = (WALK, TURN, HAND, speech.SAY)
        continuous = (*CONTROLS, "use", "say") if config.control == "continuous" else ()
    elif config.command == "order":
        heads = (ORDERS, speech.SAY)
    else:
        heads = (Head("distribution", tuple("_".join(map(str, row)) for row in distributions(config.team).tolist())),)
    count = 1 if config.command == "commander" else config.team
    masked = config.command != "soldier"
    due = DUE.name if masked else ""
    return tuple(Role(name, count, features(config), heads, TERMS, continuous, masked, due) for name in ("red", "blue"))


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state for central critics holds."""
    each = "x, y (24 m = 1), heading (cosine, sine), velocity (1.4 m/s = 1), in the arena, ready to tag"
    return (
        Feature("avatars", 16 * config.team, -1.1, 1.1, f"each, red ones first: {each}", "state"),
        Feature("points", 5 * POINTS, -1.1, 1.1, "each: x, y (24 m = 1), red's, blue's, for how long (10 s = 1)", "state"),
        Feature("scores", 2, 0, 1, "of red and blue; all points held all the time = 1", "state"),
        Feature("clock", 1, 0, 1, "share of the episode gone", "state"),
    )


@inlined
def observe(state, episodes, config, i, team, member, out):
    """Fill ``out`` [D] with what a soldier of environment ``i`` senses, in the order of ``features``."""
    first, k = team * config.team, 0
    a = first + member
    me, here = state.avatars[i, a], state.avatars[i, a].present == 1
    if config.sight == RAYS:
        k = rays.SIZE
        if here:
            rays.look(state.plan, state.avatars[i], i, a, out[:k])
        else:
            out[:k] = F(0)
    people.recognise(state.avatars[i], a, state.avatars.shape[1] // 2, out[k : k + people.SIZE])
    k += people.SIZE
    proprioception.feel(me, F(1) - F(episodes.clock[i]) / F(config.episode_steps), out[k:])
    if team == BLUE:  # its own side is the left one
        out[k + 2], out[k + 3] = -out[k + 2], -out[k + 3]
    k += proprioception.SIZE
    speech.overhear(state.avatars[i], a, first, first + config.team, out[k:])
    k += speech.SIZE
    k = survey_points(state, config, i, team, me, out, k)
    reach = soldiers.faced(state.avatars[i], a) and soldiers.victim(state, i, a) >= 0
    out[k], out[k + 1] = F(1) - F(me.cool) / F(20), F(1) if reach else F(0)
    out[k + 2] = F(me.out) / F(50)
    k = standing(state, config, i, team, out, k + 3)
    if config.command != 0:
        out[k : k + POINTS] = F(0)
        out[k + me.order], out[k + POINTS] = F(1), F(1) if state.due[i] else F(0)


@inlined
def survey_points(state, config, i, team, me, out, n):
    """Write what is known of the points from ``out[n]`` on, all reckoned in the plan as the team sees it; returns where it ends."""
    x, y = turned(state, i, team, me.x, me.y)
    c, s = (me.cos, me.sin) if team == RED else (-me.cos, -me.sin)
    here = state.map[i, cell(y), cell(x)]
    for k in range(POINTS):
        straight = direct(state.points[i, k, 0] - x, state.points[i, k, 1] - y, c, s, out, n)
        out[n + 2] = straight / FAR_M
        left = F(here[k]) * F(0.1)
        if left == F(0):
            out[n + 3], out[n + 4] = out[n], out[n + 1]
        else:
            tx, ty = signposts.read(here[ZONES + k])
            direct(tx - x, ty - y, c, s, out, n + 3)
        out[n + 5] = min(left / LONG_M, F(2))
        own(state, i, team, seen_as(team, k), out, n + 6)
        out[n + 9] = F(state.near[i, team, k]) / F(config.team)
        n += COLUMNS
    return n


@inlined
def direct(x, y, c, s, out, n):
    """Write a vector as a direction ahead and to the left of a body that faces (c, s) to ``out[n]`` and on; returns its length (m)."""
    length = math.sqrt(x * x + y * y)
    scale = F(1) / (length + F(1e-6))
    out[n], out[n + 1] = (x * c + y * s) * scale, (y * c - x * s) * scale
    return length


@inlined
def own(state, i, team, p, out, n):
    """Write whose point ``p`` is, and for how long, to ``out[n]`` and on."""
    owner = state.owners[i, p]
    out[n], out[n + 1] = F(1) if owner == team else F(0), F(1) if owner == 1 - team else F(0)
    out[n + 2] = min(F(state.held[i, p]) * F(0.1) / LONG_S, F(1))


@inlined
def standing(state, config, i, team, out, n):
    """Write scores, and how many of each team are in the arena, to ``out[n]`` and on; returns where it ends."""
    most, size = F(POINTS * config.episode_steps), F(config.team)
    out[n], out[n + 1] = F(state.score[i, team]) / most, F(state.score[i, 1 - team]) / most
    out[n + 2], out[n + 3] = F(state.here[i, team]) / size, F(state.here[i, 1 - team]) / size
    return n + 4


@kernel
def observe_team(state, episodes, config, i, team, out):
    """Fill ``out`` [D] with what a commander knows, in the order of ``features``."""
    n = 0
    for k in range(POINTS):
        own(state, i, team, seen_as(team, k), out, n)
        out[n + 3] = F(state.near[i, team, k]) / F(config.team)
        n += 4
    p = seen_as(team, OWN)
    out[n], out[n + 1] = from_middle(state, i, team, state.points[i, p, 0], state.points[i, p, 1])
    n += 2
    for a in range(team * config.team, (team + 1) * config.team):
        me = state.avatars[i, a]
        n = body(state, i, team, me, out, n)
        out[n] = F(me.out) / F(50)
        for k in range(POINTS):
            out[n + 1 + k] = F(1) if me.order == k else F(0)
        n += 1 + POINTS
    count = spreads(config.team)
    out[n : n + count] = F(0)
    if state.chosen[i, team] != NOBODY:
        out[n + state.chosen[i, team]] = F(1)
    n = spy(state, config, i, team, out, n + count)
    n = standing(state, config, i, team, out, n)
    out[n], out[n + 1] = F(1) - F(episodes.clock[i]) / F(config.episode_steps), F(1) if state.due[i] else F(0)


@kernel
def spy(state, config, i, team, out, n):
    """Write where those opponents are whom any soldier of a team sees from ``out[n]`` on; returns where it ends."""
    seen = np.uint32(0)
    for a in range(team * config.team, (team + 1) * config.team):
        seen |= state.avatars[i, a].sees
    first = (1 - team) * config.team
    for b in range(first, first + config.team):
        other, visible = state.avatars[i, b], seen >> np.uint32(b) & np.uint32(1) != np.uint32(0)
        out[n : n + BODY] = F(0)
        if visible and other.present == 1:
            body(state, i, team, other, out, n)
        n += BODY
    return n


@inlined
def body(state, i, team, it, out, n):
    """Write what a commander knows of a body, in the plan as its team sees it, from ``out[n]`` on; returns where it ends."""
    turn = F(1) if team == RED else F(-1)
    out[n] = F(it.present)
    out[n + 1], out[n + 2] = from_middle(state, i, team, it.x, it.y)
    out[n + 3], out[n + 4], out[n + 5] = turn * it.cos, turn * it.sin, F(1) - F(it.cool) / F(20)
    for k in range(POINTS):
        out[n + 6 + k] = min(way(state, i, team, k, it.x, it.y) / LONG_M, F(2))
    return n + BODY


@inlined
def from_middle(state, i, team, x, y):
    """A place (m) from the middle point, in the plan as a team sees it; 24 m = 1."""
    turn = F(1) if team == RED else F(-1)
    return turn * (x - state.points[i, MIDDLE, 0]) / FAR_M, turn * (y - state.points[i, MIDDLE, 1]) / FAR_M


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state, as ``state_features`` lists it."""
    for i in range(start, stop):
        row, n = out[i], 0
        for a in range(state.avatars.shape[1]):
            me = state.avatars[i, a]
            row[n], row[n + 1], row[n + 2], row[n + 3] = me.x / FAR_M, me.y / FAR_M, me.cos, me.sin
            row[n + 4], row[n + 5], row[n + 6] = me.vx / TOP_SPEED, me.vy / TOP_SPEED, F(me.present)
            row[n + 7] = F(1) if me.cool == 0 else F(0)
            n += 8
        for p in range(POINTS):
            row[n], row[n + 1] = state.points[i, p, 0] / FAR_M, state.points[i, p, 1] / FAR_M
            own(state, i, RED, p, row, n + 2)
            n += 5
        for team in range(2):
            row[n + team] = F(state.score[i, team]) / F(POINTS * config[0].episode_steps)
        row[n + 2] = F(episodes.clock[i]) / F(config[0].episode_steps)
