"""What a policy must do whatever it is shown: checked by playing with it, before any episode is scored."""

import time

import numpy as np

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.leaderboards.sandbox.policy import TOLERANCE, agree
from avatarium.worlds.core.spec import Role

ROWS = 48
MEMORY_STEPS = 64
MAX_STATE = 1e6
"""No recurrent state may grow beyond this."""
MAX_SECONDS_PER_BATCH = 1.0
"""For ``ROWS`` avatars at once."""

Arrays = tuple[np.ndarray, ...]


def probe(policy: OnnxPolicy, role: Role) -> float:
    """Ask ``policy`` what an honest one answers without trouble; PolicyError says what went wrong. Returns its seconds for 48 avatars."""
    observations = samples(role)
    _check_extremes(policy, role)
    arrays = (observations, *_states_in_use(policy, observations))
    began = time.perf_counter()
    found = answer(policy, arrays)
    seconds = time.perf_counter() - began
    if seconds > MAX_SECONDS_PER_BATCH:
        raise PolicyError(f"one step of {ROWS} avatars takes {seconds:.1f} s, more than {MAX_SECONDS_PER_BATCH:g} s: use a smaller network")
    _check_same(found, answer(policy, arrays), "the same input twice gives two answers: a policy has to be a function of its input")
    _check_rows(policy, arrays, found)
    _check_memory(policy, observations)
    return seconds


def samples(role: Role) -> np.ndarray:
    """float32 [48, D]: observations drawn evenly from the role's space, the first rows at rest in its middle."""
    rng, space = np.random.default_rng(0), role.observation_space
    share = rng.random((ROWS, role.observation_size), np.float32)
    share[:4] = 0.5
    found: np.ndarray = (space.low + share * (space.high - space.low)).astype(np.float32)
    return found


def answer(policy: OnnxPolicy, arrays: Arrays) -> list[np.ndarray]:
    """The checked outputs and states for an observation and states."""
    found = policy.infer(tuple(np.ascontiguousarray(array) for array in arrays))
    policy.check_answer(found, len(arrays[0]))
    return found


def _check_extremes(policy: OnnxPolicy, role: Role) -> None:
    """Corners of the observation space, and values well outside it."""
    space, rng = role.observation_space, np.random.default_rng(1)
    corners = [space.low, space.high, 0 * space.low, np.where(rng.random(space.shape) < 0.5, space.low, space.high), 100 * space.high]
    for corner in corners:
        answer(policy, (np.asarray(corner, np.float32)[None], *policy.initial_state(1)))


def _states_in_use(policy: OnnxPolicy, observations: np.ndarray) -> Arrays:
    """States as they are after a few steps, so that not all rows are zeros."""
    states = policy.initial_state(len(observations))
    for shift in range(3):
        states = tuple(answer(policy, (np.roll(observations, shift, axis=0), *states))[len(policy.manifest.outputs) :])
    return states


def _check_same(one: list[np.ndarray], two: list[np.ndarray], sentence: str) -> None:
    if not all(agree(a, b) for a, b in zip(one, two, strict=True)):
        raise PolicyError(sentence)


def _check_rows(policy: OnnxPolicy, arrays: Arrays, found: list[np.ndarray]) -> None:
    """The answer to one avatar may not depend on who else is in the batch, where, or how many."""
    order = np.random.default_rng(2).permutation(ROWS)
    moved = answer(policy, tuple(array[order] for array in arrays))
    _check_same([f[order] for f in found], moved, "its answer for one avatar depends on the order of the avatars in the batch")
    for size in (1, 2, 7, ROWS - 1):
        part = answer(policy, tuple(array[:size] for array in arrays))
        _check_same([f[:size] for f in found], part, "its answer for one avatar depends on how many avatars are in the batch")
    others = tuple(np.concatenate([array[:1], array[:0:-1]]) for array in arrays)
    beside = answer(policy, others)
    _check_same([f[:1] for f in found], [f[:1] for f in beside], "its answer for one avatar depends on the other avatars in the batch")


def _check_memory(policy: OnnxPolicy, observations: np.ndarray) -> None:
    """States stay bounded, and no row's memory is reached by another's, even after many steps."""
    if not policy.manifest.recurrent:
        return
    crowd, alone = policy.initial_state(ROWS), policy.initial_state(1)
    first = len(policy.manifest.outputs)
    for step in range(MEMORY_STEPS):
        seen = np.roll(observations, step, axis=0)
        found, single = answer(policy, (seen, *crowd)), answer(policy, (seen[:1], *alone))
        crowd, alone = tuple(found[first:]), tuple(single[first:])
        if max(np.abs(state).max() for state in crowd) > MAX_STATE:
            raise PolicyError(f"its recurrent state grows beyond {MAX_STATE:g} within {step + 1} steps: bound it")
    if not all(np.allclose(a[:1], b, rtol=10 * TOLERANCE, atol=10 * TOLERANCE) for a, b in zip(crowd, alone, strict=True)):
        raise PolicyError("its memory of one avatar depends on the other avatars in the batch")
