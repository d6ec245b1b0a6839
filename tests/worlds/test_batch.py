"""What a batch keeps on request, and room for what happens."""

import numpy as np

from avatarium import worlds
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.grid import FAR, distances, downhill


def test_the_global_state_is_kept_when_asked_for_and_costs_nothing_else() -> None:
    four = {"avatars": 4, "size": 6}
    plain = worlds.make_batch("coordination", num_envs=4, **four)
    plain.reset(0)
    assert plain.central.shape == plain.final_central.shape == (4, 0)
    for threads in (1, 3):
        batch = worlds.make_batch("coordination", num_envs=4, threads=threads, central=True, episode_steps=8, **four)
        rng = np.random.default_rng(0)
        batch.reset(0)
        assert np.array_equal(batch.central, batch.global_state()) and np.array_equal(batch.central, plain.global_state())
        for step in range(1, 17):
            before = batch.central.copy()
            batch.step(random_actions(batch, rng))
            assert np.array_equal(batch.central, batch.global_state())
            if step % 8 == 0:  # one move away from what it was, whereas the next episode begins anywhere
                assert np.abs(batch.final_central[:, :8] - before[:, :8]).max() < 0.21
                assert np.abs(batch.central - batch.final_central).max() > 0.3
        kept = batch.snapshot()
        there = batch.central.copy()
        batch.step(random_actions(batch, rng))
        batch.restore(kept)
        assert np.array_equal(batch.central, there)
        batch.close()


def test_a_large_crowd_does_not_crowd_out_the_records_of_few_walkers() -> None:
    few, alone = worlds.make_batch("wayfinding", walkers=1, crowd=16), worlds.make_batch("wayfinding", walkers=1)
    assert few.events.records.shape[1] == 17 * alone.events.records.shape[1]


def test_ways_on_a_grid_are_the_shortest() -> None:
    free = np.zeros((2, 5, 5), np.bool_)
    free[:, 1:4, 1:4] = True
    free[0, 2, 2] = False  # a ring around a pillar, and an open floor
    target = np.zeros_like(free)
    target[:, 1, 1] = True
    steps = distances(free, target)
    assert steps[0, 1:4, 1:4].tolist() == [[0, 1, 2], [1, FAR, 3], [2, 3, 4]]
    assert steps[1, 1:4, 1:4].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert (steps[:, 0] == FAR).all()
    x, y = np.array([3, 3]), np.array([3, 3])
    for _ in range(4):
        move = downhill(steps, x, y)
        x, y = x + np.array([0, 1, 0, -1, 0])[move], y + np.array([0, 0, 1, 0, -1])[move]
    assert x.tolist() == y.tolist() == [1, 1]


def test_copies_go_on_as_the_original_does_and_leave_it_alone() -> None:
    arena, copies = (worlds.make_batch("wayfinding", num_envs=n, autoreset=False, walkers=3) for n in (4, 6))
    rng, rows = np.random.default_rng(0), np.array([2, 2, 0, 3, 2, 1])
    arena.reset(1)
    copies.reset(9)
    drawn = [random_actions(arena, rng) for _ in range(20)]
    for actions in drawn[:10]:
        arena.step(actions)
    copies.copy_from(arena, rows)
    kept = arena.snapshot()
    seen = []
    for actions in drawn[10:]:
        found = copies.step({role: chosen[rows] for role, chosen in actions.items()}).observation
        seen.append({role: part.copy() for role, part in found.items()})
    assert all(np.array_equal(one, other) for one, other in zip(arena.snapshot().arrays, kept.arrays, strict=True))
    for actions, found in zip(drawn[10:], seen, strict=True):
        told = arena.step(actions).observation
        assert all(np.array_equal(found[role], told[role][rows]) for role in told)
    assert (arena.clock == 20).all() and (copies.clock == 20).all()
