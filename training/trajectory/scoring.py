"""How well models predict: every row that counts under a protocol, scene by scene, with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.stats import Interval
from avatarium.training.trajectory import metrics
from avatarium.training.trajectory.models import Predictor
from avatarium.training.trajectory.windows import Windows

SAMPLES = 20
ERRORS = {
    "ADE": "mean distance from the truth, m",
    "FDE": "distance at the last step, m",
    f"minADE{SAMPLES}": f"ADE of the best of {SAMPLES} draws; only models with a density draw",
    f"minFDE{SAMPLES}": f"FDE of the best of {SAMPLES} draws",
    "NLL": "negative log-density (1/m²) of the true steps, each given those before it, mean over steps",
    "collisions": f"share of predicted paths that come nearer than {metrics.TOUCHING_M} m to another predicted one",
}
"""What is measured of every row; less is better."""


@dataclass(frozen=True, eq=False)
class Errors:
    """What a model got wrong in the rows that count."""

    values: np.ndarray  # float64 [len(ERRORS), M]; not-a-number where there is none
    scene: np.ndarray  # str [M]
    track: np.ndarray  # int64 [M]: the same number for windows of one person in one recording


@dataclass(frozen=True)
class Score:
    """A model's errors: the mean over scenes of means over rows, and those of each scene."""

    model: str
    mean: dict[str, Interval]
    beside: Interval
    """ADE less that of the first model that was scored, in the same rows."""
    scenes: dict[str, dict[str, float]]
    rows: dict[str, int]


def measure(predictor: Predictor, windows: Windows, protocol: str, seed: int = 0) -> Errors:
    """Predict and compare; ``windows`` are all rows of some recordings, so that everybody around is seen."""
    counts = windows.counting(protocol)
    future, moment = windows.future[counts], windows.past.moment[counts]
    path = predictor.predict(windows.past, 1)[:, counts]
    density = predictor.likelihood(windows.past, windows.future)
    nothing = np.full(len(future), np.nan)
    drawn = None if density is None else predictor.predict(windows.past, SAMPLES, seed)[:, counts]
    values = [
        metrics.ade(path, future),
        metrics.fde(path, future),
        nothing if drawn is None else metrics.ade(drawn, future),
        nothing if drawn is None else metrics.fde(drawn, future),
        nothing if density is None else -density[counts],
        metrics.collides(np.where(np.isnan(future), np.nan, path[0]), moment),
    ]
    _, track = np.unique(np.stack([windows.recording, windows.person])[:, counts], axis=1, return_inverse=True)
    return Errors(np.stack(values).astype(float), windows.scenes[counts], track.ravel())


def truth(windows: Windows, protocol: str) -> float:
    """Share of the true paths that count as collisions: what the collisions of a model compare with."""
    counts = windows.counting(protocol)
    return float(metrics.collides(windows.future[counts], windows.past.moment[counts]).mean()) if counts.any() else float("nan")


def score(model: str, parts: Sequence[Errors], first: Sequence[Errors]) -> Score:
    """A model's score from its errors in some scenes, beside those of the ``first`` model in the same rows.

    Windows of one track are alike: what is resampled is tracks, within scenes.
    """
    scene = np.concatenate([part.scene for part in parts])
    names = list(dict.fromkeys(scene.tolist()))
    strata = np.array([names.index(name) for name in scene.tolist()])
    values = np.concatenate([part.values for part in parts], axis=1)
    begins = np.cumsum([0, *(part.track.max(initial=-1) + 1 for part in parts[:-1])])
    track = np.concatenate([part.track + begin for part, begin in zip(parts, begins, strict=True)])
    order, of = np.unique(track, return_inverse=True)
    less = values[0] - np.concatenate([part.values[0] for part in first])
    sums = [np.bincount(of, weights=row, minlength=len(order)) for row in (*values, less)]
    rows = np.bincount(of, minlength=len(order)).astype(float)
    where = np.zeros(len(order), int)
    where[of] = strata
    *found, beside = (stats.interval(total, rows, where) for total in sums)
    scenes = {name: dict(zip(ERRORS, values[:, strata == k].mean(axis=1).tolist(), strict=True)) for k, name in enumerate(names)}
    counts = {name: int((strata == k).sum()) for k, name in enumerate(names)}
    return Score(model, dict(zip(ERRORS, found, strict=True)), beside, scenes, counts)


def scores(
    contenders: dict[str, Callable[[str], Predictor]],
    windows: Windows,
    protocol: str,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Score]:
    """The score of each contender, which is asked for its predictor scene by scene."""
    scenes = {scene: windows.take(windows.scenes == scene) for scene in dict.fromkeys(windows.scenes.tolist())}
    counting = {scene: some for scene, some in scenes.items() if some.counting(protocol).any()}
    found: list[Score] = []
    first: list[Errors] = []
    for name, predictor in contenders.items():
        parts: list[Errors] = []
        for scene, some in counting.items():
            parts.append(measure(predictor(scene), some, protocol))
            progress(1)
        first = first or parts
        found.append(score(name, parts, first))
    return found
