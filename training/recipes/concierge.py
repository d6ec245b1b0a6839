"""How to train host and visitors of the world concierge."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Success: share of wishes that were fulfilled; SCT: success weighted by completion time (Yokoyama et al. 2021)."""
    arrived, wishes = events["arrival"], events["arrival"].count + events["failure"].count
    if not wishes:
        return {}
    return {"success": arrived.count / wishes, "SCT": arrived.value / wishes}


RECIPE = Recipe(
    Hyperparameters(minutes=20.0, envs=64, epochs=2, minibatch=4096, lr=1e-3, entropy=0.003, gamma=0.97),
    gauges,
    shown=("success", "SCT"),
)
