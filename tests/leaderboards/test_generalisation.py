"""Tables, curves and effects over episodes: differences are taken seed by seed, between scenarios that differ in nothing else."""

import math
from dataclasses import replace

import pytest

from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.externality import externality
from avatarium.leaderboards.generalisation import generalisation
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.robustness import curves
from avatarium.leaderboards.scenarios import Mode, Scenario

SUCCESS = metric("success")
LUCK = [(seed * 7919 % 11) / 20 for seed in range(24)]
"""What is easy or hard about a seed, for everybody alike."""


def played(share, background=None, seeds=range(24), faults=()):
    """Episodes whose success is ``share`` and a little luck, ten journeys each."""

    def episode(seed):
        shares = {} if seed in faults else {"success": (10 * (share + LUCK[seed]), 10.0)}
        others = {} if background is None else {"success": (10 * (background + LUCK[seed]), 10.0)}
        return Episode(seed, 60, shares, None, "", "it crashed" if seed in faults else None, background=others)

    return [episode(seed) for seed in seeds]


def scenario(places, people="own", customs="none", **changes):
    held = tuple(axis for axis, name in (("places", places), ("people", people), ("customs", customs)) if name.startswith("new"))
    return Scenario(places, people, customs, {}, held, **changes)


LUCKY = sum(LUCK) / len(LUCK)


def test_gaps_are_between_scenarios_that_differ_in_nothing_else():
    found = [
        (scenario("old"), played(0.4)),
        (scenario("new"), played(0.1)),
        (scenario("old", "new people"), played(0.3)),
        (scenario("new", customs="lonely"), played(0.0)),
        (scenario("old", mode=Mode("focal-minority", 1)), played(0.0)),
    ]
    table = generalisation(SUCCESS, found)
    assert [s for s, _ in table.cells] == [s for s, _ in found]
    assert table.cells[1][1].value == pytest.approx(0.1 + LUCKY)
    places, people, customs = table.marginals
    assert (places.pairs, people.pairs, customs.pairs) == (1, 1, 0)
    assert (places.seen.value, places.held_out.value) == (pytest.approx(0.4 + LUCKY), pytest.approx(0.1 + LUCKY))
    assert places.gap.value == pytest.approx(0.3)
    assert people.gap.value == pytest.approx(0.1)
    assert math.isnan(customs.gap.value)


def test_gaps_are_paired_by_seed():
    table = generalisation(SUCCESS, [(scenario("old"), played(0.4)), (scenario("new"), played(0.1))])
    places = table.marginals[0]
    assert places.seen.high - places.seen.low > 0.05
    assert places.gap.high - places.gap.low < 1e-9
    unlike = generalisation(SUCCESS, [(scenario("old"), played(0.4)), (scenario("new"), played(0.1, seeds=range(12)))])
    assert unlike.marginals[0].gap.high - unlike.marginals[0].gap.low > 0.01


def test_failing_counts_in_the_table():
    table = generalisation(SUCCESS, [(scenario("old"), played(0.5, faults=range(12)))])
    assert table.cells[0][1].value < 0.5


def test_a_curve_begins_without_a_lesion():
    lesions = [(scenario("old", lesion=("rays.noise", level)), played(0.4 - level)) for level in (0.2, 0.1)]
    lesions.append((scenario("old", lesion=("people.mute", 1.0)), played(0.3)))
    found = curves(SUCCESS, played(0.4), lesions)
    assert {setting: [p.level for p in points] for setting, points in found.items()} == {"rays.noise": [0, 0.1, 0.2], "people.mute": [0, 1]}
    whole, first, second = found["rays.noise"]
    assert (whole.score.value, whole.loss.value) == (pytest.approx(0.4 + LUCKY), 0.0)
    assert (first.loss.value, second.loss.value) == (pytest.approx(0.1), pytest.approx(0.2))
    assert second.loss.high - second.loss.low < 1e-9
    assert second.score.low < second.score.value < second.score.high


def test_externality_is_what_the_company_gains_on_the_same_seeds():
    found = externality(SUCCESS, played(0.4, background=0.2), [replace(e, shares={}) for e in played(0.0, background=0.3)])
    assert (found.focal.value, found.background.value) == (pytest.approx(0.4 + LUCKY), pytest.approx(0.2 + LUCKY))
    assert (found.alone.value, found.effect.value) == (pytest.approx(0.3 + LUCKY), pytest.approx(-0.1))
    assert found.effect.high - found.effect.low < 1e-9


def test_what_failed_tells_nothing_of_the_company():
    one = externality(SUCCESS, played(0.4, background=0.2, faults=range(12)), played(0.0, background=0.3))
    assert one.effect.value == pytest.approx(-0.1)
