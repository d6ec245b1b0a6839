"""Opponents at play: the right one, in the right seat, with the right weights, from the first step of an episode to its last."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from avatarium import worlds
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.training.league.matchmaking import MAIN, Table
from avatarium.training.league.outcome import ITSELF
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import Extras
from avatarium.training.play.stage import Stage

ENVS, STEPS = 16, 10
SIDES = "sides"
CASTING = Casting({"red": "red", "blue": "red"}, {}, ("red", "blue"))


def network(choice: int | None = None) -> ActorCritic:
    """A policy for duel; with a ``choice`` it always takes that one."""
    role = worlds.make_batch("duel").roles["red"]
    made = ActorCritic(Interface(role.observation_size, tuple(len(h.choices) for h in role.heads)), Architecture(hidden=(8,)))
    if choice is not None:
        with torch.no_grad():
            made.actor[-1].bias.zero_()
            made.actor[-1].bias[choice] = 50.0
    return made


def stage(learner: ActorCritic) -> Stage:
    batch = worlds.make_batch("duel", num_envs=ENVS, episode_steps=20)
    return Stage(batch, STEPS, CASTING, {"red": learner}, {"red": Extras()}, 7, {})


def orders(names: tuple[str, ...], frozen: dict[str, ActorCritic], past: float = 1.0) -> Orders:
    share = np.arange(1, len(names) + 1) / max(len(names), 1)
    weights = {name: {k: v.numpy() for k, v in made.state_dict().items()} for name, made in frozen.items()}
    return Orders(table=Table(names, share, past), frozen=weights)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stage, Orders], list[dict[str, np.ndarray]]]:
    """Play a fragment and return what was done in every step, [N, A] by role, and which side the learner had, [N]."""

    def play(at: Stage, given: Orders) -> list[dict[str, np.ndarray]]:
        done: list[dict[str, np.ndarray]] = []
        step = at.batch.step

        def noted(actions: dict[str, np.ndarray]) -> object:
            done.append({name: chosen[..., 0].copy() for name, chosen in actions.items()} | {SIDES: at.rivalry._taken.copy()})  # type: ignore[union-attr]
            return step(actions)

        with monkeypatch.context() as patch:
            patch.setattr(at.batch, "step", noted)
            at.play(greedy=False, orders=given)
        return done

    return play


def test_a_past_version_acts_with_its_own_weights_from_its_first_step(played: Callable[..., list[dict[str, np.ndarray]]]) -> None:
    at = stage(network(1))
    for done in played(at, orders(("v10",), {"v10": network(2)})):
        for side, role in enumerate(("red", "blue")):
            assert (done[role][done[SIDES] == side] == 1).all()
            assert (done[role][done[SIDES] != side] == 2).all()


def test_opponents_stay_until_the_episode_ends(played: Callable[..., list[dict[str, np.ndarray]]]) -> None:
    """When the table changes, running episodes are played to their end against whom they began with."""
    at = stage(network(1))
    played(at, orders(("v10",), {"v10": network(2)}))
    first = played(at, orders(("v20",), {"v20": network(3)}))[0]
    for side, role in enumerate(("red", "blue")):
        assert (first[role][first[SIDES] != side] == 2).all()
    for _ in range(2):
        last = played(at, orders(("v20",), {"v20": network(3)}))[-1]
    assert not any((last[role] == 2).any() for role in ("red", "blue"))
    assert at.rivalry._names == ["v20"]  # type: ignore[union-attr]


def test_what_an_opponent_does_is_not_learnt_from() -> None:
    at = stage(network())
    fragments = at.play(False, orders(("v10",), {"v10": network(2)}))
    present = np.stack([fragments[role].present.reshape(STEPS, ENVS, -1)[..., 0] for role in ("red", "blue")])
    assert (present.sum(axis=0) == 1).all()  # in every step of every environment one side learns, and only one
    assert present[0].any() and present[1].any()


def test_alone_the_policy_learns_from_both_sides() -> None:
    at = stage(network())
    fragments = at.play(False, Orders())
    assert all(fragment.present.all() for fragment in fragments.values())
    assert (at.rivalry._opponents == MAIN).all()  # type: ignore[union-attr]


def test_games_are_counted_once_and_only_whole_ones() -> None:
    at = stage(network())
    told = [at.play(False, orders(("random",), {}, past=0.5)) and at.rivalry.results() for _ in range(4)]  # type: ignore[union-attr]
    games = {name: int(counts.sum()) for found in told for name, counts in zip(found.opponents, found.counts, strict=True)}
    total = sum(int(found.counts.sum()) for found in told)
    assert set(games) <= {"random", ITSELF}
    # 40 steps of episodes of 20 that begin evenly spread: each environment ends two, of which the first, begun midway, counts in one only
    assert total == ENVS + 1


def test_scripted_rivals_play_their_side() -> None:
    """The heuristic beats a policy that never moves."""
    at = stage(network(0))
    for _ in range(8):
        at.play(False, orders(("heuristic",), {}))
    (counts,) = [c for n, c in zip(*vars(at.rivalry.results()).values(), strict=True) if n == "heuristic"]  # type: ignore[union-attr]
    lost, drawn, won = counts.sum(axis=0)
    assert lost > 5 * (won + drawn)
