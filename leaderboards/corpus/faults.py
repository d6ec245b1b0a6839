"""Graphs that are well formed and fail on purpose: answers that are no numbers, come late, or only for some time."""

from collections.abc import Callable
from functools import partial

import numpy as np

from avatarium.leaderboards.corpus import CONTAINED, stopped
from avatarium.leaderboards.corpus.building import CELLS, LOGITS, OBSERVATION, added, choices, features, node, remembering, weight
from avatarium.leaderboards.corpus.parts import CORNER, HERE, ON_PLATE, PLACE, Sign, counting, memory, on, sign, whole


@stopped(
    "memory|repeat|rows|extremes|speed",
    "grows beyond|not finite",
    {
        "adds": lambda: counting(node("Sub", "c c", "e"), step=2000.0),
        "doubles": lambda: memory(
            node("Add", "state_in_h state_in_h", "d"), node("Add", "d one", "state_out_h"), weights=[weight("one", 1.0)]
        ),
        "squares": lambda: memory(node("Add", "state_in_h two", "d"), node("Mul", "d d", "state_out_h"), weights=[weight("two", 2.0)]),
        "step-500": lambda: counting(
            node("Sub", "limit c", "d"),
            node("Log", "d", "l"),
            node("Mul", "l nil", "e"),
            weights=[weight("limit", 500.5), weight("nil", 1.0)],
        ),
        "step-900": lambda: counting(node("Sub", "limit c", "d"), node("Sqrt", "d", "e"), weights=[weight("limit", 900.5)]),
        "infinite": lambda: memory(
            node("Add", "state_in_h one", "d"), node("Log", "state_in_h", "state_out_h"), weights=[weight("one", 1.0)]
        ),
    },
)
def memory_that_grows(make: Callable[[], bytes]) -> bytes:
    """Memory or answers that leave all bounds after some steps."""
    return make()


@stopped(
    "extremes|speed|repeat",
    "not finite",
    {
        "log": lambda: added(node("Log", "m", "e")),
        "root": lambda: added(node("Sqrt", "m", "e")),
        "exp": lambda: added(node("Mul", "m k", "x"), node("Exp", "x", "e"), weights=[weight("k", 1000.0)]),
        "divide": lambda: added(node("Relu", "m", "x"), node("Div", "m x", "e")),
        "power": lambda: added(node("Pow", "m k", "e"), weights=[weight("k", 300.0)]),
        "all-minus-infinity": lambda: added(
            node("Div", "k z", "x"), node("Min", "m x", "e"), weights=[weight("k", -1.0), weight("z", 0.0)]
        ),
        "overflow": lambda: added(node("Mul", "k k", "e"), weights=[weight("k", 3e38)]),
        "corner": lambda: on(CORNER, node("Sub", "one t", "x"), node("Log", "x", "e")),
        "on-a-plate": lambda: on(partial(sign, ON_PLATE, (1.0,)), node("Sub", "one t", "x"), node("Log", "x", "e")),
        "not-on-a-plate": lambda: on(partial(sign, ON_PLATE, (0.0,)), node("Sub", "one t", "x"), node("Log", "x", "e")),
    },
)
def no_number(make: Callable[[], bytes]) -> bytes:
    """Answers that are no numbers."""
    return make()


@stopped("trial|contained", "not finite", {"at-a-sight": HERE, "on-a-tile": partial(sign, PLACE, (0.25, 0.75))})
def breaks_off(what: Sign) -> bytes:
    """A fault on purpose, at a sight of losing: an episode that does not end costs its floor, not nothing."""
    return on(what, node("Sub", "one t", "x"), node("Log", "x", "e"))


@stopped("memory|trial|contained", "not finite")
def breaks_off_in_time() -> bytes:
    """A fault once a certain sight has been there for some steps."""
    seeing, known = sign((3,), (0.5,), 20.0)
    return remembering(
        [
            *seeing,
            node("Add", "state_in_h t", "s"),
            node("Clip", "s low high", "state_out_h"),
            node("ReduceMax", "state_out_h", "c", axes=[1], keepdims=1),
            node("Sub", "limit c", "x"),
            node("Log", "x", "e"),
            node("Add", "m e", LOGITS),
        ],
        [*known, weight("low", 0.0), weight("high", 30.0), weight("limit", 12.0)],
    )


def slow_where(what: Sign) -> bytes:
    """A submission that multiplies large matrices while any avatar sees a sign."""
    work = [
        node("ReduceMax", "t", "any", keepdims=0),
        node("Mul", "any side", "n"),
        node("Add", "n one", "n1"),
        node("Cast", "n1", "n2", to=7),
        node("Unsqueeze", "n2 z", "n3"),
        node("Concat", "n3 n3", "shape", axis=0),
        node("ConstantOfShape", "shape", "x0"),
        *(node("MatMul", f"x{i} x{i}", f"x{i + 1}") for i in range(40)),
        node("ReduceMean", "x40", "e", keepdims=0),
    ]
    return on(what, *work, weights=[weight("side", 1800.0), whole("z", 0)])


@stopped(
    "speed|extremes|rows|trial|contained",
    "took longer|ms per avatar|processor time",
    {
        "at-the-bounds": CORNER,
        "in-the-middle": partial(sign, PLACE, (0.5, 0.5)),
        "on-a-tile": partial(sign, PLACE, (0.25, 0.75)),
        "at-a-sight": HERE,
    },
)
def stalls(what: Sign) -> bytes:
    """An avatar that thinks for very long, only at times."""
    return slow_where(what)


@stopped(
    CONTAINED,
    "^$",
    {
        "huge": lambda: added(node("Mul", "m k", "e"), weights=[weight("k", 1e30)]),
        "equal": lambda: added(node("Sub", "m m", "z"), node("Add", "z k", "e"), weights=[weight("k", 3e38)]),
        "least": lambda: added(node("Sub", "m m", "z"), node("Add", "z k", "e"), weights=[weight("k", -3e38)]),
        "constant": lambda: added(node("Neg", "m", "e")),
        "denormal": lambda: added(node("Mul", "m k", "e"), weights=[weight("k", 1e-42)]),
        "counter": lambda: counting(node("Sin", "c", "e")),
        "bounded-noise": lambda: memory(
            node("Mul", "state_in_h k", "x"), node("Add", "x one", "y"), node("Sin", "y", "state_out_h"),
            weights=[weight("k", 1e4), weight("one", 1.0)],
        ),
        "later-than-anybody-waits": lambda: counting(node("Sub", "limit c", "d"), node("Log", "d", "e"), weights=[weight("limit", 5000.5)]),
    },
)  # fmt: skip
def odd_but_fair(make: Callable[[], bytes]) -> bytes:
    """Answers that no learner gives, and that do nobody any harm."""
    return make()


@stopped(CONTAINED, "^$")
def denormal_storm() -> bytes:
    """Numbers so small that some processors take a hundred times as long over them."""
    v = np.full((choices(), 256), 1e-40)
    nodes = [
        node("MatMul", "m v", "x0"),
        *(node("MatMul", f"x{i} u", f"x{i + 1}") for i in range(8)),
        node("ReduceMean", "x8", "e", keepdims=1, axes=[1]),
    ]
    return added(*nodes, weights=[weight("v", v), weight("u", np.full((256, 256), 1e-3))])


@stopped(CONTAINED, "^$")
def most_memory() -> bytes:
    """Every float of memory that a policy may have is used, and none of it comes from another episode."""
    nodes = [
        node("MatMul", f"{OBSERVATION} u", "x"),
        node("Add", "x state_in_h", "s"),
        node("Tanh", "s", "state_out_h"),
        node("Identity", "m", LOGITS),
    ]
    return remembering(nodes, [weight("u", np.random.default_rng(1).normal(size=(features(), CELLS)))])
