"""Trained networks as submissions: the normalisation inside, and checked against torch before anything is written."""

from pathlib import Path
from typing import Any

from avatarium.agents.exported import Manifest, StateShape, pack
from avatarium.agents.manifest import MAX_TEXT
from avatarium.agents.networks.acting import Acting
from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.packing.graph import TOLERANCE, Form, answer_of, difference, exported, form_of
from avatarium.training.play.arena import Arena, find
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.worlds.core.spec import Role


def form(network: ActorCritic, role: Role, value: bool = False) -> Form:
    """What goes in and out of the graph of ``network``."""
    return form_of(role, [StateShape(name, (network.architecture.units,)) for name in network.state_names], value)


def to_onnx(network: ActorCritic, role: Role, value: bool = False) -> bytes:
    """The policy of ``network`` for ``role`` as ONNX, with ``value`` as an output too if wanted.

    Raises ArithmeticError when onnxruntime does not compute what torch does.
    """
    acting = Acting(network, role, value).eval()
    onnx_bytes = exported(acting, role, form(network, role, value))
    check(onnx_bytes, acting, role)
    return onnx_bytes


def check(onnx_bytes: bytes, acting: Acting, role: Role) -> None:
    """Compare with torch. Raises ArithmeticError when the two differ."""
    worst = difference(onnx_bytes, answer_of(acting), role, form(acting.network, role, acting.value))
    if worst > TOLERANCE:
        raise ArithmeticError(f"the exported policy differs from the trained one by {worst:.1e}")


def write_policy(path: Path, found: Checkpoint, role: Role, name: str) -> Path:
    """Write the policy of a checkpoint for ``role`` as a submission; returns its path."""
    network, here = found.network(role.name), found.plan.arena
    value = network.judges_alone and not found.plan.search
    manifest = Manifest(
        name=name,
        world=here.name,
        world_version=here.version,
        role=role.name,
        signature=role.signature(),
        actions=network.choices,
        controls=network.controls,
        recurrent=form(network, role).states,
        sampling=found.plan.sampling,
        training_data=told(found),
        settings=needed(here, role),
        value=value,
        data=found.plan.data,
        span=role.span,
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
