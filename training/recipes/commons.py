"""How to train pickers of the world commons."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """The social outcomes of Perolat et al. (2017, arXiv:1707.06600), as near as sums of events tell them.

    meals: per minute and picker, which is the collective return but for fines; sustainability: mean time of a meal (s); equality: 1 - Gini
    coefficient, mean over episodes; peace: share of steps not spent in time-out; scarce: share of meals taken where little was left.
    """
    meals, fines, ends = events["meal"], events["fined"], events["equality"]
    found = {
        "meals": 600.0 * meals.count / max(decisions, 1.0),
        "peace": 1.0 - fines.value / max(decisions, 1.0),
        "fines": 600.0 * fines.count / max(decisions, 1.0),
    }
    if meals.count:
        found |= {"sustainability": meals.value / meals.count, "scarce": events["scarce_meal"].count / meals.count}
    if ends.count:
        found["equality"] = ends.value / ends.count
    return found


# What restraint is worth comes late. With shared rewards, half the environments, twice the rate and gamma 0.995 led to 14 meals an episode
# and back to 10; these led to 15.
RECIPE = Recipe(
    Hyperparameters(minutes=15.0, envs=128, epochs=2, minibatch=8192, lr=5e-4, gamma=0.998),
    gauges,
    shown=("meals", "sustainability"),
)
