"""How to train in MPE's simple_spread of PettingZoo, a world of others: ``avatarium train mpe2.simple_spread_v3:parallel_env``."""

from avatarium.training.run.recipe import Hyperparameters, Recipe

RECIPE = Recipe(
    Hyperparameters(
        minutes=3.0,
        envs=32,
        fragment=25,
        epochs=15,
        minibatch=600,
        lr=1.5e-3,
        lr_end=0.1,
        gamma=0.9,
        entropy=0.003,
        hidden=128,
    )
)
