"""Networks as ONNX: the normalisation inside, and checked against torch before anything is written."""

import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from avatarium.agents.exported import Manifest, pack
from avatarium.agents.networks.mlp import ActorCritic
from avatarium.agents.session import Session
from avatarium.training.checkpoint import Checkpoint
from avatarium.training.recipe import recipe_for
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.spec import Role

TOLERANCE = 1e-4
"""Largest difference between torch and onnxruntime that passes, relative to outputs of size 1."""
CHECKED_ROWS = (1, 7, 256)


class Acting(nn.Module):
    """What of an actor-critic goes into the graph: raw observations in; logits, or mean and log-deviation, out."""

    def __init__(self, network: ActorCritic) -> None:
        super().__init__()
        self.network = network

    def forward(self, observation: Tensor) -> tuple[Tensor, ...]:
        """Outputs [B, ...] in the order of ``output_names``."""
        decided = self.network(observation)
        return tuple(decided.chunk(2, dim=-1)) if self.network.controls else (decided,)


def output_names(network: ActorCritic) -> list[str]:
    """What the graph's outputs are called."""
    return ["mean", "log_std"] if network.controls else ["logits"]


def to_onnx(network: ActorCritic, role: Role) -> bytes:
    """The policy of ``network`` for ``role`` as ONNX. Raises ArithmeticError when onnxruntime does not compute what torch does."""
    acting = Acting(network).eval()
    example = torch.zeros(2, role.observation_size)
    with warnings.catch_warnings(), _hushed("torch.onnx", "onnxscript"):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            acting,
            (example,),
            input_names=["observation"],
            output_names=output_names(network),
            dynamic_shapes={"observation": {0: torch.export.Dim("rows")}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    onnx_bytes: bytes = program.model_proto.SerializeToString()
    check(onnx_bytes, acting, role)
    return onnx_bytes


def check(onnx_bytes: bytes, acting: Acting, role: Role) -> None:
    """Compare with torch on observations from all over the role's space, in batches of several sizes."""
    session = Session(onnx_bytes, (), tuple(output_names(acting.network)))
    rng = np.random.default_rng(0)
    space = role.observation_space
    for rows in CHECKED_ROWS:
        observation = rng.uniform(space.low, space.high, (rows, role.observation_size)).astype(np.float32)
        with torch.no_grad():
            expected = acting(torch.from_numpy(observation))
        for want, got in zip(expected, session.run((observation,)), strict=True):
            worst = float(np.max(np.abs(got - want.numpy()) / np.maximum(1.0, np.abs(want.numpy()))))
            if not worst <= TOLERANCE:
                raise ArithmeticError(f"the exported policy differs from the trained one by {worst:.1e}")


def write_policy(path: Path, found: Checkpoint, role: Role, name: str) -> Path:
    """Write the policy of a checkpoint for ``role`` as a submission; returns its path."""
    spec = discovery.spec(found.plan.world)
    manifest = Manifest(
        name=name,
        world=spec.name,
        world_version=spec.version,
        role=role.name,
        signature=role.signature(),
        actions=() if role.continuous else tuple(len(h.choices) for h in role.heads),
        controls=len(role.continuous),
        sampling=recipe_for(spec).sampling,
        training_data=f"{found.progress.decisions} decisions of PPO, seed {found.plan.seed}, settings {found.plan.settings}",
    )
    return pack(path, to_onnx(found.network(role.name), role), manifest)


def roles_of(found: Checkpoint) -> tuple[Role, ...]:
    """The roles of a checkpoint's world under its settings."""
    spec = discovery.spec(found.plan.world)
    roles: tuple[Role, ...] = spec.roles(settings.build(spec.config, found.plan.settings))
    return roles


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
