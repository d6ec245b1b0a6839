"""How to train in the world noisy_screen."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe

EPISODE_STEPS = 200


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Share of the tiles that are explored in 200 steps, which is an episode by default, and share of the time near the screen."""
    if "visited" not in events:
        return {}
    taken = max(decisions, 1.0)
    return {"coverage": events["visited"].value * EPISODE_STEPS / taken, "screen": events["watched"].count / taken}


RECIPE = Recipe(Hyperparameters(minutes=1.5, hidden=64, envs=64, minibatch=1024, lr=2e-3, curiosity="rnd"), gauges, ("coverage", "screen"))
