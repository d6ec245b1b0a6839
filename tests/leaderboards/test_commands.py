"""The commands as a person types them, and what they say when something is wrong."""

import json
import os
import pickle
import subprocess
import sys

import pytest

from avatarium.leaderboards import evaluate
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError

WORLD = "elsewhere:WORLD"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch, elsewhere):
    monkeypatch.chdir(tmp_path)


def run(capsys, *words):
    code = main([str(word) for word in words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_evaluate_compares_policies_and_leaves_transcripts(capsys, submission, tmp_path):
    path = submission()
    code, out, _ = run(capsys, "evaluate", WORLD, path, "random", "heuristic", "--episodes", "3", "--set", "crowd=2")
    assert code == 0
    assert all(word in out for word in ("tiny", "random", "heuristic", "success", "SPL", "3 episodes"))
    assert len(list((tmp_path / "runs/evaluate/tiny").glob("*.avt"))) == 3
    first = next((tmp_path / "runs/evaluate/tiny").glob("*.avt"))
    assert run(capsys, "verify", first)[0] == 0


def test_evaluate_seats_others_beside_those_who_are_judged(capsys, tmp_path):
    words = ["evaluate", "concierge", "concierge/guide", "random", "--episodes", "2", "--out", str(tmp_path)]
    scores = []
    for visitor in ("concierge/follower", "concierge/foreigner"):
        assert main([*words, "--mind", f"visitor={visitor}"]) == 0
        told = capsys.readouterr().out
        scores.append(next(line for line in told.splitlines() if "concierge/guide" in line))
        assert "random" in told
    assert scores[0] != scores[1]
    assert len(list((tmp_path / "concierge" / "guide").glob("*.avt"))) == 2
    for wrong, sentence in (("host=random", "'host' is not a role beside host"), ("visitor", "not of the form name=value")):
        assert main([*words, "--mind", wrong]) == 2
        assert sentence in capsys.readouterr().err


def test_submissions_called_alike_are_told_apart_by_their_folders(capsys, submission, tmp_path):
    path = submission()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.zip").write_bytes(path.read_bytes())
    words = (tmp_path / "one/policy.zip", "two/policy.zip", tmp_path / "one/policy.zip")  # the first is given twice
    code, out, _ = run(capsys, "evaluate", WORLD, *words, "--episodes", "1", "--set", "crowd=0")
    assert code == 0
    assert (out.count("one/policy.zip"), out.count("two/policy.zip")) == (1, 1)
    assert sorted(p.parent for p in tmp_path.glob("runs/evaluate/**/*.avt")) == [
        tmp_path / "runs/evaluate" / name / "policy.zip" for name in ("one", "two")
    ]


@pytest.mark.parametrize("name", ["/elsewhere", "../mine"])
def test_transcripts_stay_in_their_folder(name, tmp_path):
    with pytest.raises(UserError, match="would lie outside"):
        evaluate.evaluate(WORLD, {name: "random"}, range(1), {}, tmp_path / "out")


def test_the_function_gives_results_with_intervals(submission, tmp_path):
    found = evaluate.evaluate(WORLD, {"mine": str(submission()), "random": "random"}, range(5), {"split": "validation"}, tmp_path / "out")
    mine, random = found
    assert (mine.policy, mine.world, mine.role, len(mine.transcripts)) == ("mine", "elsewhere", "walker", 5)
    assert mine.layers["process"] and not random.layers
    score = random.scores["collisions"]
    assert score.low <= score.value <= score.high
    assert not random.faults
    assert evaluate.table(found).count("\n") > 4


def test_submit_and_leaderboard(capsys, submission):
    path = submission()
    code, out, _ = run(capsys, "submit", path, "--world", WORLD, "--episodes", "2")
    assert code == 0
    assert all(name in out for name in ("tiny", "random", "heuristic", "oracle"))
    assert "2 scenarios × 2 episodes, 95 % intervals" in out
    code, again, _ = run(capsys, "leaderboard")
    assert (code, again) == (0, out)
    code, out, _ = run(capsys, "leaderboard", WORLD, "--policy", "tiny", "--all")
    assert code == 0
    assert "tiny by places, people and customs" in out
    assert "held-out" in out
    code, out, _ = run(capsys, "leaderboard", "--json")
    (found,) = json.loads(out)
    assert [p["policy"] for p in found["policies"] if not p["baseline"]] == ["tiny"]
    assert all(len(p["transcripts"]) == 4 and len(p["transcripts"][0]["digest"]) == 64 for p in found["policies"])
    (cells,) = json.loads(run(capsys, "leaderboard", "--json", "--policy", "tiny")[1])
    assert [c["scenario"] for c in cells["scenarios"]] == ["validation/any/any", "held-out/any/any"]


def test_leaderboard_of_a_world_that_nobody_has_submitted_to(capsys):
    code, out, _ = run(capsys, "leaderboard", WORLD, "--episodes", "1")
    assert code == 0
    assert all(name in out for name in ("random", "heuristic", "oracle"))


def test_wayfinding_is_judged_over_all_its_scenarios(capsys, submission):
    code, out, _ = run(capsys, "submit", submission("wayfinding"), "--episodes", "1")
    assert code == 0
    assert "13 scenarios × 1 episodes" in out
    out = run(capsys, "leaderboard", "wayfinding", "--policy", "tiny")[1]
    assert all(word in out for word in ("validation", "held-out", "together", "strangers", "focal-minority", "keep-left", "gap"))


def wrong(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (lambda s, t: ("submit", t / "none.zip"), "there is no file"),
        (lambda s, t: ("submit", wrong(t / "p.zip", pickle.dumps([1]))), "p.zip is a pickle, not a zip"),
        (lambda s, t: ("submit", s(world="nowhere")), "there is no world 'nowhere'"),
        (lambda s, t: ("submit", s(world_version=9), "--world", WORLD), "made for elsewhere version 9; this is version 1"),
        (lambda s, t: ("submit", s(role="guest"), "--world", WORLD), "has no role 'guest'"),
        (lambda s, t: ("submit", s(signature="0" * 64), "--world", WORLD), "their signatures differ"),
        (lambda s, t: ("submit", s(), "--world", WORLD, "--episodes", "0"), "--episodes 0 cannot be played"),
        (lambda s, t: ("submit", s(), "--world", WORLD, "--board", wrong(t / "b.sqlite", b"x" * 5000)), "is no leaderboard"),
        (lambda s, t: ("evaluate", "wayfindng", "random"), "did you mean 'wayfinding'"),
        (lambda s, t: ("evaluate", WORLD), "name a policy"),
        (lambda s, t: ("evaluate", WORLD, "rnd"), "there is no policy 'rnd'"),
        (lambda s, t: ("evaluate", WORLD, "random", "--set", "crwd=1"), "did you mean 'crowd'"),
        (lambda s, t: ("evaluate", WORLD, "random", "--split", "heldout"), "did you mean 'held-out'"),
        (lambda s, t: ("evaluate", WORLD, "random", "--episodes", "-1"), "cannot be played"),
        (lambda s, t: ("leaderboard",), "there is no leaderboard at runs/leaderboard.sqlite: submit a policy"),
        (lambda s, t: ("leaderboard", WORLD, "--policy", "nobody", "--episodes", "1"), "no policy 'nobody' is ranked"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(capsys, submission, tmp_path, words, says):
    code, _, err = run(capsys, *words(submission, tmp_path))
    assert code == 2
    assert says in err
    assert err.startswith("avatarium: ")
    assert err.count("\n") == 1


def test_a_refused_policy_stays_on_the_board_with_its_reason(capsys, submission, build):
    path = submission(name="liar", actions=(5, 3))
    from avatarium.agents import exported

    paper, _ = exported.read(path)
    exported.pack(path, build.onnx(), paper)
    code, _, err = run(capsys, "submit", path, "--world", WORLD, "--episodes", "1")
    assert code == 2
    assert "liar cannot be played: the graph's input 'observation' has the shape [?, 6]" in err
    out = run(capsys, "leaderboard", "--episodes", "1")[1]
    assert "liar is not ranked: rejected: liar cannot be played" in out


def test_judging_loads_neither_torch_nor_ray_nor_the_runtime(submission, elsewhere):
    """The runtime is loaded in the sandbox alone, telemetry and all."""
    code = (
        "import sys; import avatarium.leaderboards.commands; light = not {'rich', 'sqlalchemy'} & set(sys.modules); "
        "from avatarium.worlds.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'torch', 'ray', 'onnxruntime', 'onnx', 'worlds', 'leaderboards'} & set(sys.modules); "
        "sys.exit(f'{code} {light} {sorted(heavy)}')"
    )
    words = ["evaluate", WORLD, str(submission()), "random", "--episodes", "1"]
    environment = os.environ | {"PYTHONPATH": str(elsewhere)}
    done = subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("0 True []"), done.stderr
