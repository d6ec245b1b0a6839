"""What a pool of past versions is for: without it, self-play forgets what it has learnt; on a matrix game, with exact policy gradients."""

import numpy as np

from avatarium.training.league.matchmaking import draw
from avatarium.training.league.outcome import Results
from avatarium.training.league.pool import Pool, Rules

RUSH, BUILD, DEFEND = range(3)
GAME = np.zeros((3, 3))  # twice the chance of winning, less one, for the row against the column
GAME[RUSH, BUILD], GAME[DEFEND, RUSH], GAME[BUILD, DEFEND] = 0.9, 0.9, 0.05
GAME -= GAME.T
START = np.array([0.0, 2.0, -20.0])  # logits: at first nobody thinks of a defence
ITERATIONS, EPISODES, RATE = 1500, 128, 0.5


def self_play(past: float, seed: int) -> np.ndarray:
    """float64: the least chance of winning against any stored ancestor, in every tenth iteration of a training run.

    Everybody builds until rushing is found to beat that, and rushes until defending is. Nobody rushes any more then, and to defend costs
    a little: who meets only the present self ceases to defend, and loses to those who rushed. The gradient is the natural one.
    """
    rng = np.random.default_rng(seed)
    pool = Pool.of((), Rules(every=5, capacity=64, past=past))
    strategies: dict[str, np.ndarray] = {}
    logits, worst = START + rng.normal(size=3) * 0.3, []
    for iteration in range(ITERATIONS):
        own = np.exp(logits - logits.max())
        own /= own.sum()
        if pool.due(iteration):
            strategies[f"v{iteration}"] = own
            pool = pool.join(f"v{iteration}", iteration)
        table = pool.table()
        ancestors = np.stack([strategies[name] for name in table.names])
        pairings = draw(table, rng.integers(1 << 63, size=EPISODES).astype(np.uint64))
        theirs = np.concatenate([ancestors, own[None]])[pairings.opponents]
        won = np.where(rng.random(EPISODES) < (1 + theirs @ GAME.T @ own) / 2, 1, -1)
        pool = pool.after(Results.of(table.names, pairings, np.where(pairings.sides == 0, won, -won)))
        advantage = GAME @ theirs.mean(axis=0)
        logits = logits + RATE * (advantage - own @ advantage)
        if iteration % 10 == 0:
            worst.append((1 + float((ancestors @ GAME.T @ own).min())) / 2)
    return np.array(worst)


def test_a_pool_keeps_ancestors_beaten_that_pure_self_play_forgets() -> None:
    alone, league = self_play(0.0, 0), self_play(0.2, 0)
    late = slice(len(alone) // 2, None)
    assert alone[late].min() < 0.1, "pure self-play loses to its rushing ancestors at some time"
    assert (alone[late] < 0.3).mean() > 0.4, "for long"
    assert league[late].min() > 0.45, "the league never loses what it knew"
