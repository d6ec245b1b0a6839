"""How to train in the world coordination."""

from avatarium.training.run.recipe import Hyperparameters, Recipe

RECIPE = Recipe(Hyperparameters(minutes=1.5, envs=128, fragment=32, lr=2e-3, entropy=0.01, gamma=0.9), shown=("covered",))
