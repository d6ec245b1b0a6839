"""Everybody who lives in a world can be found, loaded and played."""

from pathlib import Path

import numpy as np
import pytest

from avatarium import agents, worlds
from avatarium.agents import populations
from avatarium.agents.play import play
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

FORMS = {("metasync", "bandwidth"): {"form": "duo"}, ("metasync", "compute"): {"form": "duo"}, ("metasync", "station"): {"form": "cells"}}
"""Settings under which a world has a role that it has not by default."""
EVERYBODY = [member for world in populations.worlds() for member in populations.members(world)]


@pytest.mark.parametrize("member", EVERYBODY, ids=lambda member: member.address)
def test_a_member_plays_in_the_world_it_lives_in(member: populations.Member, tmp_path: Path) -> None:
    assert member.summary and member.roles
    for role in member.roles:
        usual = "heuristic" if worlds.spec(member.world).heuristic else "random"
        config = {**member.settings, **FORMS.get((member.world, role), {})}
        roles = worlds.make_batch(member.world, **config).roles
        seats = {name: agents.load(member.address if name == role else usual, member.world, name, **config) for name in roles}
        assert seats[role].name == member.name
        (path,) = play(member.world, seats, [5], tmp_path / role, config)
        told = Transcript.open(path)
        heads = [np.array([told.actions(t)[role] for t in range(told.steps)])[..., k] for k in range(roles[role].action_size)]
        constant = all(len(np.unique(head)) == 1 for head in heads)
        assert constant == (member.world == "metasync"), "it does the same thing all the time, which only splits are for"


def test_a_member_knows_its_world_and_role() -> None:
    assert agents.load("wayfinding/keep-right").name == "keep-right"
    assert agents.load("domination/red-lstm-1").name == "red-lstm-1", "and the settings that it needs"
    with pytest.raises(UserError, match="plays with the settings command=commander"):
        agents.load("domination/red-lstm-1", "domination", "red")


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("wayfinding/keep-wright", (), "did you mean 'keep-right'"),
        ("wayfindin/keep-right", (), "did you mean 'wayfinding'"),
        ("wayfinding/keep-right", ("memory", "player"), "lives in wayfinding, not in memory"),
        ("wayfinding/keep-right", ("wayfinding", "visitor"), "no role 'visitor'"),
        ("heuristic", (), "for which world and role"),
    ],
)
def test_a_wrong_address_is_refused(text: str, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UserError, match="(?i)" + sentence):
        agents.load(text, *arguments)


def test_populations_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "wayfinding"]) == 0
    assert "wayfinding/keep-right scripted walker Knows the way" in " ".join(capsys.readouterr().out.split())
    assert main(["agents", "nowhere"]) == 2
