"""Every episode of a batch that goes on by itself has a seed of its own, by which a batch of one environment repeats it byte for byte."""

from operator import attrgetter

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import ending
from avatarium.worlds.core.episodes import origins
from avatarium.worlds.core.rng import mix, scramble
from avatarium.worlds.gpu import seeds

NUMBERS = (0, 1, 7, 2**63, 2**64 - 1, 0x0123456789ABCDEF)
STEPS = 40


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_mixed_can_be_unmixed(number: int) -> None:
    assert seeds.unscramble(int(scramble(np.uint64(number)))) == number
    for count in (0, 1, 2**40):
        assert seeds.unmix(int(mix(np.uint64(number), np.uint64(count))), count) == number


@pytest.mark.parametrize("number", NUMBERS)
def test_the_first_episode_has_the_seed_that_was_given(number: int) -> None:
    assert seeds.seed_of(int(origins([number], 1)[0]), 1) == number
    assert seeds.seed_of(int(origins(number, 2)[0]), 1) == number


@pytest.mark.parametrize("name", worlds.names())
def test_a_later_episode_is_repeated_from_its_seed(name: str) -> None:
    """Whatever an earlier episode left behind in the memory of a world, nothing of it shows in what is recorded."""
    spec = worlds.spec(name)
    batch, rng = Batch(spec, 2, **ending(spec)), np.random.default_rng(0)
    batch.reset(7)
    while batch.episodes.count[1] < 2 or not batch.ended[1]:
        batch.step(random_actions(batch, rng))
    one = Batch(spec, 1, autoreset=False, **ending(spec))
    one.reset([seeds.seed_of(int(batch.episodes.origin[1]), int(batch.episodes.count[1]))])
    for _ in range(STEPS):
        actions = random_actions(batch, rng)
        batch.step(actions)
        one.step({role: rows[1:] for role, rows in actions.items()})
        if batch.ended[1]:
            break
        for field in spec.frame_fields:
            assert attrgetter(field)(one.state)[0].tobytes() == attrgetter(field)(batch.state)[1].tobytes(), field
        for role, rewards in one.rewards.items():
            assert rewards[0].tobytes() == batch.rewards[role][1].tobytes()
            assert one.observations[role][0].tobytes() == batch.observations[role][1].tobytes()
        assert one.events.count[0] == batch.events.count[1]
    assert one.episodes.clock[0] > 4
