"""A season's rules: frozen as JSON, the same when they are read again, and different when anything is different."""

import dataclasses
import json

import pytest

from avatarium import worlds
from avatarium.leaderboards.scenarios.pillars import worlds_that_count
from avatarium.leaderboards.seasons import definition
from avatarium.leaderboards.seasons.acts import own
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError

NAMES = worlds_that_count()


@pytest.fixture(scope="module")
def everything():
    return definition.define("all", "All worlds", NAMES, dict.fromkeys(NAMES, 8))


def test_rules_are_the_same_when_they_are_read_again(everything):
    read = definition.from_json(json.loads(json.dumps(everything.to_json())))
    assert read == everything
    assert read.ruleset == everything.ruleset


def test_every_role_of_every_world_has_a_table(everything):
    expected = {(name, role) for name in NAMES for role in worlds.spec(name).role_names()}
    assert {(discovery.spec(part.world).name, part.role) for part in everything.parts} == expected
    assert all(part.counted and part.anchors and part.alone for part in everything.parts)


def test_any_change_of_the_rules_shows_in_their_hash(everything):
    seen = {everything.ruleset}
    first, *rest = everything.parts
    for changed in (
        dataclasses.replace(first, episodes=9),
        dataclasses.replace(first, counted=first.counted[1:]),
        dataclasses.replace(first, scenarios=first.scenarios[1:]),
        dataclasses.replace(first, anchors=(first.anchors[0]._replace(random=0.5), *first.anchors[1:])),
        dataclasses.replace(first, scenarios=(dataclasses.replace(first.scenarios[0], first_seed=1), *first.scenarios[1:])),
    ):
        seen.add(dataclasses.replace(everything, parts=(changed, *rest)).ruleset)
    assert len(seen) == 6


def test_everybody_plays_every_seed_of_every_scenario_once(everything):
    for part in everything.parts:
        blocks = list(part.blocks("public"))
        played = [(block.scenario.name, seed) for block in blocks for seed in block.seeds]
        assert len(set(played)) == len(played) == sum(part.count(scenario) for scenario in part.alone)
        assert not any(block.scenario.with_partner for block in blocks)


def test_seeds_of_the_ranked_track_are_secret_and_alike_for_all_scenarios(everything):
    part = everything.parts[0]
    ranked = [part.seeds(one, "ranked", "ab" * 32) for one in part.alone if one.ranked]
    assert all(seeds == ranked[0] for seeds in ranked)
    assert set(ranked[0]).isdisjoint(part.seeds(part.alone[0], "public"))


def test_a_world_of_another_version_is_told(everything):
    older = dataclasses.replace(everything.parts[0], version=99)
    with pytest.raises(UserError, match="about version 99"):
        _ = older.spec


def test_a_part_that_is_not_there_is_told(everything):
    with pytest.raises(UserError, match="has no table for king in museum"):
        everything.part("museum", "king")


@pytest.mark.parametrize("spoil", [lambda d: d.update(schema=2), lambda d: d.pop("parts"), lambda d: d["parts"][0].update(colour="red")])
def test_rubbish_is_told(everything, spoil):
    found = json.loads(json.dumps(everything.to_json()))
    spoil(found)
    with pytest.raises(UserError, match=r"schema 2|cannot be understood"):
        definition.from_json(found)


def test_the_suite_enters_everybody_who_can_play(everything):
    names = {(discovery.spec(part.world).name, part.role): own(part) for part in everything.parts}
    assert names["wayfinding", "walker"][:3] == ["random", "heuristic", "oracle"]
    assert "wayfinding/mlp-1" in names["wayfinding", "walker"]
    assert "concierge/host-lstm-1" in names["concierge", "host"]
    assert "concierge/host-lstm-1" not in names["concierge", "visitor"]
