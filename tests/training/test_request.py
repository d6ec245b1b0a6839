"""From words to plans: recipes, overrides, and one sentence for every mistake."""

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from avatarium import worlds
from avatarium.training.commands import Train
from avatarium.training.run import request
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Happened, Hyperparameters, event_rates, recipe_for
from avatarium.worlds import UserError


def words(*given: str) -> Namespace:
    parser = ArgumentParser(allow_abbrev=False)
    Train().add_arguments(parser)
    return parser.parse_args(given)


def recurrent(*names: str) -> list[str]:
    return [word for name in ("network=lstm", "sequence=16", *names) for word in ("--train", name)]


def alike(*names: str) -> list[str]:
    return ["--set", "callers=1", "--set", "alike=yes", *(word for name in names for word in ("--train", name))]


def test_a_world_has_its_own_recipe_and_others_one_for_all() -> None:
    own = recipe_for("wayfinding")
    assert own.shown == ("success", "SPL")
    told = own.gauges({name: Happened(3, 1.5) for name in ("arrival", "failure", "wall_contact", "collision", "intrusion")}, 300.0)
    assert told == {"success": 0.5, "SPL": 0.25, "wall_contact": 0.01, "collision": 0.01, "intrusion": 0.01}
    for_all = recipe_for("lanes")
    assert for_all.hyperparameters == Hyperparameters()
    assert for_all.gauges({"arrival": Happened(2, 1.0)}, 1000.0) == event_rates({"arrival": Happened(2, 1.0)}, 1000.0) == {"arrival": 2.0}


def test_no_journey_no_success() -> None:
    none = {name: Happened(0, 0.0) for name in ("arrival", "failure", "wall_contact", "collision", "intrusion")}
    assert "success" not in recipe_for("wayfinding").gauges(none, 0.0)


def test_every_recipe_is_of_a_world_there_is() -> None:
    for name in worlds.names():
        recipe_for(name)


def test_words_become_a_plan() -> None:
    given = [
        "--set",
        "walkers=4",
        "--train",
        "lr=0.001",
        "--train",
        "ahead=no",
        "--minutes",
        "3",
        "--envs",
        "32",
        "--runners",
        "2",
        "--seed",
        "9",
    ]
    plan = request.planned(words("lanes:WORLD", *given))
    assert plan.settings == {"walkers": 4}
    assert (plan.seed, plan.runners, plan.steps) == (9, 2, 0)
    chosen = plan.hyperparameters
    assert (chosen.lr, chosen.ahead, chosen.minutes, chosen.envs) == (0.001, False, 3, 32)
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "given",
    [
        ["wayfinding"],
        [
            "wayfinding",
            "--steps",
            "5000",
            "--seed",
            "4",
            "--runners",
            "2",
            "--learners",
            "1",
            "--set",
            "guidance=signs",
            *recurrent("lr=0.00025"),
        ],
        ["memory", "--minutes", "0.3", "--envs", "32", "--train", "curiosity=rnd:0.5+counts", "--train", "shared=true"],
        ["lanes:WORLD", *alike(), "--mind", "caller=random"],
        ["duel", "--train", "league=true", "--train", "pool.past=0.5", "--train", "spirit.start=0.1", "--train", "rivals=heuristic+random"],
        ["mpe2.simple_spread_v3:parallel_env", "--set", "N=4", "--set", "local_ratio=0.25"],
    ],
    ids=lambda given: given[0],
)
@pytest.mark.usefixtures("outside")
def test_a_plan_becomes_the_words_that_lead_to_it(given: list[str]) -> None:
    plan = request.planned(words(*given))
    avatarium, train, *again = shlex.split(request.command(plan))
    assert (avatarium, train) == ("avatarium", "train")
    assert request.planned(words(*again)) == plan


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], "which world"),
        (["wayfindin"], "did you mean 'wayfinding'"),
        (["wayfinding", "--set", "walker=3"], "did you mean 'walkers'"),
        (["wayfinding", "--set", "walkers=99"], "between 1 and 16"),
        (["wayfinding", "--train", "lrr=3"], "did you mean 'lr'"),
        (["wayfinding", "--train", "epochs=2.5"], "whole number"),
        (["wayfinding", "--train", "gamma"], "not of the form"),
        (["wayfinding", "--minutes", "0"], "'minutes'"),
        (["wayfinding", "--minutes", "1", "--steps", "5"], "give one of them"),
        (["wayfinding", "--steps", "0"], "at least 1"),
        (["wayfinding", "--envs", "10", "--runners", "3"], "shared out evenly"),
        (["wayfinding", "--envs", "2", "--runners", "3"], "at least one"),
        (["wayfinding", "--runners", "-1"], "--runners -1"),
        (["wayfinding", "--learners", "-1"], "--learners -1 is out of range"),
        (["wayfinding", "--envs", "16", "--runners", "4", "--learners", "3"], "4 runners cannot be shared out evenly over 3 learners"),
        (["wayfinding", "--envs", "16", "--learners", "3"], "16 environments cannot be shared out evenly over 3 learners"),
        (["lanes:WORLD", "--train", "network=rnn"], "lstm"),
        (["lanes:WORLD", *recurrent("fragment=40")], "fragment=40 is no multiple of sequence=16"),
        (["lanes:WORLD", "--train", "curiosity=rdn"], "there is no curiosity 'rdn': did you mean 'rnd'"),
        (["lanes:WORLD", "--train", "curiosity=rnd:lrr=1"], "did you mean 'lr'"),
        (["stateless:WORLD", "--train", "algorithm=mappo"], "has no global state, which mappo's critic would see: choose ppo"),
        (["lanes:WORLD", "--demos", "runs/x"], "give --demos together with --train algorithm=cloning"),
        (["lanes:WORLD", "--train", "algorithm=cloning"], "give --demos together with --train algorithm=cloning"),
        (["lanes:WORLD", "--train", "algorithm=cloning", "--demos", "x", "--train", "curiosity=rnd"], "no use for curiosity"),
        (["lanes:WORLD", "--mind", "walkers=random"], "there is no role 'walkers' in lanes: did you mean 'walker'"),
        (["lanes:WORLD", "--mind", "walker"], "'walker' is not of the form name=value"),
        (["lanes:WORLD", "--mind", "walker=random"], "every role has a mind already"),
        (["lanes:WORLD", "--set", "callers=1", "--mind", "caller=rules"], "there is no policy 'rules'"),
        (["lanes:WORLD", "--train", "league=yes"], "a league needs two roles that sense and do the same"),
        (["lanes:WORLD", "--train", "rivals=random"], "rivals play in a league"),
        (["lanes:WORLD", *alike("league=yes", "rivals=rules")], "there is no policy 'rules'"),
        (["lanes:WORLD", "--train", "teacher=stairs"], "there is no curriculum for lanes"),
        (["nowhere:WORLD"], "there is no module 'nowhere'"),
    ],
)
def test_mistakes_are_explained(given: list[str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        request.planned(words(*given))


def test_a_resumed_run_may_take_longer_but_not_learn_something_else(plan: Plan) -> None:
    longer = request.amended(plan, words("--resume", "runs/x", "--minutes", "7", "--train", "lr=0.1"))
    assert (longer.hyperparameters.minutes, longer.hyperparameters.lr, longer.world) == (7, 0.1, plan.world)
    assert longer.hyperparameters.hidden == plan.hyperparameters.hidden
    for given, complaint in [
        (["--set", "walkers=3"], "--set cannot be changed"),
        (["--seed", "3"], "--seed cannot be changed"),
        (["--out", "elsewhere"], "--out cannot be changed"),
        (["--train", "hidden=64"], "hidden cannot be changed when a run is resumed: it began with 16"),
        (["--train", "curiosity=rnd"], "curiosity cannot be changed"),
        (["--train", "algorithm=mappo"], "algorithm cannot be changed"),
        (["--train", "league=yes"], "league cannot be changed"),
        (["--mind", "walker=random"], "--mind cannot be changed"),
        (["--from", "runs/y"], "--from cannot be changed"),
        (["--learners", "3"], "16 environments cannot be shared out evenly over 3 learners"),
        (["wayfinding"], "is a run in lanes:WORLD"),
    ]:
        with pytest.raises(UserError, match=complaint):
            request.amended(plan, words("--resume", "runs/x", *given))


def test_minds_are_remembered_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: None) -> None:
    """Runners elsewhere, and whoever resumes the run from another folder, find the same file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    assert request._mind("walker=run") == ("walker", str(tmp_path / "run"))
    assert request._mind("walker=run/policy.zip") == ("walker", str(tmp_path / "run" / "policy.zip"))
    assert request._mind("walker=heuristic") == ("walker", "heuristic")


def test_new_runs_get_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert request.folder_for(words("wayfinding")) == Path("runs/wayfinding-1")
    (tmp_path / "runs" / "wayfinding-1").mkdir(parents=True)
    assert request.folder_for(words("wayfinding")) == Path("runs/wayfinding-2")
    assert request.folder_for(words("lanes:WORLD")) == Path("runs/lanes-1")
    (tmp_path / "mine").mkdir()
    assert request.folder_for(words("wayfinding", "--out", "mine")) == Path("mine")
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(UserError, match="not an empty folder"):
        request.folder_for(words("wayfinding", "--out", "mine"))


def test_hyperparameters_are_listed() -> None:
    listed = request.hyperparameters_table("wayfinding")
    assert "| `lr` |" in listed
    assert "The recipe of wayfinding sets" in listed
