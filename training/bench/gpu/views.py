"""How fast avatars are shown what they see, in pictures that are drawn on the GPU and stay there."""

import numpy as np

from avatarium.training.bench.gpu.figures import WORLD, Pace, Row, Tell, best_last, median, seconds_each
from avatarium.training.bench.gpu.playing import Play
from avatarium.worlds.gpu import device

TARGET = 1e6


def measured(pace: Pace, tell: Tell) -> list[Row]:
    """Views a second, by numbers of environments; the best comes last."""
    rows = []
    for envs in pace.viewers:
        row = _row(envs, pace)
        tell(f"{envs:,} environments: {row.rate:,.0f} views/s")
        rows.append(row)
    return best_last(rows)


def _row(envs: int, pace: Pace) -> Row:
    batch = Play(envs, pace.settings).batch
    eyes = batch.eyes(next(iter(batch.roles)), pace.side, pace.side)
    rgb = device.empty_like(np.empty((*eyes.shape, 3), np.uint8))
    views = eyes.shape[0] * eyes.shape[1]
    rates = tuple(views / seconds for seconds in seconds_each(lambda: eyes.look(rgb), pace))
    about = {"environments": envs, "avatars": eyes.shape[1], "pixels": f"{pace.side} x {pace.side}"}
    return Row("views_per_s", f"{WORLD}, views of {pace.side} x {pace.side}", median(rates), "views", TARGET, rates, about=about)
