"""How to train whoever runs the stations of the world metasync.

What is not sent yet lies in the devices, where no agent sees it: a critic that is asked what comes after a few steps, or after the end of
an episode, does not know of sensors that starve. So returns are taken as they came, to the end of the episode and no further.
"""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Shares of the requests that were served and that were late, and the mean AoRI and AoSI of those that were served (steps)."""
    asked, served = events["requested"].value, events["served"].count
    shares = {"served": served / asked, "late": events["late"].count / max(served, 1.0)} if asked else {}
    ages = {"AoRI": events["served"].value / served, "AoSI": events["synced"].value / served} if served else {}
    return shares | ages


RECIPE = Recipe(
    Hyperparameters(
        minutes=1.0,
        envs=16,
        fragment=400,
        epochs=10,
        minibatch=1600,
        lr=1e-3,
        gamma=0.99,
        lam=1.0,
        finite=True,
        hidden=64,
        entropy=0.0,
    ),
    gauges,
    shown=("served", "late"),
    sampling="greedy",
)
