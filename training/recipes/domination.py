"""How to train soldiers of the world domination: both teams are one policy, which meets itself, its past and scripted teams."""

from collections.abc import Mapping

from avatarium.training.league.pool import Rules
from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe
from avatarium.worlds.core.bodies import STEP_S


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Seconds for which points counted for a team, per game; captures and tags per avatar and minute.

    Both teams are in it: against itself a policy that holds more makes the first grow, one that fights more the last.
    """
    minutes = max(decisions, 1.0) * float(STEP_S) / 60.0
    rates = {name + "s/min": events[name].count / minutes for name in ("capture", "tag")}
    games = events["score"].count
    return ({"score": events["score"].value / games} if games else {}) | rates


RECIPE = Recipe(
    Hyperparameters(
        minutes=15.0,
        envs=64,
        epochs=2,
        minibatch=4096,
        lr=1e-3,
        entropy=0.003,
        gamma=0.995,
        league=True,
        rivals="heuristic+domination/majority",
        pool=Rules(past=0.3),
        team_spirit=True,
    ),
    gauges,
    shown=("score", "captures/min", "tags/min"),
)
