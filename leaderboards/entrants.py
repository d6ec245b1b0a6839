"""Who is judged: a submission in its sandbox, a policy of the world, or a policy that is at hand."""

import hashlib
from pathlib import Path
from typing import Protocol

from avatarium import agents
from avatarium.agents import exported, populations
from avatarium.agents.exported import PolicyError
from avatarium.agents.policy import Policy
from avatarium.leaderboards.episodes import Setting
from avatarium.leaderboards.probes import probe
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy
from avatarium.leaderboards.scenarios.frozen import WORLDS_OWN
from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import WorldSpec


def worlds_own(spec: WorldSpec) -> list[str]:
    """The policies that a world itself has: random, and a heuristic and an oracle where there is one."""
    has = {"random": True, "heuristic": spec.heuristic is not None, "oracle": spec.oracle is not None}
    return [name for name in WORLDS_OWN if has[name]]


class Entrant(Protocol):
    """Somebody who can be judged."""

    name: str
    role: str | None
    """The role it was made for; None for one that plays any."""

    @property
    def layers(self) -> dict[str, bool]:
        """Which protections of the sandbox hold for it."""

    def policy(self, where: Setting) -> Policy:
        """Its mind for the judged role of a setting. Raises UserError when it does not fit."""

    def close(self) -> None:
        """Let go of its process, if it has one."""


def entrant(policy: Policy | str) -> Entrant:
    """The entrant that ``policy`` names or is."""
    if not isinstance(policy, str):
        return AtHand(policy)
    return Submitted(Path(policy)) if policy.endswith(".zip") else Named(policy)


class AtHand:
    """A policy object of this process."""

    role: str | None = None
    layers: dict[str, bool] = {}  # noqa: RUF012

    def __init__(self, policy: Policy) -> None:
        self.name, self._policy = policy.name, policy

    def policy(self, where: Setting) -> Policy:
        """The object itself."""
        return self._policy

    def close(self) -> None:
        """Nothing to let go of."""


class Named:
    """A policy that this installation finds by its name: random, heuristic, oracle, ``WORLD/NAME`` or ``package.module:factory``."""

    layers: dict[str, bool] = {}  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.name = name
        self.role: str | None = populations.find(name).roles[0] if "/" in name and ":" not in name else None

    def policy(self, where: Setting) -> Policy:
        """A fresh one for the setting."""
        return agents.load(self.name, discovery.address(where.spec), where.role.name, **where.config)

    def close(self) -> None:
        """Nothing to let go of."""


class Submitted:
    """A submission zip: read without trust, checked, and run in the sandbox only. Raises UserError when the file is not one."""

    def __init__(self, path: Path) -> None:
        self.manifest, self.onnx_bytes = exported.read(path)
        self._path = path
        self.name = self.manifest.name
        self.role: str | None = self.manifest.role
        self.key = hashlib.sha256(self.manifest.to_json().encode() + self.onnx_bytes).hexdigest()
        """Of what the submission says and computes, however it was zipped."""
        self._policy: SandboxedPolicy | None = None

    @property
    def layers(self) -> dict[str, bool]:
        """As the process reports them."""
        return self._policy.layers if self._policy else {}

    @property
    def facts(self) -> dict[str, int]:
        """Nodes, parameters and opset of the graph, once it has been loaded."""
        return self._policy.facts if self._policy else {}

    def policy(self, where: Setting) -> Policy:
        """The policy in its sandbox, after the gates and probes. Raises UserError when it does not fit or does not pass."""
        self.manifest.check_fits(where.spec, where.role)
        if self._policy is None:
            try:
                self._policy = SandboxedPolicy(self.manifest, self.onnx_bytes, where.role)
                agents.addressed(self._policy, str(self._path))
                probe(self._policy, where.role)
            except PolicyError as refusal:
                self.close()
                raise PolicyError(f"{self.name} cannot be played: {refusal}") from None
        return self._policy

    def close(self) -> None:
        """End the process."""
        if self._policy:
            self._policy.close()
            self._policy = None
