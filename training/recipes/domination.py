"""How to train soldiers of the world domination: both teams are one policy, which meets itself, its past and scripted teams."""

from collections.abc import Mapping

from avatarium.training.league.pool import Rules
from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Seconds for which points counted for a team, and captures and tags of an agent, per game; nothing while no game ended.

    Both teams are in it: against itself a policy that holds more makes the first grow, one that fights more the last.
    """
    games = events["score"].count
    if not games:
        return {}
    return {"score": events["score"].value / games} | {name + "s": events[name].count / games for name in ("capture", "tag")}


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
    shown=("score", "captures", "tags"),
)
