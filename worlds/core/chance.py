"""Random actions for whole batches: what a speed test, a check or a soak run feeds a world with."""

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch
from avatarium.worlds.core.spec import Role


def random_actions(batch: Batch, rng: np.random.Generator) -> Arrays:
    """Uniformly random actions by role for one step of ``batch``: int32 [N, A, heads], or float32 [N, A, controls] in their span.

    Masked roles choose among what is allowed now; a head of which nothing is allowed, as before a reset, chooses among all.
    """
    drawn: Arrays = {}
    for name, role in batch.roles.items():
        shape = (batch.num_envs, role.count, role.action_size)
        if role.continuous:
            drawn[name] = rng.uniform(*role.span, shape).astype(role.action_dtype)
        elif role.masked:
            drawn[name] = among(batch.allowed[name], role, rng)
        else:
            drawn[name] = rng.integers(0, [len(h.choices) for h in role.heads], shape, role.action_dtype)
    return drawn


def among(allowed: np.ndarray, role: Role, rng: np.random.Generator) -> np.ndarray:
    """A uniformly random choice per head among those set in ``allowed`` bool [..., C]: int32 [..., heads]."""
    lots = np.where(allowed, 1.0, 0.0) + rng.random(allowed.shape)  # the allowed draw from [1, 2), the others from [0, 1)
    return np.stack([lots[..., head].argmax(axis=-1) for head in role.mask_slices()], axis=-1).astype(role.action_dtype)
