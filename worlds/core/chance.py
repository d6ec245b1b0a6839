"""Random actions for whole batches: what a speed test, a check or a soak run feeds a world with."""

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch


def random_actions(batch: Batch, rng: np.random.Generator) -> Arrays:
    """Uniformly random actions by role for one step of ``batch``: int32 [N, A, heads], or float32 [N, A, controls] in [-1, 1]."""
    drawn: Arrays = {}
    for name, role in batch.roles.items():
        shape = (batch.num_envs, role.count, role.action_size)
        if role.continuous:
            drawn[name] = rng.uniform(-1, 1, shape).astype(role.action_dtype)
        else:
            drawn[name] = rng.integers(0, [len(h.choices) for h in role.heads], shape, role.action_dtype)
    return drawn
