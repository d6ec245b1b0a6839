"""Anchors: numbers that hold, belong to today's scenarios, and were not edited."""

import argparse
import json

import pytest

from avatarium.leaderboards import anchors
from avatarium.leaderboards.anchors import making
from avatarium.leaderboards.scenarios.pillars import judged_by, pillars
from avatarium.leaderboards.scenarios_command import Anchors, Scenarios, chosen
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError

WORLDS = ("wayfinding", "museum", "commons", "gathering", "domination", "concierge")
SCENARIOS = """
[[people]]
name = "own"

[[people]]
name = "others"
background = ["heuristic"]

[[modes]]
name = "self-play"
people = ["own"]

[[modes]]
name = "focal-minority"
focal = 1
people = ["others"]

[[modes]]
name = "cross-play"
meeting = "together"
focal = 2
people = ["own"]

[reference]
walker = "oracle"
"""


@pytest.mark.parametrize("world", WORLDS)
def test_the_anchors_of_every_world_are_todays_and_tell_random_from_the_reference(world):
    """Where this fails, make them anew by `avatarium anchors WORLD`."""
    spec = discovery.spec(world)
    found = anchors.anchors(spec)
    for role in spec.role_names():
        for scenario in anchors.anchored(spec, role):
            for one in pillars(spec):
                if one.mode == scenario.mode.name:
                    assert found.of(role, scenario.name, one.metric).apart, f"{scenario.name} {role} {one.metric}"


@pytest.mark.parametrize("world", ["wayfinding", "commons"])
def test_anchors_are_what_one_gets_by_playing_again(world):
    spec = discovery.spec(world)
    found = anchors.anchors(spec)
    (role,), first = spec.role_names(), anchors.anchored(spec, spec.role_names()[0])[0]
    again = making._measured(first, spec, role, found.contents["episodes"], lambda episodes: None)
    assert json.loads(json.dumps(again)) == found.contents["roles"][role][first.name]


@pytest.fixture
def world(carrier):
    return carrier(SCENARIOS, freeze=True)


def test_anchors_are_made_read_and_looked_up(world, carrier):
    with pytest.raises(UserError, match="there are no anchors of elsewhere: make them by `avatarium anchors elsewhere`"):
        anchors.anchors(world)
    told = []
    path = making.make(world, 2, told.append)
    assert path.parent == carrier.package
    assert sum(told) == making.total(world, 2) == 12
    found = anchors.anchors(world)
    for name in ("any/own/any", "any/others/any/focal-minority", "any/own/any/cross-play"):
        assert all(found.of("walker", name, metric) for metric in judged_by(world))
    one = found.of("walker", "any/own/any", "journeys_per_minute")
    assert one.random == 0.0 < one.reference
    assert found.of("walker", "any/own/any", "crowd_delay") == anchors.Anchor(None, None, False)
    with pytest.raises(UserError, match="success has no anchor in nowhere for walker: make them by"):
        found.of("walker", "nowhere", "success")
    assert making.make(world, 2).read_bytes() == path.read_bytes()


def test_edited_and_stale_anchors_are_found(world, carrier):
    path = making.make(world, 1)
    whole = path.read_text()
    path.write_text(whole.replace('"version": 1', '"version": 2'))
    with pytest.raises(UserError, match=r"elsewhere\.anchors\.json was damaged, edited or made by another version"):
        anchors.anchors(world)
    path.write_text(whole[:100])
    with pytest.raises(UserError, match="was damaged"):
        anchors.anchors(world)
    path.write_text(whole)
    anchors.anchors(world)
    carrier(SCENARIOS.replace("focal = 1", "focal = 2"))
    with pytest.raises(UserError, match="stale, any/others/any/focal-minority has changed: make them by"):
        anchors.anchors(world)
    carrier(SCENARIOS.replace('walker = "oracle"', 'walker = "heuristic"'))
    with pytest.raises(UserError, match="stale, any/own/any has changed"):
        anchors.anchors(world)
    carrier(SCENARIOS.replace('name = "others"', 'name = "strangers"').replace('people = ["others"]', 'people = ["strangers"]'))
    with pytest.raises(UserError, match="stale, any/others/any/focal-minority is gone"):
        anchors.anchors(world)
    carrier(SCENARIOS + '[[places]]\nname = "any"\n[[places]]\nname = "small"\nconfig = { rooms_high = 6 }\n')
    with pytest.raises(UserError, match="stale, small/own/any has been added"):
        anchors.anchors(world)


def run(command, *words):
    """The exit code of a command for these words."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_the_commands_say_what_there_is(world, carrier, capsys):
    address = f"{carrier.name}:WORLD"
    assert run(Scenarios(), address) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("any/others/any/focal-minority", "focal-minority, 1 seats", "heuristic"))
    assert run(Scenarios(), address, "--freeze") == 0
    assert "elsewhere: scenarios.lock.json" in capsys.readouterr().out
    assert run(Anchors(), address, "--check") == 1
    assert "there are no anchors of elsewhere" in capsys.readouterr().out
    assert run(Anchors(), address, "--episodes", "1") == 0
    made = capsys.readouterr().out
    assert run(Anchors(), address, "--check") == 0
    assert capsys.readouterr().out == made
    with pytest.raises(UserError, match="--episodes 0 cannot be played"):
        run(Anchors(), address, "--episodes", "0")


def test_without_a_name_it_is_all_worlds_with_scenarios(capsys):
    assert {spec.name for spec in chosen([])} >= set(WORLDS)
