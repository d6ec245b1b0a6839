"""How to train in the world keydoor."""

from avatarium.training.run.gauges import share
from avatarium.training.run.recipe import Hyperparameters, Recipe

RECIPE = Recipe(
    Hyperparameters(minutes=1.5, hidden=64, envs=64, minibatch=1024, lr=1e-3, entropy=0.01),
    share("success", "arrival", "failure"),
    ("success",),
)
