"""Scenarios are data: every combination that makes sense, and defaults for worlds that bring none."""

from dataclasses import replace

import pytest

from avatarium.leaderboards.scenarios import scenarios
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError


def test_wayfinding_is_judged_over_places_people_and_customs():
    spec = discovery.spec("wayfinding")
    found = scenarios(spec)
    assert len({s.name for s in found}) == len({s.digest(spec) for s in found}) == len(found) == 8
    assert {s.places for s in found} == {"validation", "held-out"}
    assert {s.people for s in found} == {"together", "crowd"}
    assert {s.customs for s in found} == {"none", "keep-right", "keep-left"}
    assert [s.name for s in found if s.held_out == ("places", "customs")] == ["held-out/crowd/keep-left"]
    for scenario in found:
        config = settings.build(spec.config, scenario.config)
        assert config.split != "train"
        assert (config.crowd > 0) == (scenario.people == "crowd")
        assert scenario.people == "crowd" or config.custom == "none"


def test_seeds_are_common_and_begin_where_the_file_says():
    first, *others = scenarios(discovery.spec("wayfinding"))
    assert all(list(s.seeds(4)) == list(first.seeds(4)) for s in others)
    assert first.seeds(3)[0] == 1_000_000


def test_the_digest_is_of_world_version_and_every_setting():
    spec = discovery.spec("wayfinding")
    one = scenarios(spec)[0]
    again = replace(one, places="renamed", config={**one.config, "walkers": 8})
    assert again.digest(spec) == one.digest(spec)
    assert replace(one, config={**one.config, "walkers": 7}).digest(spec) != one.digest(spec)
    assert one.digest(replace(spec, version=spec.version + 1)) != one.digest(spec)


def test_a_world_without_a_file_is_judged_on_its_splits(elsewhere):
    found = scenarios(discovery.spec("elsewhere:WORLD"))
    assert [(s.name, s.held_out) for s in found] == [("validation/any/any", ()), ("held-out/any/any", ("places",))]


def test_a_world_may_bring_its_own_file(elsewhere, tmp_path, monkeypatch):
    package = tmp_path / "carrier"
    package.mkdir()
    (package / "__init__.py").write_text((elsewhere / "elsewhere.py").read_text())
    (package / "scenarios.toml").write_text('first_seed = 7\n[[places]]\nname = "small"\nconfig = { rooms_high = 6 }\n')
    monkeypatch.syspath_prepend(tmp_path)
    spec = discovery.spec("carrier:WORLD")
    (found,) = scenarios(spec)
    assert (found.name, found.config, found.first_seed) == ("small/any/any", {"rooms_high": 6}, 7)
    for text, says in (
        ('[[places]]\nname = "x"\nconfig = { rooms_hgih = 6 }', "did you mean 'rooms_high'"),
        ("[[places]]\nsize = 3", "not size"),
        ('world = "other"', "say that they are those of 'other'"),
        ("[[places", "cannot be read"),
    ):
        (package / "scenarios.toml").write_text(text)
        with pytest.raises(UserError, match=says):
            scenarios(spec)
