"""Tables say who stands where, who copied whom, how often somebody tried, and in how much of a suite somebody took part."""

import dataclasses
import json

import numpy as np
import pytest

from avatarium.leaderboards.database.models import PUBLIC
from avatarium.leaderboards.ranking.resampling import weights
from avatarium.leaderboards.standings.columns import columns
from avatarium.leaderboards.standings.snapshots import SUITE, Evidence, evaluate
from avatarium.leaderboards.standings.tables import Scored, of_part, scored, suite
from avatarium.leaderboards.stats import RESAMPLES, SEED

SEEDS = (5, 2, 9, 7)


def told(part, entries, clones=(), games=()):
    """The table of a part, as JSON reads it."""
    clones = dict(clones)
    found = scored(part, SEEDS, [one for one in entries if one.submission.key not in clones])
    return json.loads(json.dumps(of_part(found, entries, clones, games), allow_nan=False))


@pytest.fixture(scope="module")
def other(part):
    """The same part under another name of its world's address and role: a second table for suites."""
    return dataclasses.replace(part, role="talker")


def test_the_best_come_first_with_scores_in_the_metrics_own_unit(part, made):
    found = told(part, [made.entry(part, "bob", 0.2), made.entry(part, "ada", 0.9)])
    first, second = found["rows"]
    assert (first["name"], first["place"], first["places"], second["name"], second["place"]) == ("ada", 1, [1, 1], "bob", 2)
    assert set(first["scores"]) == {column["name"] for column in found["columns"]}
    score = first["scores"]["wayfinding/walker self-play/success"]
    assert 0.8 < score["low"] < score["value"] < score["high"] < 1.0
    assert (first["better_than_next"], second["better_than_next"], first["covered"]) == (1.0, None, 1.0)
    assert first["efficiency"] == {"parameters": 10}
    assert found["matches"] is None


def test_intervals_are_of_weighted_means_over_seeds_in_ascending_order(part):
    rng = np.random.default_rng(0)
    seeds, scores = rng.permutation(16), rng.random((1, 16))
    column = dataclasses.replace(columns(part, SEEDS)[0], seeds=tuple(seeds.tolist()))
    low, high = np.quantile(weights(column, RESAMPLES, SEED)[1:] @ scores[0, np.argsort(seeds)], [0.025, 0.975])
    assert Scored(column, scores).intervals == [pytest.approx({"value": scores.mean(), "low": low, "high": high}, abs=1e-6)]


def test_copies_share_a_row_and_count_as_attempts(part, made):
    entries = [made.entry(part, "ada", 0.9, account="A"), made.entry(part, "bea", 0.9, account="A"), made.entry(part, "bob", 0.2)]
    rows = told(part, entries, {made.key("bea"): made.key("ada")})["rows"]
    assert [row["name"] for row in rows] == ["ada", "bob"]
    assert rows[0]["clones"] == [{"key": made.key("bea"), "name": "bea"}]
    assert [row["attempts"] for row in rows] == [2, 1]


def test_a_metric_without_any_occasion_is_left_out_of_a_row_and_no_number_is_told(part, made):
    quiet = made.entry(part, "ada")
    quiet.sums.shares[1, :, part.metrics.index("spl")] = 0.0
    rows = told(part, [quiet, made.entry(part, "bob")])["rows"]
    by_name = {row["name"]: row for row in rows}
    assert not [name for name in by_name["ada"]["scores"] if name.endswith("/spl")]
    assert [name for name in by_name["bob"]["scores"] if name.endswith("/spl")]
    assert by_name["ada"]["covered"] == pytest.approx(5 / 8)  # three of eight columns are of that metric


def test_a_table_of_nobody(part, made):
    clone = made.entry(part, "ada")
    assert told(part, [clone], {clone.submission.key: made.key("eve")})["rows"] == []
    assert len(told(part, [])["columns"]) == len(part.counted)


def in_suite(parts):
    """The suite's table of parts with their entries."""
    return json.loads(json.dumps(suite([(scored(part, SEEDS, entries), entries) for part, entries in parts]), allow_nan=False))


def test_in_the_suite_the_latest_of_one_name_counts(part, made):
    early, late = (made.entry(part, name, skill, "A", name="ada", created=at) for name, skill, at in (("a2", 0.9, 1.0), ("a1", 0.2, 2.0)))
    for entries in ([early, late], [late, early]):
        (row,) = in_suite([(part, entries)])["rows"]
        assert row["submissions"] == [late.submission.key]
        assert row["scores"]["wayfinding/walker self-play/success"]["value"] < 0.5


def test_the_same_name_of_somebody_else_is_somebody_else(part, made):
    entries = [made.entry(part, "a1", 0.9, "A", name="ada"), made.entry(part, "a2", 0.5, "B", name="ada")]
    assert [row["entrant"] for row in in_suite([(part, entries)])["rows"]] == ["A/ada", "B/ada"]


def test_what_is_missing_in_the_suite_counts_as_random_and_is_told(part, other, made):
    both = [made.entry(part, "ada", 0.9, "A"), made.entry(part, "bob", 0.9, "B")]
    again = made.entry(other, "ada-2", 0.9, "A", name="ada")
    found = in_suite([(part, both), (other, [again])])
    first, second = found["rows"]
    assert (first["name"], first["covered"], first["attempts"]) == ("ada", 1.0, 2)
    assert (second["name"], second["covered"], second["attempts"]) == ("bob", 0.5, 1)
    assert first["submissions"] == [made.key("ada"), made.key("ada-2")]
    assert {column["mode"].split()[0] for column in found["columns"]} == {"walker", "talker"}
    assert not [name for name in second["scores"] if "talker" in name]
    assert second["headline"]["value"] < first["headline"]["value"]
    seen = {name: score for name, score in first["scores"].items() if "walker" in name}
    assert seen == told(part, both)["rows"][0]["scores"]


def test_who_is_not_ranked_is_told_with_the_reason(season, part, made):
    where = (part.world, part.role)
    failed = made.submission(part, "eve")
    found = Evidence({where: [made.entry(part, "ada")]}, {where: [(failed, "failed", "its answers were not finite")]}, {}, {})
    table, whole = evaluate(season, PUBLIC, "", found)
    (told,) = table.content["unranked"]
    assert (told["name"], told["state"], told["sentence"]) == ("eve", "failed", "its answers were not finite")
    assert (whole.world, whole.role) == SUITE
    assert [row["name"] for row in table.content["rows"]] == ["ada"]
    (alone,) = evaluate(season, PUBLIC, "", Evidence({}, found.others, {}, {}))
    assert alone.content["rows"] == []


def test_the_order_of_entries_and_games_does_not_matter(season, part, made):
    where = (part.world, part.role)
    entries = [made.entry(part, name, skill) for name, skill in (("ada", 0.9), ("bob", 0.5), ("eve", 0.5), ("kim", 0.1))]
    games = [("s", k, made.key(one), made.key(two), 1.0) for k, (one, two) in enumerate((("ada", "bob"), ("eve", "ada"), ("kim", "eve")))]
    tables = {
        json.dumps([dataclasses.astuple(one) for one in evaluate(season, PUBLIC, "", Evidence({where: some}, {}, {where: played}, {}))])
        for some, played in ((entries, games), (entries[::-1], games[::-1]), ([entries[k] for k in (2, 0, 3, 1)], games))
    }
    assert len(tables) == 1


def test_whatever_a_table_follows_from_changes_its_inputs(season, part, made):
    where = (part.world, part.role)
    entries, games = [made.entry(part, "ada", 0.9), made.entry(part, "bob", 0.5)], [("s", 0, made.key("ada"), made.key("bob"), 1.0)]
    other = entries[1].sums._replace(shares=entries[1].sums.shares + np.array([1.0, 0.0]).reshape(2, 1, 1, 1))
    found = [
        Evidence({where: entries}, {}, {where: games}, {}),
        Evidence({where: entries[:1]}, {}, {where: games}, {}),
        Evidence({where: [entries[0], dataclasses.replace(entries[1], sums=other)]}, {}, {where: games}, {}),
        Evidence({where: [entries[0], dataclasses.replace(entries[1], account="B")]}, {}, {where: games}, {}),
        Evidence({where: entries}, {}, {where: [(*games[0][:4], 0.5)]}, {}),
        Evidence({where: entries}, {}, {}, {}),
        Evidence({where: entries}, {}, {where: games}, {made.key("bob"): made.key("ada")}),
        Evidence({where: entries}, {where: [(made.submission(part, "eve"), "failed", "")]}, {where: games}, {}),
    ]
    for k in (0, 1):  # of the part, and of the suite
        assert len({list(evaluate(season, PUBLIC, "", one))[k].inputs for one in found}) == len(found)
