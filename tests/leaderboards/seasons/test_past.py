"""Seasons of the past: their bundles are in the repository, and what they say can still be computed and played."""

from pathlib import Path

import pytest

from avatarium.leaderboards import seasons
from avatarium.leaderboards.seasons.audit import audit
from avatarium.leaderboards.seasons.verify import verify

PAST = sorted(Path(seasons.__file__).parent.glob("*/season.zip"))


def test_there_is_one():
    assert PAST


@pytest.mark.parametrize("path", PAST, ids=lambda path: path.parent.name)
def test_its_bundle_holds(path):
    assert [finding.sentence for finding in verify(path) if not finding.ok] == []


@pytest.mark.parametrize("path", PAST, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("submission", ["wayfinding/mlp-1", "museum/curious-1", "heuristic"])
def test_its_policies_score_what_they_scored(path, submission):
    """Played anew, in the judge's process or its sandbox, an episode is the same to the byte."""
    found = list(audit(path, 2, seed=2026, submission=submission))
    assert len(found) == 2
    assert all(one.passed for one in found), found
