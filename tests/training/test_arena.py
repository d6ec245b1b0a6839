"""Where to train is told by an address: a world by its name, one outside, or somebody else's environment."""

import numpy as np
import pytest

from avatarium.training.play import arena
from avatarium.worlds import UserError


def test_a_world_is_found_by_its_name_or_address(outside: None) -> None:
    here, there = arena.find("memory", {"cues": 3}), arena.find("lanes:WORLD", {"callers": 1, "walkers": 3})
    assert (here.address, here.name, here.settings, list(here.roles)) == ("memory", "memory", {"cues": 3}, ["player"])
    assert (there.address, there.name, list(there.roles)) == ("lanes:WORLD", "lanes", ["walker", "caller"])
    assert there.central == 4  # where everybody is
    assert there.signatures["walker"] != there.signatures["caller"]
    assert there.spec is not None
    assert arena.find("lanes:WORLD").signatures["walker"] == there.signatures["walker"]  # company does not change what one senses


@pytest.mark.parametrize("central", [False, True])
def test_its_environments_have_the_settings_and_the_global_state_if_wanted(outside: None, central: bool) -> None:
    batch = arena.find("lanes:WORLD", {"walkers": 3, "late": 2}).open(5, central=central)
    batch.reset(1)
    batch.step({"walker": np.full((5, 3, 2), 2, np.int32)})
    assert (batch.num_envs, batch.num_agents) == (5, {"walker": 3})
    assert batch.central.shape == (5, 3 if central else 0)
    if central:
        assert np.array_equal(batch.central, batch.observations["walker"][..., 0])
    batch.close()


def test_what_others_made_is_an_arena_too(outside: None) -> None:
    found = arena.find("strangers:Hive", {"last": 4})
    assert found.spec is None
    assert (found.name, found.version, found.central, set(found.roles)) == ("hive", 7, 2, {"worker", "queen"})
    assert found.settings == {"last": 4}
    batch = found.open(3, central=True)
    batch.reset(1)
    assert batch.central.shape == (3, 2)
    batch.close()


@pytest.mark.parametrize(
    ("address", "settings", "complaint"),
    [
        ("nothing", {}, "there is no world 'nothing'"),
        ("nowhere:WORLD", {}, "there is no module 'nowhere'"),
        ("lanes:PLANET", {}, "module 'lanes' has no 'PLANET' to be a world or an environment"),
        ("lanes:", {}, "'lanes:' is no address of a world or an environment"),
        ("lanes:WORLD", {"walker": 2}, "did you mean 'walkers'"),
        ("lanes:WORLD", {"walkers": 99}, "between 1 and 8"),
    ],
)
def test_what_cannot_be_found_is_explained(outside: None, address: str, settings: dict[str, int], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        arena.find(address, settings)
