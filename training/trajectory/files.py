"""Models on disk: one ``.npz`` of weights with a JSON text beside them, nothing that runs when it is read."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avatarium.training.trajectory.models import SHAPES, Model
from avatarium.worlds.core.errors import UserError, nearest

SCHEMA = 1
ABOUT = "about"


def save(model: Model, path: Path) -> Path:
    """Write a model to ``path`` (``.npz`` is added where it is missing), whole or not at all; returns where it lies."""
    path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
    about = {"schema": SCHEMA, "model": model.name, "step_s": model.step_s, "trained": model.trained}
    content: dict[str, Any] = {name: value.numpy() for name, value in model.network.state_dict().items()}
    content[ABOUT] = np.array(json.dumps(about))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def load(path: Path) -> Model:
    """The model in a file. Raises UserError when there is none, or none that this version knows."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored[ABOUT]))
            weights = {name: torch.from_numpy(stored[name]) for name in stored.files if name != ABOUT}
        if about["schema"] != SCHEMA:
            raise UserError(f"{path} has schema {about['schema']}, this version reads {SCHEMA}: fit it again")
        if about["model"] not in SHAPES:
            raise UserError(f"{path} holds a model {about['model']!r}, which is unknown: {nearest(about['model'], SHAPES)}")
        model = Model.new(about["model"], float(about["step_s"]), seed=0)
        model.network.load_state_dict(weights)
        model.trained = str(about["trained"])
    except FileNotFoundError:
        raise UserError(f"there is no model {path}: avatarium trajectory fit makes one") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile) as fault:
        if isinstance(fault, UserError):
            raise
        raise UserError(f"{path} is no model, or damaged: avatarium trajectory fit makes one") from fault
    return model
