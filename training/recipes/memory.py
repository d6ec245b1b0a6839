"""How to train in the world memory."""

from avatarium.training.run.gauges import share
from avatarium.training.run.recipe import Hyperparameters, Recipe

RECIPE = Recipe(
    Hyperparameters(minutes=1.5, network="gru", layers=1, units=64, hidden=64, envs=64, minibatch=1024, lr=2e-3, sequence=32, gamma=0.9),
    share("right", "right", "wrong"),
    ("right",),
)
