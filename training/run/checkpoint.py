"""Checkpoints: arrays and a manifest in a folder, written whole or not at all, readable without Ray."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic, Interface
from avatarium.training.run.plan import Plan, versions
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

if TYPE_CHECKING:
    from avatarium.training.run.direction import Direction  # which needs Ray

SCHEMA = 2
MANIFEST, ARRAYS = "manifest.json", "state.npz"
KEPT = 2
"""How many checkpoints of a run are kept."""
NETWORK = "network."
"""Prefix of a network's parameters within its RLModule."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come."""

    iteration: int = 0
    env_steps: int = 0
    decisions: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a training run."""

    folder: Path
    plan: Plan
    progress: Progress
    modules: dict[str, dict[str, np.ndarray]]
    """By role: parameters and statistics, named as in its RLModule."""
    optimisers: dict[str, dict[int, dict[str, np.ndarray]]]
    """By optimiser: its memory of each parameter, named as torch names it."""
    direction: dict[str, Any]
    """State of what steered the run (see ``Direction.to_json``)."""
    versions: dict[str, dict[str, np.ndarray]]
    """Weights of past versions in a league, by name."""

    @property
    def roles(self) -> dict[str, Role]:
        """The roles that learn, by name."""
        return {name: self.plan.arena.roles[name] for name in self.plan.casting.modules}

    def network(self, role: str) -> ActorCritic:
        """The role's network, in evaluation mode."""
        arrays = self.modules[self.plan.casting.modules[role]]
        network = self._untrained(role)
        network.load_state_dict({k.removeprefix(NETWORK): torch.from_numpy(v) for k, v in arrays.items() if k.startswith(NETWORK)})
        return network.eval()

    def past(self, version: str, role: str) -> ActorCritic:
        """The role's network as it was in one of ``versions``, in evaluation mode; only acting with it is known."""
        network = self._untrained(role)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in self.versions[version].items()}, strict=False)
        return network.eval()

    def _untrained(self, role: str) -> ActorCritic:
        found, plan = self.roles[role], self.plan
        choices = () if found.continuous else tuple(len(h.choices) for h in found.heads)
        interface = Interface(found.observation_size, choices, len(found.continuous), plan.central, 2 if plan.wonder else 1)
        return ActorCritic(interface, plan.architecture)


def save(parent: Path, plan: Plan, progress: Progress, learner_state: dict[str, Any], direction: "Direction") -> Path:
    """Write a checkpoint into ``parent`` from the state of RLlib's learner and of what steers the run. Returns its folder.

    Older ones but the last are removed.

    Raises UserError when it cannot be written, for example because the disk is full; earlier checkpoints are then left as they are.
    """
    folder, draft = parent / f"{progress.iteration:06d}", parent / ".draft"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        np.savez(draft / ARRAYS, **_flat(learner_state), **_flat_versions(direction.versions))  # type: ignore[arg-type]  # NumPy's stub takes the names for its own parameters
        (draft / MANIFEST).write_text(json.dumps(_manifest(plan, progress) | {"direction": direction.to_json()}, indent=1) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as fault:
        raise UserError(f"the checkpoint {folder} cannot be written ({fault.strerror or fault}); earlier ones are intact") from None
    for old in _folders(parent)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _manifest(plan: Plan, progress: Progress) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "world_version": plan.arena.version,
        "signatures": plan.arena.signatures,
        "plan": plan.to_json(),
        "progress": asdict(progress),
        "versions": versions(),
    }


def _flat(learner_state: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every array of RLlib's learner state under one path each."""
    arrays = {f"modules/{m}/{name}": np.asarray(a) for m, module in learner_state["rl_module"].items() for name, a in module.items()}
    for optimiser, found in learner_state["optimizer"].items():
        for parameter, memory in found["state"]["state"].items():
            arrays |= {f"optimisers/{optimiser}/{parameter}/{name}": np.asarray(a) for name, a in memory.items()}
    return arrays


def _flat_versions(versions: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {f"versions/{name}/{parameter}": array for name, weights in versions.items() for parameter, array in weights.items()}


def load(path: Path) -> Checkpoint:
    """The checkpoint in a folder, or the latest of a run's folder. Raises UserError when there is none or the world has changed since."""
    folder = path if (path / MANIFEST).is_file() else latest(path)
    try:
        found = json.loads((folder / MANIFEST).read_text())
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, BadZipFile) as fault:
        raise UserError(f"the checkpoint {folder} cannot be read: {fault}") from None
    if found.get("schema") != SCHEMA:
        raise UserError(f"the checkpoint {folder} has schema {found.get('schema')!r}; this version of Avatarium reads schema {SCHEMA}")
    try:
        plan = Plan.from_json(found["plan"])
    except (KeyError, TypeError) as fault:
        raise UserError(f"the checkpoint {folder} cannot be read: its plan has {fault}") from None
    _check_world(folder, plan, found)
    modules: dict[str, dict[str, np.ndarray]] = {}
    optimisers: dict[str, dict[int, dict[str, np.ndarray]]] = {}
    past: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        kind, owner, rest = name.split("/", 2)
        if kind in ("modules", "versions"):
            (modules if kind == "modules" else past).setdefault(owner, {})[rest] = array
        else:
            parameter, memory = rest.split("/")
            optimisers.setdefault(owner, {}).setdefault(int(parameter), {})[memory] = array
    return Checkpoint(folder, plan, Progress(**found["progress"]), modules, optimisers, found["direction"], past)


def _check_world(folder: Path, plan: Plan, found: dict[str, Any]) -> None:
    here = plan.arena
    if found["world_version"] != here.version:
        raise UserError(
            f"the checkpoint {folder} is of {here.name} version {found['world_version']}; this is version {here.version}: train anew"
        )
    if found["signatures"] != here.signatures:
        raise UserError(f"the checkpoint {folder} was made for other observations or actions of {here.name} than these: train anew")


def latest(run: Path) -> Path:
    """The newest checkpoint of a run. Raises UserError when there is none."""
    folders = _folders(run / "checkpoints")
    if not folders:
        raise UserError(f"there is no checkpoint in {run}: give the folder of a run, such as runs/wayfinding-1")
    return folders[-1]


def _folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.glob("[0-9]*") if (p / MANIFEST).is_file())
