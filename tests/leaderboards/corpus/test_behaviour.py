"""Every hostile computation and every process that was taken over is stopped where, and with the words, that it declares."""

import pytest

from avatarium.leaderboards.corpus import SANDBOX, cases, choose, stopped
from avatarium.leaderboards.corpus.running import Outcome, attempt
from avatarium.leaderboards.corpus.workers import AND_ANSWER, HEAD
from avatarium.leaderboards.sandbox import box
from avatarium.worlds.core.errors import UserError

pytest.importorskip("onnxruntime")

FAMILIES = ("computing", "cheats", "faults", "workers")
WITHOUT_A_BOX = [case for case in cases("workers") if "fork" in case.name or "kill" in case.name or "closes" in case.name]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for family in FAMILIES for case in cases(family)])
def test_it_is_stopped(case):
    outcome = attempt(case)
    assert outcome.ok, f"it ended at {outcome.stage!r} with {outcome.sentence!r}, and not at {case.stage} with {case.says!r}"
    assert outcome.sentence.isprintable()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in WITHOUT_A_BOX])
def test_without_a_box_nothing_stays_behind_either(case, monkeypatch):
    monkeypatch.setattr(box, "command", list)
    outcome = attempt(case)
    assert outcome.ok, f"it ended at {outcome.stage!r} with {outcome.sentence!r}"


def test_the_corpus_is_large_and_every_case_has_a_name_of_its_own():
    names = [case.id for case in cases()]
    assert len(names) >= 500
    assert len(set(names)) == len(names)
    assert all(case.tries and case.tries != "None" for case in cases())


def test_what_gets_through_is_told():
    """A case that is stopped by something else, or with other words, is not as it declares."""
    (case,) = stopped("archive", "is a pickle")(lambda: b"").cases
    assert attempt(case).stage == "archive"
    assert not attempt(case).ok
    assert not Outcome(case, SANDBOX, "is a pickle", 0.0).ok
    assert Outcome(case, "archive", "x is a pickle, not a zip", 0.0).ok


def test_a_process_that_stays_behind_is_told():
    (case,) = stopped(SANDBOX, "")(lambda: HEAD + AND_ANSWER + "rows()\nif not os.fork(): os.setsid(); time.sleep(4)").cases
    if box.command():
        assert attempt(case).stage == SANDBOX
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box, "command", list)
        assert attempt(case).stage == "leak"


def test_an_unknown_family_is_refused():
    with pytest.raises(UserError, match=r"no family 'file' .* did you mean 'files'"):
        choose("file")
