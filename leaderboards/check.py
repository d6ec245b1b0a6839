"""All that happens to a submission before its first scored episode, step by step, with the sentence of the step that refuses it."""

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents import archive
from avatarium.agents.exported import PolicyError
from avatarium.agents.manifest import Manifest, from_json
from avatarium.leaderboards import probes
from avatarium.leaderboards.episodes import Setting, play_scored, setting
from avatarium.leaderboards.sandbox.host import USUAL, Deadlines, LoadError
from avatarium.leaderboards.sandbox.policy import Arrays, SandboxedPolicy
from avatarium.leaderboards.scenarios import Scenario, alone, permitted
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

STEPS = ("archive", "manifest", "world", "gates", "loading", *probes.PROBES, "processes", "trial")
"""In the order in which they are taken; a submission that fails one does not come to the next."""


@dataclass(frozen=True)
class Step:
    """One thing that was looked at."""

    name: str
    ok: bool
    sentence: str
    """What the submitter is told when it is not; empty when it is."""
    facts: dict[str, Any]
    """What was found out on the way: sizes, hashes, µs."""
    seconds: float


@dataclass(frozen=True)
class Report:
    """What became of a submission."""

    file: str
    steps: tuple[Step, ...]
    layers: dict[str, bool] = field(default_factory=dict)
    """Which protections held while it was tried; empty where it did not come to that."""

    @property
    def accepted(self) -> bool:
        """Whether it may play for a score."""
        return all(step.ok for step in self.steps)

    @property
    def reason(self) -> str:
        """Why it is refused, in one sentence; empty when it is accepted."""
        return self.steps[-1].sentence

    @property
    def stage(self) -> str:
        """The step that refused it; empty when it is accepted."""
        return "" if self.accepted else self.steps[-1].name

    @property
    def facts(self) -> dict[str, Any]:
        """What all steps found out."""
        return {name: value for step in self.steps for name, value in step.facts.items()}

    def as_json(self) -> dict[str, Any]:
        """For programs; ``version`` counts the changes of this form."""
        told = {"version": 1, "accepted": self.accepted, "stage": self.stage, "reason": self.reason}
        return told | asdict(self) | {"seconds": sum(step.seconds for step in self.steps)}


class _RefusedError(Exception):
    """Ends the examination; the last step says why."""


def check(path: Path | str, world: str | None = None, trust: bool = False, deadlines: Deadlines = USUAL) -> Report:
    """Examine a submission zip as the judge would, up to one whole episode of self-play. Nothing of it is kept.

    ``world`` is an address for a world that is not installed under a name. Raises UserError when there is no such world, or when the
    sandbox is weak here and the file is not trusted, and InfrastructureError when the machine fails: they say nothing of the submission.
    """
    given = discovery.spec(world) if world else None
    steps: list[Step] = []
    layers: dict[str, bool] = {}
    with contextlib.suppress(_RefusedError), contextlib.ExitStack() as stack:
        manifest, onnx_bytes = _read(Path(path), steps)
        where, first = _fit(manifest, given, steps)
        policy = _load(manifest, onnx_bytes, where, steps, trust, deadlines, stack)
        layers |= policy.layers
        stack.enter_context(policy.unaudited())
        for name, probe in probes.PROBES.items():
            with _step(steps, name) as facts:
                facts |= probe(policy, where.role)
        with _step(steps, "processes"), SandboxedPolicy(manifest, onnx_bytes, where.role, trust, deadlines) as twin, twin.unaudited():
            probes.compare_processes(policy, twin, where.role)
        with _step(steps, "trial") as facts:
            facts |= _trial(policy, where, first)
    return Report(Path(path).name, tuple(steps), layers)


@contextlib.contextmanager
def _step(steps: list[Step], name: str, refusals: type[UserError] = PolicyError) -> Iterator[dict[str, Any]]:
    """Take a step that ``refusals`` end; yields the dictionary for its facts."""
    facts: dict[str, Any] = {}
    began = time.perf_counter()
    try:
        yield facts
    except refusals as refusal:
        steps.append(Step(name, False, str(refusal), facts, time.perf_counter() - began))
        raise _RefusedError from None
    steps.append(Step(name, True, "", facts, time.perf_counter() - began))


def _read(path: Path, steps: list[Step]) -> tuple[Manifest, bytes]:
    with _step(steps, "archive", UserError) as facts:
        paper, onnx_bytes = archive.unpack(path)
        facts |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    with _step(steps, "manifest", UserError) as facts:
        manifest = from_json(paper)
        facts |= {"name": manifest.name, "world": manifest.world, "role": manifest.role}
    return manifest, onnx_bytes


def _fit(manifest: Manifest, given: WorldSpec | None, steps: list[Step]) -> tuple[Setting, Scenario]:
    """Where it is tried: the first scenario, after it was found to fit all."""
    with _step(steps, "world", UserError) as facts:
        spec = given or discovery.spec(manifest.world)
        if manifest.role not in spec.role_names():
            raise UserError(f"this policy was made for the role {manifest.role}; {spec.name} has {', '.join(spec.role_names())}")
        found = alone(spec, manifest.role)
        for scenario in found:
            permitted.check_fits(manifest, spec, scenario)
        facts["scenarios"] = len(found)
    return setting(spec, found[0].config, manifest.role), found[0]


def _load(
    manifest: Manifest,
    onnx_bytes: bytes,
    where: Setting,
    steps: list[Step],
    trust: bool,
    deadlines: Deadlines,
    stack: contextlib.ExitStack,
) -> SandboxedPolicy:
    refused: LoadError | None = None
    with _step(steps, "gates") as facts:
        try:
            policy = stack.enter_context(SandboxedPolicy(manifest, onnx_bytes, where.role, trust, deadlines))
            facts |= policy.facts
        except LoadError as error:
            refused = error
    with _step(steps, "loading"):
        if refused:
            raise refused
    return policy


def _trial(policy: SandboxedPolicy, where: Setting, first: Scenario) -> dict[str, Any]:
    """One episode against itself, in which no error in any seat is forgiven; then everything is asked again in other company."""
    kept: list[tuple[Arrays, list[np.ndarray]]] = []
    policy.kept = kept
    with tempfile.TemporaryDirectory() as folder:
        (episode,) = play_scored(where, policy, [first.first_seed - 1], Path(folder))
    policy.kept = None
    if episode.fault:
        raise PolicyError(f"{policy.name} failed in its trial episode: {episode.fault}")
    probes.ask_again(policy, kept)
    return {"trial_steps": episode.steps}
