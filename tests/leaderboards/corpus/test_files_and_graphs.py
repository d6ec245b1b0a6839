"""Every hostile file, manifest and graph is stopped where, and with the words, that it declares."""

import pytest

from avatarium.leaderboards.corpus import cases
from avatarium.leaderboards.corpus.running import attempt

pytest.importorskip("onnxruntime")

FAMILIES = ("files", "manifests", "graphs")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for family in FAMILIES for case in cases(family)])
def test_it_is_stopped(case):
    outcome = attempt(case)
    assert outcome.ok, f"it ended at {outcome.stage!r} with {outcome.sentence!r}, and not at {case.stage} with {case.says!r}"
    assert outcome.sentence.isprintable()
