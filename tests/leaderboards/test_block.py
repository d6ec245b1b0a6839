"""Blocks of seeds of one scenario: focal avatars and the others, in the same seats for everybody, each fault at the right door."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.exported import PolicyError
from avatarium.agents.policy import keys
from avatarium.leaderboards import block, scoring
from avatarium.leaderboards.block import play_background, play_block
from avatarium.leaderboards.episodes import fold, setting
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.scenarios import Background, Mode, Scenario, alone, scenarios
from avatarium.leaderboards.scenarios.frozen import HIDDEN, freeze
from avatarium.leaderboards.shared_seats import WorldFault
from avatarium.worlds.core import discovery, transcript
from avatarium.worlds.core.errors import UserError

SEEDS = [40, 41, 42]
VERSUS = Mode("cross-play", 2, "versus")


@pytest.fixture
def spec(elsewhere):
    return discovery.spec("elsewhere:WORLD")


@pytest.fixture
def minority(spec):
    people = tuple(freeze(name, spec) for name in ("heuristic", "random"))
    return Scenario("here", "mixed", "none", {"split": "validation"}, mode=Mode("focal-minority", 1), background=people)


def mind(spec, scenario, name="random", role="walker"):
    return agents.load(name, discovery.address(spec), role, **scenario.config)


class Failing:
    """Fails in the first step of an episode of one seed, whichever avatars it has."""

    name = "failing"

    def __init__(self, seed, error=PolicyError):
        self.error = error
        self.bad = keys(np.full(8, seed, np.uint64), np.zeros(8, np.int64), np.arange(8))

    def initial_state(self, rows):
        return ()

    def step(self, turn, state):
        if np.isin(turn.keys, self.bad).any():
            raise self.error("it gave up")
        return np.zeros((len(turn.keys), 2), np.int32), ()


def test_scores_are_those_of_focal_avatars_and_beside_them_those_of_the_others(spec, minority, tmp_path):
    found = play_block(minority, spec, "walker", mind(spec, minority, "oracle"), SEEDS, tmp_path, {"submission": "k"})
    assert [e.seed for e in found] == SEEDS
    for e in found:
        focal = [a for a, who in enumerate(e.seats["walker"]) if who == "focal"]
        others = [a for a in range(4) if a not in focal]
        told = transcript.Transcript.open(e.transcript)
        where = setting(spec, minority.config, "walker")
        assert len(focal) == 1
        assert (e.shares, e.background) == (fold(told, where, focal), fold(told, where, others))
        extra = told.header["extra"]
        assert extra["seats"]["walker"] == list(e.seats["walker"])
        assert (extra["submission"], extra["mode"], extra["key"]) == ("k", "focal-minority", minority.key(spec))
        assert transcript.verify(e.transcript).ok
    assert len({e.seats["walker"] for e in found}) > 1
    assert {who for e in found for who in e.seats["walker"]} == {"focal", "heuristic", "random"}


def test_everybody_sits_in_the_same_seats_and_blocks_do_not_matter(spec, minority, tmp_path):
    policy = mind(spec, minority)
    together = play_block(minority, spec, "walker", policy, SEEDS, tmp_path / "a")
    apart = [e for seed in reversed(SEEDS) for e in play_block(minority, spec, "walker", policy, [seed], tmp_path / "b")][::-1]
    assert [e.digest for e in together] == [e.digest for e in apart]
    assert [e.transcript.read_bytes() for e in together] == [e.transcript.read_bytes() for e in apart]
    other = play_block(minority, spec, "walker", mind(spec, minority, "oracle"), SEEDS, tmp_path / "c")
    assert [e.seats for e in other] == [e.seats for e in together]
    assert [e.digest for e in other] != [e.digest for e in together]


def test_background_people_among_themselves_sit_where_they_sat(spec, minority, tmp_path):
    beside = play_block(minority, spec, "walker", mind(spec, minority), SEEDS, tmp_path / "a")
    without = play_background(minority, spec, "walker", SEEDS, tmp_path / "b")
    for one, other in zip(beside, without, strict=True):
        assert other.shares == {}
        assert other.background["intrusion"][1] == 3 * 60
        seats = zip(one.seats["walker"], other.seats["walker"], strict=True)
        assert all(a in ("focal", b) for a, b in seats)
        assert "focal" not in other.seats["walker"]
    with pytest.raises(UserError, match="has no background people"):
        play_background(replace(minority, mode=Mode()), spec, "walker", SEEDS, tmp_path)


def test_self_play_has_all_seats(spec, tmp_path):
    one = alone(spec)[0]
    (found,) = play_block(one, spec, "walker", mind(spec, one), [40], tmp_path)
    assert (found.seats, found.background) == ({"walker": ("focal",) * 4}, {})


def test_an_error_of_the_judged_policy_costs_its_own_episode(spec, minority, tmp_path):
    found = play_block(minority, spec, "walker", Failing(41), SEEDS, tmp_path)
    assert [(e.seed, e.fault, e.partner_fault) for e in found] == [(40, None, False), (41, "it gave up", False), (42, None, False)]


def test_an_error_of_a_partner_is_told_as_the_partners_and_costs_nothing(spec, minority, tmp_path):
    together = replace(minority, mode=VERSUS, background=())
    found = play_block(together, spec, "walker", mind(spec, together), SEEDS, tmp_path, partners={"walker": Failing(41)})
    assert [(e.seed, e.fault, e.partner_fault) for e in found[::2]] == [(40, None, False), (42, None, False)]
    assert (found[1].fault, found[1].partner_fault) == ("its partner partner failed: it gave up", True)
    _, below = scoring.sums(metric("collisions"), [found], np.zeros(3, int))
    assert below[0, 1] == 0.0 < below[0, 0]
    assert sorted(found[0].seats["walker"]) == ["focal", "focal", "partner", "partner"]
    with pytest.raises(UserError, match="give a partner for the role walker"):
        play_block(together, spec, "walker", mind(spec, together), SEEDS, tmp_path)


@pytest.mark.parametrize("error", [PolicyError, ZeroDivisionError])
def test_an_error_of_background_people_is_no_score_at_all(spec, minority, tmp_path, monkeypatch, error):
    monkeypatch.setattr(block, "_mind", lambda *_: Failing(41, error))
    with pytest.raises(WorldFault, match="the background policy heuristic failed: it gave up"):
        play_block(minority, spec, "walker", mind(spec, minority), SEEDS, tmp_path)
    assert not list(tmp_path.glob("*.avt"))


def test_edited_background_people_are_found(spec, minority, tmp_path):
    other = replace(minority, background=(replace(minority.background[0], sha256="0" * 64),))
    with pytest.raises(WorldFault, match=r"is not the one that the scenarios were made with .*--freeze"):
        play_block(other, spec, "walker", mind(spec, other), SEEDS, tmp_path)


def test_hidden_people_are_played_where_they_are_and_skipped_elsewhere(spec, minority, tmp_path, monkeypatch, submission):
    path = submission()
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    hidden = replace(minority, background=(Background("stranger", sha, ("walker",), hidden=True),))
    monkeypatch.delenv(HIDDEN, raising=False)
    assert hidden.skipped == "here/mixed/none/focal-minority is skipped: stranger is hidden, and only the organisers have it"
    with pytest.raises(UserError, match="is skipped: stranger is hidden"):
        play_block(hidden, spec, "walker", mind(spec, hidden), SEEDS, tmp_path)
    monkeypatch.setenv(HIDDEN, str(tmp_path))
    path.rename(tmp_path / "stranger.zip")
    assert hidden.skipped == ""
    (found,) = play_block(hidden, spec, "walker", mind(spec, hidden), [40], tmp_path / "out")
    assert found.seats["walker"].count("stranger") == 3
    other = replace(hidden, background=(replace(hidden.background[0], sha256="0" * 64),))
    with pytest.raises(WorldFault, match=r"put the right stranger\.zip into"):
        play_block(other, spec, "walker", mind(spec, other), [40], tmp_path)


def test_other_roles_are_played_by_the_people_of_the_scenario(tmp_path):
    spec = discovery.spec("concierge")
    one = next(s for s in scenarios(spec, "host") if s.people == "strangers")
    one = replace(one, config={**one.config, "episode_steps": 50})
    found = play_block(one, spec, "host", mind(spec, one, "concierge/guide", "host"), [40, 41], tmp_path)
    assert [e.seats["visitor"] for e in found] == [("concierge/foreigner",) * 2, ("concierge/visitor-lstm-5",) * 2]
    assert {e.seats["host"] for e in found} == {("focal",)}
    together = next(s for s in scenarios(spec, "host") if s.with_partner)
    together = replace(together, config=one.config)
    visitor = mind(spec, together, "random", "visitor")
    (found,) = play_block(together, spec, "host", mind(spec, one, "concierge/guide", "host"), [40], tmp_path, partners={"visitor": visitor})
    assert found.seats == {"host": ("focal",), "visitor": ("partner",) * 2}
