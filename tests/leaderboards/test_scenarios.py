"""Scenarios are data: every combination that makes sense, and defaults for worlds that bring none."""

from dataclasses import replace

import pytest

from avatarium.agents.exported import Manifest
from avatarium.leaderboards.scenarios import Mode, alone, files, robustness, scenarios
from avatarium.leaderboards.scenarios.permitted import check_fits
from avatarium.leaderboards.scenarios.pillars import judged_by, pillars, reference, worlds_that_count
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError

WORLDS = ("wayfinding", "museum", "commons", "gathering", "domination", "concierge")


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_is_judged_in_seen_and_held_out_places_and_company(world):
    spec = discovery.spec(world)
    assert files.read(spec).found["world"] == world
    for role in spec.role_names():
        found = scenarios(spec, role)
        assert len({s.name for s in found}) == len({s.key(spec) for s in found}) == len(found)
        assert 9 <= len(found) <= 20
        assert {s.places for s in found} == {"validation", "held-out"}
        assert any("people" in s.held_out and s.background for s in found)
        assert any(s.with_partner for s in found)
        for scenario in (*found, *robustness(spec, role)):
            assert settings.build(spec.config, scenario.config).split != "train"


@pytest.mark.parametrize("world", WORLDS)
def test_background_people_are_those_that_were_frozen_and_fit(world):
    """An edited population is found here: restore it, or freeze the new one by `avatarium scenarios WORLD --freeze`."""
    spec, loaded = discovery.spec(world), set()
    for scenario in scenarios(spec):
        config = settings.build(spec.config, scenario.config)
        for one in scenario.background:
            for role in spec.roles(config):
                if role.name in one.roles and (one.address, role.signature()) not in loaded:
                    loaded.add((one.address, role.signature()))
                    one.load(spec, role.name, scenario.config)


@pytest.mark.parametrize("world", WORLDS)
def test_what_counts_for_a_pillar_is_played(world):
    spec = discovery.spec(world)
    modes = {s.mode.name for s in scenarios(spec)}
    assert pillars(spec)
    for one in pillars(spec):
        assert one.mode in modes
        assert one.metric in judged_by(spec)
    assert judged_by(spec)[: len(spec.metrics)] == spec.metrics
    for role in spec.role_names():
        assert role in reference(spec, role).roles


def test_wayfinding_is_judged_over_places_people_and_customs():
    spec = discovery.spec("wayfinding")
    found = [s for s in scenarios(spec) if s.mode == Mode()]
    assert len(found) == 8
    assert {s.people for s in found} == {"together", "crowd"}
    assert {s.customs for s in found} == {"none", "keep-right", "keep-left"}
    assert [s.name for s in found if s.held_out == ("places", "customs")] == ["held-out/crowd/keep-left"]
    for scenario in found:
        config = settings.build(spec.config, scenario.config)
        assert (config.crowd > 0) == (scenario.people == "crowd")
        assert scenario.people == "crowd" or config.custom == "none"


def test_seeds_are_common_and_begin_where_the_file_says():
    first, *others = scenarios(discovery.spec("wayfinding"))
    assert all(list(s.seeds(4)) == list(first.seeds(4)) for s in others)
    assert first.seeds(3)[0] == 1_000_000


def test_the_key_is_of_all_that_decides_what_happens():
    spec = discovery.spec("wayfinding")
    one = next(s for s in scenarios(spec) if s.mode.name == "focal-minority")
    again = replace(one, places="renamed", held_out=(), config={**one.config, "walkers": 8})
    assert again.key(spec) == one.key(spec)
    others = [
        replace(one, config={**one.config, "walkers": 7}),
        replace(one, mode=replace(one.mode, focal=3)),
        replace(one, background=one.background[:1]),
        replace(one, background=(replace(one.background[0], sha256="0" * 64), *one.background[1:])),
    ]
    keys = {one.key(spec), one.key(replace(spec, version=spec.version + 1)), *(s.key(spec) for s in others)}
    assert len(keys) == 6


def test_a_world_without_a_file_is_judged_on_its_splits(elsewhere):
    spec = discovery.spec("elsewhere:WORLD")
    assert [(s.name, s.held_out) for s in scenarios(spec)] == [("validation/any/any", ()), ("held-out/any/any", ("places",))]
    assert alone(spec) == scenarios(spec)
    assert (robustness(spec), pillars(spec)) == ([], [])
    assert reference(spec, "walker").address == "heuristic"


def test_a_world_may_bring_its_own_file(carrier):
    (found,) = scenarios(carrier('first_seed = 7\n[[places]]\nname = "small"\nconfig = { rooms_high = 6 }\n'))
    assert (found.name, found.config, found.first_seed) == ("small/any/any", {"rooms_high": 6}, 7)


COMPANY = """
[[people]]
name = "own"

[[people]]
name = "others"
held_out = true
background = ["heuristic", "random"]

[[modes]]
name = "self-play"
people = ["own"]

[[modes]]
name = "focal-majority"
focal = 3
people = ["others"]

[[modes]]
name = "cross-play"
meeting = "versus"
focal = 2
people = ["own"]

[permitted]
config = { guidance = "compass" }
mute = ["people"]

[robustness]
scenario = "any/own/any"
levels = { "rays.noise" = [0.1, 0.5], "body.mute" = [true] }

[pillars.social]
focal-majority = ["personal_space"]

[reference]
walker = "random"
"""


def test_modes_say_who_sits_where_in_which_combinations(carrier):
    spec = carrier(COMPANY, freeze=True)
    own, others, partner = scenarios(spec)
    assert [s.name for s in (own, others, partner)] == ["any/own/any", "any/others/any/focal-majority", "any/own/any/cross-play"]
    assert others.mode == Mode("focal-majority", 3)
    assert [b.address for b in others.background] == ["heuristic", "random"]
    assert others.held_out == ("people",)
    assert partner.mode.meeting == "versus"
    assert alone(spec) == [own, others]
    assert judged_by(spec) == (*spec.metrics, "personal_space")
    assert reference(spec, "walker").address == "random"


def test_robustness_makes_one_sensor_worse_at_a_time_and_counts_for_no_place(carrier):
    spec = carrier(COMPANY, freeze=True)
    found = robustness(spec)
    assert [s.name for s in found] == [f"any/own/any/{what}" for what in ("rays.noise=0.1", "rays.noise=0.5", "body.mute=1")]
    assert not any(s.ranked for s in found)
    assert settings.build(spec.config, found[1].config).rays.noise == 0.5
    assert len({s.key(spec) for s in (*found, *scenarios(spec))}) == 6


def test_everybody_plays_with_the_same_senses(carrier):
    spec = carrier(COMPANY, freeze=True)
    first = scenarios(spec)[0]
    assert settings.build(spec.config, first.config).people.mute
    role = spec.roles(settings.build(spec.config, first.config))[0]
    paper = Manifest("tiny", spec.name, spec.version, "walker", role.signature(), tuple(len(h.choices) for h in role.heads))
    check_fits(replace(paper, settings={"guidance": "compass", "walkers": 2}), spec, first)
    check_fits(replace(paper, settings={"guidance": "signs"}), spec, first)  # it senses the same, whatever it says
    by_signs = spec.roles(settings.build(spec.config, {"guidance": "signs"}))[0].signature()
    blind = replace(paper, signature=by_signs, settings={"guidance": "signs"})
    with pytest.raises(
        UserError, match="plays with the settings guidance=signs, but in any/own/any of elsewhere everybody plays with guidance=c"
    ):
        check_fits(blind, spec, first)
    with pytest.raises(UserError, match="signatures differ"):
        check_fits(replace(paper, signature="f" * 64), spec, first)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[places]]\nname = "x"\nconfig = { rooms_hgih = 6 }', "did you mean 'rooms_high'"),
        ("[[places]]\nsize = 3", "not size"),
        ("[[places]]\nheld_out = true", "has no name"),
        ('world = "other"', "say that they are those of 'other'"),
        ("[[places", "cannot be read"),
        ('placs = "x"', "did you mean 'places'"),
        ('[[modes]]\nname = "focal-minorty"', "did you mean 'focal-minority'"),
        ('[[modes]]\nname = "cross-play"', "versus or together in cross-play"),
        ('[[modes]]\nname = "self-play"\nplaces = ["anny"]', "did you mean 'any'"),
        ('[[modes]]\nname = "focal-minority"\nfocal = 1', "has nobody for the other 3 walkers"),
        ('[[modes]]\nname = "focal-minority"\nfocal = 9', "gives the judged policy 9 of 4 walkers"),
        ('[[modes]]\nname = "solo"', "gives the judged policy one of 4 walkers"),
        ('[[people]]\nname = "x"\nbackground = ["heuristic"]', "not frozen: do so by `avatarium scenarios elsewhere --freeze`"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_sentence(carrier, text, says):
    spec = carrier(text)
    with pytest.raises(UserError, match=says):
        scenarios(spec)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[robustness]\nscenario = "any/any/non"', "did you mean 'any/any/any'"),
        ('[robustness]\nscenario = "any/any/any"\nlevels = { "rays.nose" = [1] }', "did you mean 'noise'"),
        ('[pillars.socail]\nself-play = ["spl"]', "did you mean 'social'"),
        ('[pillars.social]\nself-plya = ["spl"]', "did you mean 'self-play'"),
        ('[pillars.social]\nself-play = ["splt"]', "there is no metric 'splt'"),
    ],
)
def test_what_is_wrong_with_curves_and_pillars_is_said_too(carrier, text, says):
    spec = carrier(text)
    with pytest.raises(UserError, match=says):
        (robustness(spec), pillars(spec))


def test_metasync_has_a_table_of_its_own_and_counts_for_no_pillar():
    spec = discovery.spec("metasync")
    found = scenarios(spec)
    assert len({s.key(spec) for s in found}) == len(found) == 6
    assert {s.people for s in found if "people" in s.held_out} == {"coming and going"}
    assert all(settings.build(spec.config, s.config).observe == "full" for s in found)
    assert not pillars(spec)
    assert worlds_that_count() == sorted(WORLDS)


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_is_played_at_four_ages_of_what_is_known_of_others(world):
    spec = discovery.spec(world)
    for role in spec.role_names():
        levels = [s for s in robustness(spec, role) if s.lesion and s.lesion[0] == "sync.aosi"]
        assert [s.config["sync.aosi"] for s in levels] == [2, 5, 10]
        assert len({s.key(spec) for s in levels}) == 3
        assert not any(s.ranked for s in levels)
