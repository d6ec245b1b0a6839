"""What a submitter is told, step by step."""

import argparse
import json

import pytest

from avatarium.leaderboards import check as checking
from avatarium.leaderboards import corpus
from avatarium.leaderboards.check import STEPS, check
from avatarium.leaderboards.check_command import Check
from avatarium.leaderboards.sandbox import lockdown, trust
from avatarium.worlds.core.errors import UserError

pytest.importorskip("onnxruntime")


def run(*words):
    """The command, as the shell would call it."""
    command, parser = Check(), argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def test_an_honest_submission_passes_every_step(submission):
    report = check(submission(), "elsewhere:WORLD")
    assert report.accepted
    assert report.reason == report.stage == ""
    assert tuple(step.name for step in report.steps) == STEPS
    assert report.layers["process"]
    assert report.facts["flops"] > 0
    assert report.facts["us_batch_1"] > 0
    assert report.facts["trial_steps"] == 60


def test_the_first_step_that_fails_is_the_last(submission):
    report = check(submission(world_version=999), "elsewhere:WORLD")
    assert not report.accepted
    assert [step.ok for step in report.steps] == [True, True, False]
    assert report.stage == "world"
    assert report.reason.startswith("this policy was made for elsewhere version 999")
    assert report.layers == {}


def test_a_world_that_a_manifest_names_is_never_imported(tmp_path):
    path = tmp_path / "x.zip"
    (case,) = (case for case in corpus.cases("manifests") if "module" in case.name)
    path.write_bytes(case.make())
    assert check(path).stage == "manifest"


def test_nothing_is_loaded_where_the_sandbox_is_weak_and_nobody_vouches(submission, monkeypatch):
    monkeypatch.setattr(trust, "NEEDED", ("a lock that nobody has",))
    monkeypatch.setitem(lockdown.LAYERS, "a lock that nobody has", "?")
    path = submission()
    with pytest.raises(UserError, match=r"lacks a lock that nobody has .* --i-trust-these-files"):
        check(path, "elsewhere:WORLD")
    assert check(path, "elsewhere:WORLD", trust=True).accepted


def test_a_machine_that_fails_is_no_reason_to_refuse(submission, monkeypatch):
    def broken(*_, **__):
        raise checking.LoadError("onnxruntime is elsewhere")

    monkeypatch.setattr(checking, "SandboxedPolicy", broken)
    report = check(submission(), "elsewhere:WORLD")
    assert (report.stage, report.reason) == ("loading", "onnxruntime is elsewhere")


def test_the_command_says_what_will_become_of_it(submission, capsys):
    assert run(submission(), "--world", "elsewhere:WORLD") == 0
    told = capsys.readouterr().out
    assert "tiny.zip may play for a score" in told
    assert all(step in told for step in STEPS)
    assert run(submission(role="judge"), "--world", "elsewhere:WORLD", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["accepted"], told["stage"]) == (False, "world")
    assert told["reason"].startswith("this policy was made for the role judge")


def test_names_are_printed_as_they_are(submission, capsys):
    run(submission("elsewhere:WORLD", "[bold]x[/]"), "--world", "elsewhere:WORLD")
    assert "name [bold]x[/]" in capsys.readouterr().out


def test_the_command_tries_the_corpus(capsys, monkeypatch):
    assert run("--corpus", "files") == 0
    told = capsys.readouterr().out
    assert "76 of 76 hostile submissions were stopped" in told
    chosen = corpus.cases("files")[:1] + list(corpus.stopped("world", "never")(lambda: b"").cases)
    monkeypatch.setattr(corpus, "choose", lambda family: chosen)
    assert run("--corpus") == 1
    assert "got through: it ended at 'archive'" in capsys.readouterr().out
    assert run("--corpus", "--json") == 1
    assert json.loads(capsys.readouterr().out)["through"] == 1


def test_a_file_or_the_corpus_has_to_be_named():
    for words in ((), ("x.zip", "--corpus", "files")):
        with pytest.raises(UserError, match="avatarium check"):
            run(*words)
