"""What a policy must do whatever it is shown: checked by playing with it, before any episode is scored."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.leaderboards.sandbox.policy import TOLERANCE, SandboxedPolicy, agree
from avatarium.worlds.core.spec import Role

ROWS = 48
LONG_STEPS, LONG_ROWS = 1000, 4
"""Steps and avatars of the longest memory that is looked at."""
SHARED_STEPS = 64
"""Steps over which memories of one avatar, alone and in a crowd, are compared."""
MAX_STATE = 1e6
"""No recurrent state may grow beyond this."""
MAX_SECONDS_PER_BATCH = 1.0
"""For ``ROWS`` avatars at once."""
AGAIN_ROWS = 256
MEASUREMENTS = 5
MEASURED_ROWS = (1, 256)
FAR = (1e1, 1e2, 1e4)
"""Times its own bounds: a sense that no world gives. What waits for a rare sight often waits for a number that is large."""
Arrays = tuple[np.ndarray, ...]
Facts = dict[str, float]


def probe(policy: SandboxedPolicy, role: Role) -> Facts:
    """Ask ``policy`` what an honest one answers without trouble; PolicyError says what went wrong. Returns what was measured."""
    found: Facts = {}
    with policy.unaudited():
        for check in PROBES.values():
            found |= check(policy, role)
    return found


def samples(role: Role, rows: int = ROWS) -> np.ndarray:
    """float32 [rows, D]: observations drawn evenly from the role's space, the first four at rest in its middle."""
    rng, space = np.random.default_rng(0), role.observation_space
    share = rng.random((rows, role.observation_size), np.float32)
    share[:4] = 0.5
    found: np.ndarray = (space.low + share * (space.high - space.low)).astype(np.float32)
    return found


def rare(role: Role) -> np.ndarray:
    """float32 [B, D]: corners of the observation space, each sense alone at its bounds, and values far outside."""
    space, rng = role.observation_space, np.random.default_rng(1)
    low, high, size = space.low, space.high, role.observation_size
    corners = [low, high, 0 * low, *(np.where(rng.random(size) < share, low, high) for share in (0.1, 0.5, 0.5, 0.9))]
    rest = np.tile((low + high) / 2, (size, 1))
    single = [np.where(np.eye(size, dtype=bool), bound, rest) for bound in (low, high)]
    far = [factor * bound for factor in FAR for bound in (low, high)]
    found: np.ndarray = np.concatenate([np.asarray(corners), *single, np.asarray(far)]).astype(np.float32)
    return found


def answer(policy: OnnxPolicy, arrays: Arrays) -> list[np.ndarray]:
    """The checked outputs and states for an observation and states."""
    found = policy.infer(tuple(np.ascontiguousarray(array) for array in arrays))
    policy.check_answer(found, len(arrays[0]))
    return found


def check_extremes(policy: OnnxPolicy, role: Role) -> Facts:
    """Its answers are finite whatever it sees."""
    for seen in (rare(role), samples(role, 2 * ROWS)):
        answer(policy, (seen, *policy.initial_state(len(seen))))
        for row in seen[:: max(1, len(seen) // 8)]:
            answer(policy, (row[None], *policy.initial_state(1)))
    return {}


def check_repeat(policy: OnnxPolicy, role: Role) -> Facts:
    """The same input gives the same answer, to the bit."""
    arrays, sentence = _in_use(policy, samples(role)), "the same input twice gives two answers: a policy has to be a function of its input"
    check_same(answer(policy, arrays), answer(policy, arrays), sentence)
    return {}


def check_rows(policy: OnnxPolicy, role: Role) -> Facts:
    """The answer to one avatar does not depend on who else is in the batch, where, or how many; neither does it next to a rare sight."""
    for seen in (samples(role), np.concatenate([samples(role), rare(role)])):
        arrays = _in_use(policy, seen)
        found = answer(policy, arrays)
        _check_order(policy, arrays, found)
        _check_size(policy, arrays, found)
    return {}


def check_memory(policy: OnnxPolicy, role: Role) -> Facts:
    """States stay bounded and outputs finite for as long as episodes last, and no avatar's memory is reached by another's."""
    if not policy.manifest.recurrent:
        return {}
    crowd, observations, first = policy.initial_state(LONG_ROWS), samples(role), len(policy.manifest.outputs)
    for step in range(LONG_STEPS):
        found = answer(policy, (_crowd(observations, step, LONG_ROWS), *crowd))
        crowd = tuple(found[first:])
        if max(np.abs(state).max() for state in crowd) > MAX_STATE:
            raise PolicyError(f"its recurrent state grows beyond {MAX_STATE:g} within {step + 1} steps: bound it")
    for one, many in zip(_follow(policy, observations, 1), _follow(policy, observations, ROWS), strict=True):
        if not np.allclose(one, many, rtol=10 * TOLERANCE, atol=10 * TOLERANCE):
            raise PolicyError("its memory of one avatar depends on the other avatars in the batch")
    return {}


def check_speed(policy: OnnxPolicy, role: Role) -> Facts:
    """An answer comes soon enough. Returns µs per call for each of ``MEASURED_ROWS``."""
    found = {}
    for rows in (ROWS, *MEASURED_ROWS):
        arrays = _in_use(policy, np.resize(samples(role), (rows, role.observation_size)))
        seconds = _best(partial(answer, policy, arrays))
        if rows == ROWS and seconds > MAX_SECONDS_PER_BATCH:
            most = f"more than {MAX_SECONDS_PER_BATCH:g} s: use a smaller network"
            raise PolicyError(f"one step of {ROWS} avatars takes {seconds:.1f} s, {most}")
        found[f"us_batch_{rows}"] = round(1e6 * seconds, 1)
    return {f"us_batch_{rows}": found[f"us_batch_{rows}"] for rows in MEASURED_ROWS}


PROBES: dict[str, Callable[[OnnxPolicy, Role], Facts]] = {
    "speed": check_speed,
    "extremes": check_extremes,
    "repeat": check_repeat,
    "rows": check_rows,
    "memory": check_memory,
}
"""In the order in which they are made: a policy that is too slow is not asked much."""


def compare_processes(one: OnnxPolicy, two: OnnxPolicy, role: Role) -> None:
    """Raise PolicyError unless a policy that was started twice gives the same bits, after some steps, in both processes."""
    seen = np.concatenate([samples(role), rare(role)])
    here, there = (answer(policy, _in_use(policy, seen)) for policy in (one, two))
    check_same(here, there, "two processes that run it give two answers: it reads what is not its input")


def ask_again(policy: OnnxPolicy, calls: Sequence[tuple[Arrays, list[np.ndarray]]]) -> None:
    """Raise PolicyError unless avatars of ``calls``, with their answers, get the same answers among others than they were with."""
    arrays, found = (tuple(np.concatenate(parts) for parts in zip(*side, strict=True)) for side in zip(*calls, strict=True))
    order = np.random.default_rng(3).permutation(len(arrays[0]))
    for first in range(0, len(order), AGAIN_ROWS):
        some = order[first : first + AGAIN_ROWS]
        _check_alike([f[some] for f in found], answer(policy, tuple(array[some] for array in arrays)), "the other avatars in the batch")


def check_same(one: list[np.ndarray], two: list[np.ndarray], sentence: str) -> None:
    """Raise PolicyError unless two answers are the same, to the bit."""
    if any(a.tobytes() != b.tobytes() for a, b in zip(one, two, strict=True)):
        raise PolicyError(sentence)


def _in_use(policy: OnnxPolicy, observations: np.ndarray) -> Arrays:
    """Observations, and states as they are after a few steps, so that not all rows are zeros."""
    states = policy.initial_state(len(observations))
    for shift in range(3 if states else 0):
        states = tuple(answer(policy, (np.roll(observations, shift, axis=0), *states))[len(policy.manifest.outputs) :])
    return (observations, *states)


def _check_alike(one: list[np.ndarray], two: list[np.ndarray], what: str) -> None:
    if not all(agree(a, b) for a, b in zip(one, two, strict=True)):
        raise PolicyError(f"its answer for one avatar depends on {what}")


def _check_order(policy: OnnxPolicy, arrays: Arrays, found: list[np.ndarray]) -> None:
    order = np.random.default_rng(2).permutation(len(arrays[0]))
    moved = answer(policy, tuple(array[order] for array in arrays))
    _check_alike([f[order] for f in found], moved, "the order of the avatars in the batch")
    others = tuple(np.concatenate([array[:1], array[:0:-1]]) for array in arrays)
    beside = answer(policy, others)
    _check_alike([f[:1] for f in found], [f[:1] for f in beside], "the other avatars in the batch")


def _check_size(policy: OnnxPolicy, arrays: Arrays, found: list[np.ndarray]) -> None:
    for size in (1, 2, 7, ROWS - 1):
        part = answer(policy, tuple(array[:size] for array in arrays))
        _check_alike([f[:size] for f in found], part, "how many avatars are in the batch")
    for row in range(1, len(arrays[0]), max(1, len(arrays[0]) // 24)):
        alone = answer(policy, tuple(array[row : row + 1] for array in arrays))
        _check_alike([f[row : row + 1] for f in found], alone, "the other avatars in the batch")


def _crowd(observations: np.ndarray, step: int, rows: int) -> np.ndarray:
    seen: np.ndarray = np.roll(observations, step, axis=0)[:rows]
    return seen


def _follow(policy: OnnxPolicy, observations: np.ndarray, rows: int) -> list[np.ndarray]:
    """What is answered to the first of ``rows`` avatars, step by step. What leaks into its memory may be too little to see in one step."""
    states, found = policy.initial_state(rows), []
    for step in range(SHARED_STEPS):
        answers = answer(policy, (_crowd(observations, step, rows), *states))
        states = tuple(answers[len(policy.manifest.outputs) :])
        found.append(np.concatenate([a[0].ravel() for a in answers]))
    return found


def _best(what: Callable[[], object]) -> float:
    """Seconds of the fastest of a few calls; of one, where that takes long."""
    best, began = float("inf"), time.perf_counter()
    for _ in range(MEASUREMENTS):
        start = time.perf_counter()
        what()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - began > MAX_SECONDS_PER_BATCH:
            break
    return best
