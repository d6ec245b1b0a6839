"""Networks as ONNX: the normalisation inside, and checked against torch before anything is written."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avatarium.agents.exported import Manifest, StateShape, pack
from avatarium.agents.manifest import MAX_TEXT
from avatarium.agents.networks.acting import Acting
from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.agents.readouts import VALUE
from avatarium.agents.session import PREFIX_IN, PREFIX_OUT, Session
from avatarium.training.play.arena import Arena, find
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.run.recipe import recipe_for
from avatarium.worlds.core.spec import Role

TOLERANCE = 1e-4
"""Largest difference between torch and onnxruntime that passes, relative to outputs of size 1."""
CHECKED_ROWS = (1, 7, 256)
CHECKED_STEPS = 4
WIDEST = 10.0
"""Observations are checked up to here where their space has no bounds."""


def output_names(acting: Acting) -> list[str]:
    """What the graph's outputs are called, without those of its memory."""
    return [*(["mean", "log_std"] if acting.network.controls else ["logits"]), *([VALUE] if acting.value else [])]


def to_onnx(network: ActorCritic, role: Role, value: bool = False) -> bytes:
    """The policy of ``network`` for ``role`` as ONNX, with ``value`` as an output too if wanted.

    Raises ArithmeticError when onnxruntime does not compute what torch does.
    """
    acting = Acting(network, role, value).eval()
    states = network.state_names
    example = (torch.zeros(2, role.observation_size), *network.initial(2))
    rows = {0: torch.export.Dim("rows")}
    with warnings.catch_warnings(), _hushed("torch.onnx", "onnxscript"):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            acting,
            example,
            input_names=["observation", *(PREFIX_IN + name for name in states)],
            output_names=[*output_names(acting), *(PREFIX_OUT + name for name in states)],
            dynamic_shapes={"observation": rows} | ({"state": tuple(rows for _ in states)} if states else {}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    onnx_bytes: bytes = program.model_proto.SerializeToString()
    check(onnx_bytes, acting, role)
    return onnx_bytes


def check(onnx_bytes: bytes, acting: Acting, role: Role) -> None:
    """Compare with torch on observations from all over the role's space, in batches of several sizes, over several steps of memory."""
    network = acting.network
    session = Session(onnx_bytes, network.state_names, tuple(output_names(acting)))
    rng = np.random.default_rng(0)
    space = role.observation_space
    low, high = np.maximum(space.low, -WIDEST), np.minimum(space.high, WIDEST)
    for rows in CHECKED_ROWS:
        state = tuple(part.numpy() for part in network.initial(rows))
        for _ in range(CHECKED_STEPS if state else 1):
            observation = rng.uniform(low, high, (rows, role.observation_size)).astype(np.float32)
            with torch.no_grad():
                expected = acting(torch.from_numpy(observation), *map(torch.from_numpy, state))
            found = session.run((observation, *state))
            for want, got in zip(expected, found, strict=True):
                worst = float(np.max(np.abs(got - want.numpy()) / np.maximum(1.0, np.abs(want.numpy()))))
                if not worst <= TOLERANCE:
                    raise ArithmeticError(f"the exported policy differs from the trained one by {worst:.1e}")
            state = tuple(found[len(found) - len(state) :])


def write_policy(path: Path, found: Checkpoint, role: Role, name: str) -> Path:
    """Write the policy of a checkpoint for ``role`` as a submission; returns its path."""
    network, here = found.network(role.name), found.plan.arena
    manifest = Manifest(
        name=name,
        world=here.name,
        world_version=here.version,
        role=role.name,
        signature=role.signature(),
        actions=network.choices,
        controls=network.controls,
        recurrent=tuple(StateShape(state, (network.architecture.units,)) for state in network.state_names),
        sampling=recipe_for(here.name).sampling,
        training_data=told(found),
        settings=needed(here, role),
        value=network.judges_alone,
    )
    return pack(path, to_onnx(network, role, manifest.value), manifest)


def needed(here: Arena, role: Role) -> dict[str, Any]:
    """Those settings of an arena without which the role would sense or do other things; none for worlds that Avatarium did not make."""
    found: dict[str, Any] = {}
    for name in here.settings if here.spec else ():
        without = {other: value for other, value in here.settings.items() if other != name}
        if find(here.address, without).roles[role.name].signature() != role.signature():
            found[name] = here.settings[name]
    return found


def told(found: Checkpoint) -> str:
    """What a policy has learnt from, in a sentence."""
    h = found.plan.hyperparameters
    ways = [h.algorithm, h.network, *([h.curiosity] if h.curiosity else []), *([f"from {found.plan.parent}"] if found.plan.parent else [])]
    return f"{found.progress.decisions} decisions ({', '.join(ways)}), seed {found.plan.seed}, settings {found.plan.settings}"[:MAX_TEXT]


class _hushed:  # noqa: N801  # a context manager that reads as a verb
    """Loggers that say nothing below an error within."""

    def __init__(self, *names: str) -> None:
        self._loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self._before = [logger.level for logger in self._loggers]
        for logger in self._loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self._loggers, self._before, strict=True):
            logger.setLevel(level)
