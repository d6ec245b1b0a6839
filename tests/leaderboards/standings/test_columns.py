"""One score for each entrant, column and seed: faults have the least that there is, and what gave no occasion neither helps nor harms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.leaderboards.ranking.columns import LOW, normalise
from avatarium.leaderboards.standings.columns import columns, scale, values
from avatarium.leaderboards.standings.sums import Sums, shape
from avatarium.worlds.core.errors import UserError

SEEDS = (3, 1, 4, 2)


def first(part):
    """A column, what counts in it, the rows of its scenarios and its metric's number."""
    counted = part.counted[0]
    rows = [c for c, k in enumerate(part.counting) if part.scenarios[k].mode.name == counted.mode]
    return columns(part, SEEDS)[0], counted, rows, part.metrics.index(counted.metric)


def spoiled(part, seed):
    """Sums with episodes that failed, and many that gave no occasion for a metric."""
    scenarios, metrics, width = shape(part)
    rng = np.random.default_rng(seed)
    below = rng.integers(0, 3, (scenarios, metrics, width)) * (rng.random((scenarios, metrics, width)) < rng.random())
    return Sums(np.stack([rng.random(below.shape), below]).astype(float), rng.random((scenarios, width)) < 0.1)


def by_hand(column, rows, metric, one):
    """The scores of one entrant, float [S], by the sentences of the docstring."""
    least = column.random + LOW * (column.reference - column.random)
    scores = []
    for s in range(len(column.seeds)):
        found = []
        for c in rows:
            above, below = one.shares[:, c, metric, s]
            if one.failed[c, s]:
                found.append(least)
            elif below > 0:
                found.append(above / below)
        scores.append(np.mean(found) if found else None)
    known = [score for score in scores if score is not None]
    return [np.nan if not known else np.mean(known) if score is None else score for score in scores]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10_000), max_size=4))
def test_scores_are_what_the_sentences_say(part, numbers):
    column, counted, rows, metric = first(part)
    entrants = [spoiled(part, number) for number in numbers]
    found = values(part, column, counted, entrants)
    assert found.shape == (len(numbers), len(SEEDS))
    for scores, one in zip(found, entrants, strict=True):
        np.testing.assert_allclose(scores, by_hand(column, rows, metric, one), rtol=1e-12)


def test_an_episode_that_failed_has_the_least_that_there_is(part, made):
    column, counted, rows, _ = first(part)
    one = made.sums(part, 0.9)
    one.failed[rows, 1] = True
    found = normalise(values(part, column, counted, [one]), column)[0]
    assert found[1] == pytest.approx(LOW)
    assert (found[[0, 2, 3]] > LOW).all()


def test_a_seed_without_occasion_has_the_mean_of_the_others(part, made):
    column, counted, rows, metric = first(part)
    one = made.sums(part, 0.5)
    one.shares[1, rows, metric, 2] = 0.0
    found = values(part, column, counted, [one])[0]
    assert found[2] == pytest.approx(found[[0, 1, 3]].mean())
    one.shares[1, rows, metric] = 0.0
    assert np.isnan(values(part, column, counted, [one])).all()


def test_other_entrants_change_nobodys_scores(part, made):
    column, counted, _, _ = first(part)
    one, other = spoiled(part, 1), spoiled(part, 2)
    assert values(part, column, counted, [one])[0].tobytes() == values(part, column, counted, [other, one])[1].tobytes()


def test_a_scale_is_the_mean_of_the_anchors_of_its_scenarios(part):
    _, counted, rows, _ = first(part)
    keys = {part.keys[part.counting[c]] for c in rows}
    ends = [(one.random, one.reference) for one in part.anchors if one.scenario in keys and one.metric == counted.metric]
    assert scale(part, counted) == pytest.approx(np.mean(ends, axis=0))
    with pytest.raises(UserError, match="tags of walker in wayfinding has no anchors"):
        scale(part, counted._replace(metric="tags"))


def test_a_mode_of_which_nothing_can_be_played_has_no_column(part):
    names = {column.mode for column in columns(part, SEEDS)}
    assert names == {f"walker {counted.mode}" for counted in part.counted}
    assert not values(part, *first(part)[:2], []).size
