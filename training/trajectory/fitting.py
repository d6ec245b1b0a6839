"""How models learn from windows."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from avatarium.training.threads import one_torch_thread
from avatarium.training.trajectory.models import SHAPES, Model
from avatarium.training.trajectory.networks import People
from avatarium.training.trajectory.windows import Windows
from avatarium.worlds.core.errors import UserError


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn."""

    epochs: int = 20
    batch: int = 512
    lr: float = 1e-3
    seed: int = 0


def fit(name: str, windows: Windows, plan: Plan, progress: Callable[[float], None] = lambda loss: None) -> Model:
    """A model of the kind ``name`` of ``SHAPES``, fitted to windows; Ctrl-C ends it early with what was learnt so far.

    Everything is turned about by angles that are drawn anew for every batch, long gradients are clipped, and the learning rate falls along
    a cosine; nothing of it for the literal model. ``progress`` is called after every epoch with its mean loss.
    """
    model = Model.new(name, windows.recordings[0].step_s, plan.seed)
    rng, literal = np.random.default_rng(plan.seed), name == "literal"
    windows = windows.take(windows.lasting > 0)
    optimiser = torch.optim.Adam(model.network.parameters(), plan.lr)
    epochs = 0
    with one_torch_thread():
        try:
            for epoch in range(plan.epochs):
                losses = []
                batches = list(_batches(windows.past.moment, plan.batch, SHAPES[name].company, rng))
                for k, rows in enumerate(batches):
                    if not literal:
                        done = (epoch + k / len(batches)) / plan.epochs
                        optimiser.param_groups[0]["lr"] = plan.lr * 0.5 * (1 + math.cos(math.pi * done))
                    losses.append(_learn(model, optimiser, windows, rows, None if literal else rng))
                epochs += 1
                progress(float(np.mean(losses)))
        except KeyboardInterrupt:
            if not epochs:
                raise
    model.trained = f"{len(windows)} windows of {', '.join(sorted(set(windows.scenes)))}, {epochs} epochs, seed {plan.seed}"
    return model


def _learn(model: Model, optimiser: torch.optim.Optimizer, windows: Windows, rows: np.ndarray, rng: np.random.Generator | None) -> float:
    """One step of learning from some rows; returns the loss. Raises UserError when that is no number."""
    past = windows.past.take(rows)
    turn = np.zeros(len(rows), np.float32)
    if rng is not None:  # one angle for all of a moment: they see one another
        _, index = np.unique(past.moment, return_inverse=True)
        turn = rng.uniform(-np.pi, np.pi, len(rows)).astype(np.float32)[index]
    people = People(past, turn)
    loss = model.loss(people, people.turned(torch.from_numpy(windows.future[rows])))
    if not torch.isfinite(loss):
        raise UserError("learning went astray (the loss is no number): are the places in metres? Or give a lower --lr")
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if rng is not None:
        torch.nn.utils.clip_grad_norm_(model.network.parameters(), 1.0)
    optimiser.step()
    return loss.item()


def _batches(moment: np.ndarray, size: int, together: bool, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Rows in random order, ``size`` or so at a time, sorted; with ``together`` moments are not torn apart."""
    if not together:
        order = rng.permutation(len(moment))
        yield from (np.sort(order[k : k + size]) for k in range(0, len(order), size))
        return
    begins = np.flatnonzero(np.diff(moment, prepend=-1))
    ends, batch, count = np.append(begins[1:], len(moment)), [], 0
    for k in rng.permutation(len(begins)):
        batch.append(np.arange(begins[k], ends[k]))
        count += len(batch[-1])
        if count >= size:
            yield np.sort(np.concatenate(batch))
            batch, count = [], 0
    if batch:
        yield np.sort(np.concatenate(batch))
