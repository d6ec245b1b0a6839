"""Fragments laid side by side and shared out again hold what they held."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from avatarium.training.play import arena
from avatarium.training.play.rollout import Extras, Fragment, RolloutBatch, allocate, join, split

Playing = Callable[..., Any]
COMING_AND_GOING = {"walkers": 3, "leaving": True, "late": 4, "episode_steps": 13, "pace": 0.4}


def slots_of(fragment: Fragment) -> list[tuple[bytes, ...]]:
    """Everything about each slot, its final observations and its environment's global state included."""
    found = []
    for s in range(fragment.slots):
        mine = fragment.final_slots == s
        finals = [getattr(fragment, name)[mine] for name in ("final_steps", "final_observations", "final_central")]
        columns = ("observations", "actions", "log_probs", "rewards", "terminations", "truncations", "present", "starts", "state", "visits")
        parts = [getattr(fragment, name)[:, s] for name in columns] + [fragment.who[s], fragment.central[:, fragment.central_of[s]]]
        found.append(tuple(np.ascontiguousarray(part).tobytes() for part in (*parts, *finals)))
    return found


@pytest.fixture
def fragment(playing: Playing) -> Fragment:
    """Of a policy with memory, a central critic and a bonus that counts: no column is empty but that of masks."""
    play = playing(core="lstm", central=True, curiosity="counts", **COMING_AND_GOING)
    play.fragment()
    found: Fragment = play.fragment()
    assert all(getattr(found, f.name).size for f in fields(Fragment) if f.name != "allowed")
    return found


def test_what_is_split_and_joined_is_the_same(fragment: Fragment) -> None:
    shards = split(fragment, 3)
    assert [s.slots for s in shards] == [6, 6, 6]
    assert sum(len(s.final_steps) for s in shards) == len(fragment.final_steps) > 0
    assert sorted(slot for shard in shards for slot in slots_of(shard)) == sorted(slots_of(fragment))
    assert sorted(slots_of(join(shards))) == sorted(slots_of(fragment))
    assert split(fragment, 1)[0] is join([fragment]) is fragment
    with pytest.raises(ValueError, match="6 environments cannot be shared out evenly over 4 learners"):
        split(fragment, 4)


def test_joined_fragments_stay_side_by_side(fragment: Fragment) -> None:
    both = join([fragment, fragment])
    assert slots_of(both) == 2 * slots_of(fragment)
    assert both.agent_steps == 2 * fragment.agent_steps


def test_roles_of_unlike_size_are_shared_out_alike() -> None:
    """One module moves three walkers and one caller of each environment: every learner gets as many of both."""
    roles = arena.find("lanes:WORLD", {"walkers": 3, "callers": 1, "alike": True}).roles
    both = join([allocate(role, 5, 4, Extras(visits=True)) for role in roles.values()])
    assert both.visits.shape == (5, 16, 3)
    shards = split(both, 2)
    assert [s.slots for s in shards] == [8, 8]
    assert [np.bincount(s.who).tolist() for s in shards] == [[4, 2, 2], [4, 2, 2]]


def test_decisions_and_bytes_are_counted(fragment: Fragment) -> None:
    batch = RolloutBatch({"one": fragment, "other": fragment}, 99)
    assert batch.agent_steps == 2 * fragment.agent_steps == 2 * int(fragment.present.sum())
    assert batch.nbytes == 2 * sum(getattr(fragment, f.name).nbytes for f in fields(Fragment))
