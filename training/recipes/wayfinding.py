"""How to train walkers of the world wayfinding."""

from collections.abc import Mapping

from avatarium.training.run.curriculum import Curriculum
from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Success: share of journeys that arrived. SPL: success weighted by path length (Anderson et al. 2018, arXiv:1807.06757).

    Contacts and intrusions are shares of the decisions.
    """
    arrived, journeys = events["arrival"], events["arrival"].count + events["failure"].count
    shares = {name: events[name].count / max(decisions, 1.0) for name in ("wall_contact", "collision", "intrusion")}
    if not journeys:
        return shares
    return {"success": arrived.count / journeys, "SPL": arrived.value / journeys, **shares}


LESSONS = Curriculum(
    {
        "difficulty": ({"rooms_low": 2, "rooms_high": 4}, {"rooms_low": 4, "rooms_high": 8}, {}),
        "company": ({"walkers": 2}, {"walkers": 4}, {}),
    }
)

RECIPE = Recipe(
    Hyperparameters(minutes=9.0, envs=64, epochs=2, minibatch=4096, lr=1e-3, entropy=0.002),
    gauges,
    shown=("success", "SPL"),
    sampling="greedy",
    curriculum=LESSONS,
)
