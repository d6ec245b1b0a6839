"""How to train in the world masks."""

from avatarium.training.run.recipe import Hyperparameters, Recipe

RECIPE = Recipe(Hyperparameters(minutes=1.5, hidden=64, envs=64, minibatch=1024, lr=2e-3, gamma=0.5))
