"""How walkers of wayfinding go on: fits the model that its sensor ``forecast`` has learned, and tells how far off forecasts are.

``python -m avatarium.training.studies.forecasts`` records episodes and needs about a minute on one core; ``--out`` says where the model
goes. It is a part of the world: with another one the sensor tells other numbers, so that the world's version has to go up.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards.stats import interval
from avatarium.worlds.core import forecast
from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.forecast import AHEAD, COLUMNS, HIDDEN, HORIZONS, INPUTS, PAST, STEP_M, STRIDE
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.wayfinding.state import AVATAR

LEARNT_FROM = ("wayfinding/mlp-1", "wayfinding/mlp-2", "wayfinding/keep-right", "heuristic")
"""Who walks, beside the scripted crowd, in the buildings that are learnt from."""
JUDGED_ON = ("wayfinding/mlp-3", "wayfinding/keep-left", "heuristic")
"""Who walks in those of the held-out kind, on which forecasts are judged."""
SETTINGS: dict[str, Any] = {"crowd": 8, "episode_steps": 400}
EVERY = 5
"""Steps between two moments that are learnt from."""
ROWS = 1024
"""Of them in a gradient step."""
REACH = np.arange(1, HORIZONS + 1) * AHEAD
"""Steps after which it is asked where somebody is."""


def recorded(policies: Iterable[str], split: str, episodes: int, folder: Path) -> dict[str, list[Path]]:
    """Transcripts of so many episodes of each policy, by its name."""
    config = SETTINGS | {"split": split}
    found = {}
    for name in policies:
        mind = agents.load(name, "wayfinding", "walker", **config)
        found[name] = play("wayfinding", {"walker": mind}, range(episodes), folder / split / name.replace("/", "-"), config)
    return found


def moments(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """What the model sees, float32 [M, INPUTS], and what it is to say, float32 [M, COLUMNS], of everybody at many moments of a transcript.

    Both are in the unit of the model; before the beginning everybody stood where they were first.
    """
    bodies = Transcript.open(path).data["frames.avatars"]
    places = np.stack([bodies["x"], bodies["y"]], axis=-1)
    at = np.arange(0, len(places) - REACH[-1], EVERY)
    past = places[np.maximum(at[:, None] - STRIDE * np.arange(PAST), 0)]
    velocity = np.stack([bodies["vx"], bodies["vy"]], axis=-1)[at]
    straight = velocity[:, None] * (REACH * STEP_S)[:, None, None]
    seen = np.concatenate([velocity[:, None] * STRIDE * STEP_S, past[:, :-1] - past[:, 1:]], axis=1)
    said = places[at[:, None] + REACH] - places[at][:, None] - straight
    cos, sin = bodies["cos"][at][:, None], bodies["sin"][at][:, None]
    return tuple(_in_own_frame(part, cos, sin) / STEP_M for part in (seen, said))  # type: ignore[return-value]


def _in_own_frame(vectors: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """float32 [T * A, 2 K]: vectors of the plan [T, K, A, 2] as everybody has them ahead and to the left."""
    x, y = vectors[..., 0], vectors[..., 1]
    turned = np.stack([x * cos + y * sin, y * cos - x * sin], axis=-1)
    return turned.transpose(0, 2, 1, 3).reshape(-1, 2 * vectors.shape[1]).astype(np.float32)


def fit(paths: Sequence[Path], steps: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The two layers of the model, ``first`` and ``last``, biases in their last rows: the least mean distance after so many steps."""
    seen, said = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*map(moments, paths), strict=True))
    torch.manual_seed(seed)
    layers = {"first": nn.Linear(INPUTS, HIDDEN), "last": nn.Linear(HIDDEN, COLUMNS)}
    model = nn.Sequential(layers["first"], nn.ReLU(), layers["last"])
    adam = torch.optim.Adam(model.parameters(), lr=3e-3)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        rows = torch.randint(len(seen), (ROWS,))
        off = (model(seen[rows]) - said[rows]).view(-1, HORIZONS, 2)
        adam.zero_grad()
        (off.square().sum(-1) + 1e-4).sqrt().mean().backward()
        adam.step()
        falling.step()
    return {name: torch.cat([layer.weight.T, layer.bias[None]]).detach().numpy() for name, layer in layers.items()}


def distances(path: Path, model: str, learned: Path) -> np.ndarray:
    """float32 [HORIZONS]: how far off the sensor's forecasts are in a transcript, on average over everybody and all moments (m)."""
    bodies = Transcript.open(path).data["frames.avatars"].astype(AVATAR)
    tracks = forecast.allocate(1, bodies.shape[1], forecast.Forecast(model=model), learned)
    forecast.begin(tracks, bodies[0], 0)
    told = np.empty((len(bodies), HORIZONS, bodies.shape[1], 2), np.float32)
    for t, frame in enumerate(bodies):
        forecast.follow(tracks, frame, 0, t)
        told[t] = tracks.places[0, forecast.DEPTH :]
    places = np.stack([bodies["x"], bodies["y"]], axis=-1)
    last = len(places) - REACH[-1]
    off = [np.linalg.norm(told[:last, h] - places[reach : last + reach], axis=-1).mean() for h, reach in enumerate(REACH.tolist())]
    return np.array(off, np.float32)


def table(found: dict[str, list[Path]], learned: Path) -> str:
    """Markdown: how far off forecasts are, by model and by who walks, with 95 % bootstrap intervals over episodes."""
    heads = ["model", *(f"{reach * STEP_S:.1f} s" for reach in REACH), "mean", *(f"mean, {name}" for name in found)]
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for model in forecast.MODELS[1:]:
        by_walkers = [np.stack([distances(path, model, learned) for path in paths]) for paths in found.values()]
        every = np.concatenate(by_walkers)
        cells = [_sure(every[:, h]) for h in range(HORIZONS)] + [_sure(some.mean(axis=1)) for some in (every, *by_walkers)]
        rows.append(f"| {' | '.join([model, *cells])} |")
    return "\n".join(rows)


def _sure(values: np.ndarray) -> str:
    return str(interval(values, np.ones(len(values))))


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, fit, save, and print how far off forecasts are."""
    parser = argparse.ArgumentParser(description="fit the forecasts of wayfinding to recordings, and judge them")
    add = parser.add_argument
    add("--episodes", type=int, default=64, help="of every policy (default: %(default)s)")
    add("--steps", type=int, default=20_000, help="of gradient descent (default: %(default)s); 0: judge the model that is there")
    add("--out", type=Path, default=Path("runs/forecast.npz"), metavar="FILE", help="where the model goes (default: %(default)s)")
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        if given.steps:
            learnt_from = recorded(LEARNT_FROM, "train", given.episodes, Path(folder))
            layers = fit([path for paths in learnt_from.values() for path in paths], given.steps)
            given.out.parent.mkdir(parents=True, exist_ok=True)
            np.savez(given.out, **layers)  # type: ignore[arg-type]  # its signature has room for names of its own
        print(table(recorded(JUDGED_ON, "held-out", given.episodes, Path(folder)), given.out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
