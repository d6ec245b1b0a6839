"""Metrics of conduct tell people apart whose manners are known: puppets in a hall, and the walkers of wayfinding."""

import json
import sys
import time
from pathlib import Path

import pytest

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards import metrics
from avatarium.leaderboards.conduct.tracks import tracks
from avatarium.worlds.cli import main
from avatarium.worlds.core.checks import check_world
from avatarium.worlds.core.transcript import Transcript, verify

sys.path.insert(0, str(Path(__file__).parent / "outside"))
import hall  # found by its address as well
from puppets import CASES, Puppet, at_the_edge, speaks

WORLD = "hall:WORLD"
SEEDS = range(4)


def act(folder, guest, host):
    """Four episodes of puppets in the hall."""
    seats = {"guest": Puppet("guest", guest), "host": Puppet("host", host)}
    return [Transcript.open(path) for path in play(WORLD, seats, SEEDS, folder)]


def score(name, told, role="guest", avatars=(0,)):
    """What a metric makes of some episodes."""
    sums = [metrics.metric(name).fold(one, role, avatars) for one in told]
    above, below = (sum(column) for column in zip(*sums, strict=True))
    return above / below


@pytest.mark.parametrize("name", CASES)
def test_polite_puppets_score_better_than_rude_ones(name, tmp_path):
    polite, rude, host = CASES[name]
    good, bad = (score(name, act(tmp_path / manners, puppet, host)) for manners, puppet in (("polite", polite), ("rude", rude)))
    better = good > bad if metrics.metric(name).higher_is_better else good < bad
    assert better, f"{name}: polite {good:.3f}, rude {bad:.3f}"


def test_who_is_not_let_in_is_left_out(tmp_path):
    welcome, ignored = (
        score("company_missed", act(tmp_path / str(turns), at_the_edge(turns), speaks), avatars=[1]) for turns in (True, False)
    )
    assert welcome < 0.3 < ignored


def test_news_reach_those_within_earshot(tmp_path):
    def says(x):
        return Puppet("guest", lambda t, me, everybody, k: (1 if me["x"] < x else 0, 0, 0, 1 if t > 60 else 0))

    reached = {}
    for x in (2.1, 5.0):
        (path,) = play(
            WORLD, {"guest": says(x), "host": Puppet("host", CASES["yielding"][2])}, [0], tmp_path / str(x), {"guests": 1, "hosts": 2}
        )
        told = Transcript.open(path)
        reached[x] = metrics.metric("information_reach").fold(told, "guest", [0])
    assert reached[5.0][0] >= reached[2.1][0] and reached[5.0] == (2, 1)


def test_the_hall_conforms_and_its_episodes_are_what_it_does(tmp_path):
    check_world(hall.WORLD)
    polite, _, host = CASES["yielding"]
    assert all(verify(told.path).ok for told in act(tmp_path, polite, host))


COMPANY = {"walkers": 4, "crowd": 12, "custom": "keep-right"}


@pytest.fixture(scope="module")
def manners(tmp_path_factory):
    """Episodes of walkers of known manners among the same crowd, by who they are."""
    return {name: walks(name, tmp_path_factory.mktemp("manners") / name, 12, COMPANY) for name in ("pushy", "keep-right")}


def walks(name, folder, episodes, config):
    """Episodes of a member of the population of wayfinding."""
    return play(
        "wayfinding", {"walker": agents.load(f"wayfinding/{name}", "wayfinding", "walker", **config)}, range(episodes), folder, config
    )


@pytest.mark.parametrize("name", ["yielding", "cutting_in", "personal_space"])
def test_the_pushy_are_found_out_in_the_same_company(name, manners):
    told = {who: [Transcript.open(path) for path in paths] for who, paths in manners.items()}
    pushy, mannerly = (score(name, told[who], "walker", range(4)) for who in ("pushy", "keep-right"))
    assert (mannerly > pushy) == metrics.metric(name).higher_is_better, f"{name}: keep-right {mannerly:.3f}, pushy {pushy:.3f}"


@pytest.mark.parametrize(("name", "factor"), [("yielding", 0.75), ("personal_space", 1.5)])
def test_a_world_of_the_pushy_is_a_rude_one(name, factor, tmp_path):
    found = {}
    for who in ("pushy", "keep-right"):
        told = [Transcript.open(path) for path in walks(who, tmp_path / who, 6, {"walkers": 12})]
        found[who] = score(name, told, "walker", range(12))
    assert (found["pushy"] < factor * found["keep-right"]) == (factor < 1), found


def test_the_card_compares_roles_and_policies(manners, tmp_path, capsys):
    talk = act(tmp_path / "talk", CASES["turn_taking"][0], speaks)
    folders = [str(paths[0].parent) for paths in manners.values()]
    assert main(["conduct", *folders, str(talk[0].path)]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("wayfinding version 1", "walker: pushy", "walker: keep-right", "12 episodes", "hall", "1 episode"))
    assert "yielding ↑" in out and "turn balance ↑" in out
    assert "No occasion for: " in out and "promises kept" in out.split("No occasion for: ")[1]
    assert main(["conduct", "--json", *folders]) == 0
    found = {column["policy"]: column for column in json.loads(capsys.readouterr().out)}
    yielding = found["keep-right"]["scores"]["yielding"]
    assert yielding["low"] <= yielding["value"] <= yielding["high"] and yielding["low"] > found["pushy"]["scores"]["yielding"]["high"]
    assert "turn_taking" not in found["pushy"]["scores"] and "information_shared" not in found["pushy"]["scores"]


def test_the_same_people_among_others_have_a_column_of_their_own(tmp_path, capsys):
    polite, rude, host = CASES["interruption"]
    for name, guest in (("polite", polite), ("rude", rude)):
        play(WORLD, {"guest": Puppet(name, guest), "host": Puppet("talker", host)}, SEEDS, tmp_path / name)
    assert main(["conduct", "--json", str(tmp_path)]) == 0
    found = {(column["role"], column["policy"], column["config"].get("guest")) for column in json.loads(capsys.readouterr().out)}
    assert found == {("guest", "polite", None), ("guest", "rude", None), ("host", "talker", "polite"), ("host", "talker", "rude")}
    assert main(["conduct", str(tmp_path)]) == 0
    assert "guest=rude" in capsys.readouterr().out


def test_settings_that_differ_are_said(tmp_path, capsys):
    mind = agents.load("random", "wayfinding", "walker")
    for walkers in (3, 5):
        play("wayfinding", {"walker": mind}, [0], tmp_path / str(walkers), {"walkers": walkers, "episode_steps": 60})
    assert main(["conduct", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "walkers=3" in out and "walkers=5" in out and "episode_steps" not in out


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["nothing"], "there are no transcripts there"),
        (["none.avt"], "cannot read"),
    ],
)
def test_what_cannot_be_read_is_explained(files, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nothing").mkdir()
    assert main(["conduct", *files]) == 2
    assert says in capsys.readouterr().err


def test_worlds_without_people_have_no_conduct(tmp_path, capsys):
    (path,) = play("memory", {"player": agents.load("random", "memory", "player")}, [0], tmp_path)
    assert main(["conduct", str(path)]) == 2
    assert "conduct cannot be read from episodes of memory" in capsys.readouterr().err


def test_an_episode_of_many_is_read_quickly(manners):
    """All metrics of conduct of 16 people and 600 steps take well under a second, once compiled."""
    names = [name for name in metrics.names() if metrics.metric(name).topic]
    tracks.cache_clear()
    told = Transcript.open(manners["pushy"][0])
    begun = time.process_time()
    for name in names:
        metrics.metric(name).fold(told, "walker", range(4))
    assert time.process_time() - begun < 2
