"""Damaged submissions get a sentence, or are played, and nothing falls over."""

import random

import numpy as np
import pytest

from avatarium.agents.manifest import from_json
from avatarium.leaderboards.corpus import mutants as damaging
from avatarium.leaderboards.corpus.building import role
from avatarium.leaderboards.sandbox.host import Worker

pytest.importorskip("onnxruntime")


def test_hundreds_of_mutants_bring_nothing_down():
    tally = damaging.mutants(range(400))
    assert tally.wrong == []
    assert sum(tally.ends.values()) == 400
    assert {kind for kind, _ in tally.ends} == {"archive", "manifest", "graph"}
    assert tally.ends["graph", "played"] > 0, "some survive their damage"
    assert tally.ends["archive", "refused"] > tally.ends["archive", "accepted"]


def test_what_they_are_made_of_is_honest():
    for original in damaging.originals():
        manifest = from_json(original["manifest"])
        with Worker() as worker:
            worker.load(original["graph"], manifest, role().observation_size)
            states = [np.zeros((2, *state.shape), np.float32) for state in manifest.recurrent]
            assert worker.run((np.zeros((2, role().observation_size), np.float32), *states))[0].shape[0] == 2


def test_a_seed_gives_the_same_mutant():
    content = damaging.originals()[0]["graph"]
    one, two, other = (damaging.damaged(random.Random(seed), "graph", content) for seed in (7, 7, 8))
    assert one == two != other


def test_a_reader_that_falls_over_is_told(monkeypatch):
    monkeypatch.setattr(damaging, "_told", lambda content: 1 / 0)
    tally = damaging.mutants(range(20))
    assert tally.wrong
    assert "manifest: ZeroDivisionError" in tally.wrong[0]
    assert tally.ends["manifest", "wrong"] == len(tally.wrong)


def test_a_process_that_falls_is_replaced(monkeypatch):
    def crash(self, *_):
        self.process.kill()
        self.process.wait()
        return load(self, *_)

    load = Worker.load
    monkeypatch.setattr(Worker, "load", crash)
    tally = damaging.mutants(range(8))
    assert tally.processes > 1
    assert tally.wrong == []
