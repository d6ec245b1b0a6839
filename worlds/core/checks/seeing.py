"""How a world looks through the eyes of its avatars, where it says so."""

from collections.abc import Iterator

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch
from avatarium.worlds.core.checks.trial import STEPS, Check, Trial, actions_for

WIDTH, HEIGHT = 24, 16
FEW = 4
"""Colours that are in any picture worth the name, over all avatars."""


def pictures_are_sound(trial: Trial) -> Iterator[str]:
    """Where a world has sights, avatars see something, and the same whatever is beside their environment and however many threads draw."""
    if trial.spec.sights is None:
        return
    alone, among = trial.batch(1), trial.batch(5, threads=3)
    alone.reset([7])
    among.reset([7] * 5)
    for actions in actions_for(alone, STEPS // 4):
        alone.step(actions)
        among.step({role: np.repeat(some, 5, axis=0) for role, some in actions.items()})
    one, many = _seen(alone), _seen(among)
    for role, picture in one.items():
        if not np.array_equal(many[role], np.repeat(picture, 5, axis=0)):
            yield f"what {role} sees depends on other environments, or on threads"
        if len(np.unique(picture.reshape(-1, 3), axis=0)) < FEW:
            yield f"{role} sees next to nothing"


def _seen(batch: Batch) -> Arrays:
    """What each role sees now: uint8 [N, A, HEIGHT, WIDTH, 3]."""
    found = {}
    for role in batch.roles:
        eyes = batch.eyes(role, WIDTH, HEIGHT)
        found[role] = np.zeros((*eyes.shape, 3), np.uint8)
        eyes.look(found[role])
    return found


CHECKS: tuple[Check, ...] = (pictures_are_sound,)
