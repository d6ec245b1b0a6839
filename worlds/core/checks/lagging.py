"""Whether what arrives late arrives exactly when it is due, where a world has a section ``sync`` (see ``synclag``)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import STEPS, Check, Trial, actions_for
from avatarium.worlds.core.spec import avatar_numbers

LAG = 5
ENVIRONMENTS = 16
TURN = STEPS // 2
"""The step in which somebody begins to act otherwise."""
NEVER = 1 << 30
SOCIAL = ("people", "hearing")
"""Sensors that tell of others alone: whatever else somebody does to a world shows at once."""


def states_arrive_when_due(trial: Trial) -> Iterator[str]:
    """What others do is sensed exactly ``sync.aosi`` steps later than without, never earlier, and what one does oneself at once."""
    if trial.spec.look_again is None:
        return
    for role in trial.batch(1).roles:
        (at_once, same), (late, late_same) = (_parted(trial, role, lag) for lag in (0, LAG))
        if not np.array_equal(same, late_same):
            yield "what happens depends on how late it is sensed"
        untouched = same > TURN + LAG + 1
        early = untouched & (late < TURN + LAG)
        if early.any():
            yield f"{early.sum()} avatars sense what {role}_0 does earlier than {LAG} steps after it, under sync.aosi={LAG}"
        if not (untouched & (at_once == TURN)).any():
            yield f"nobody senses what {role}_0 does at once: this check finds nothing out"
        elif not (untouched & (late == TURN + LAG)).any():  # some have turned away by then
            yield f"nobody senses what {role}_0 does {LAG} steps after it, under sync.aosi={LAG}"


def _parted(trial: Trial, mover: str, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Two runs that part in step ``TURN``, when the first avatar of ``mover`` begins to act otherwise: int [N, A] each.

    The step in which what each senses of others becomes another, and that in which its own state does.
    """
    usual, other = (_batch(trial, ENVIRONMENTS, aosi=lag) for _ in range(2))
    columns = {name: [k for f in r.features if f.sensor in SOCIAL or f.hearsay for k in range(*_span(r.slices()[f.name]))]
               for name, r in usual.roles.items()}  # fmt: skip
    numbers, rng = avatar_numbers(usual.roles.values()), np.random.default_rng(5)
    sensed, stood = (np.full((ENVIRONMENTS, sum(usual.num_agents.values())), NEVER) for _ in range(2))
    usual.reset(3)
    other.reset(3)
    for step, actions in enumerate(actions_for(usual, STEPS)):
        changed = {name: chosen.copy() for name, chosen in actions.items()}
        if step >= TURN:
            changed[mover][:, 0] = random_actions(usual, rng)[mover][:, 0]
        usual.step(actions)
        other.step(changed)
        for name, where in numbers.items():
            rows = slice(where.start, where.stop)
            mine = usual.state.avatars[:, rows] != other.state.avatars[:, rows]
            seen = (usual.observations[name] != other.observations[name])[..., columns[name]].any(axis=-1)
            stood[:, rows] = np.minimum(stood[:, rows], np.where(mine, step, NEVER))
            sensed[:, rows] = np.minimum(sensed[:, rows], np.where(seen, step, NEVER))
    stood[:, numbers[mover].start] = 0  # what it does itself does not count
    return sensed, stood


def _batch(trial: Trial, num_envs: int, **sync: Any) -> Batch:
    """A batch of the world on trial under settings of its section ``sync``."""
    lag: dict[str, Any] = {f"sync.{name}": value for name, value in sync.items()}
    return trial.batch(num_envs, **lag)


def _span(where: slice) -> tuple[int, int]:
    return where.start, where.stop


def actions_arrive_when_due(trial: Trial) -> Iterator[str]:
    """Under ``sync.aori`` a run is, byte by byte, the one in which nothing is done for so many steps first."""
    if not hasattr(trial.spec.config(), "sync"):
        return
    late, usual = _batch(trial, 4, aori=LAG), trial.batch(4)
    table = actions_for(usual, STEPS)
    rest = {name: np.full_like(chosen, 0 if chosen.dtype.kind == "f" else -1) for name, chosen in table[0].items()}
    if _course(late, table) != _course(usual, [*[rest] * LAG, *table][:STEPS]):
        yield f"actions do not take effect exactly {LAG} steps later under sync.aori={LAG}"


def _course(batch: Batch, table: Sequence[Arrays]) -> list[bytes]:
    """What happens, step by step: the state of the world, as a central critic sees it, and what is sensed and paid."""
    batch.reset(9)
    found = []
    for actions in table:
        step = batch.step(actions)
        sensed_and_paid = [array.tobytes() for arrays in (step.observation, step.reward) for array in arrays.values()]
        found.append(b"".join([batch.global_state().tobytes(), *sensed_and_paid]))
    return found


CHECKS: tuple[Check, ...] = (states_arrive_when_due, actions_arrive_when_due)
"""All checks of this file."""
