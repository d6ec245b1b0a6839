"""Background people are frozen by hash: whoever is edited is found, and some are known to the organisers alone.

An exported policy is frozen by the SHA-256 of its file. A scripted one is frozen by that of its module, of the modules of its population
that it imports, and of data files of their names. What it takes from its world and from the toolbox is not in the hash but in the version
of the world, so that a comment in the toolbox does not make the scores of a season void.
"""

import ast
import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatarium import agents
from avatarium.agents import populations
from avatarium.agents.exported import OnnxPolicy
from avatarium.agents.policy import Policy
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

HIDDEN = "AVATARIUM_HIDDEN"
"""Environment variable that names the folder in which organisers keep the background people that are never given away."""
WORLDS_OWN = ("random", "heuristic", "oracle")


@dataclass(frozen=True)
class Background:
    """One of the background people, as a scenario names it."""

    address: str
    """As ``agents.load`` takes it; of a hidden one the name of its file, without ``.zip``."""
    sha256: str
    roles: tuple[str, ...]
    hidden: bool = False

    @property
    def path(self) -> Path | None:
        """Where the file of a hidden one lies, if it lies here."""
        folder = os.environ.get(HIDDEN)
        path = Path(folder) / f"{self.address}.zip" if folder else None
        return path if path and path.is_file() else None

    def load(self, spec: WorldSpec, role: str, config: dict[str, Any]) -> Policy:
        """Its mind. Raises UserError when it is not here, or not the one that was frozen."""
        if not self.hidden:
            self._check(fingerprint(self.address, spec), f"restore it, or freeze the new one by `avatarium scenarios {spec.name} --freeze`")
            return agents.load(self.address, discovery.address(spec), role, **config)
        if self.path is None:
            raise UserError(f"the background policy {self.address} is hidden: set {HIDDEN} to the folder in which {self.address}.zip lies")
        self._check(_of_bytes([self.path]), f"put the right {self.address}.zip into {self.path.parent}")
        built: Any = settings.build(spec.config, config)
        return OnnxPolicy.open(self.path, spec, next(r for r in spec.roles(built) if r.name == role))

    def _check(self, found: str, remedy: str) -> None:
        if found != self.sha256:
            told = f"its SHA-256 is {found[:12]}…, not {self.sha256[:12]}…"
            raise UserError(f"the background policy {self.address} is not the one that the scenarios were made with ({told}): {remedy}")


def freeze(address: str, spec: WorldSpec) -> Background:
    """A member of a population, a policy of the world's own or one at ``package.module:factory`` as it is now. Raises UserError."""
    roles = populations.find(address).roles if _member(address) else spec.role_names()
    return Background(address, fingerprint(address, spec), roles)


def fingerprint(address: str, spec: WorldSpec) -> str:
    """SHA-256 by which a policy is known again. Raises UserError where there is none at this address."""
    if address in WORLDS_OWN:
        return hashlib.sha256(f"{spec.name} {spec.version} {address}".encode()).hexdigest()
    if not _member(address):
        return _of_bytes([_origin(address.partition(":")[0])])
    path = populations.find(address).path
    if path is not None:
        return _of_bytes([path])
    world, _, name = address.partition("/")
    return _of_bytes(sources(f"{populations.__name__}.{world}", name.replace("-", "_")))


def sources(package: str, name: str) -> list[Path]:
    """The files that module ``name`` of a population's ``package`` is made of: its own, those it imports there, and their data."""
    found: dict[str, Path] = {}
    ahead = [name]
    while ahead:
        stem = ahead.pop()
        if stem in found:
            continue
        found[stem] = path = _origin(f"{package}.{stem}")
        imports = [node.module or "" for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        ahead += [module.removeprefix(f"{package}.") for module in imports if module.startswith(f"{package}.")]
    data = (other for path in found.values() for other in path.parent.glob(f"{path.stem}.*") if other.suffix in (".json", ".npz"))
    return sorted({*found.values(), *data})


def _member(address: str) -> bool:
    return "/" in address and ":" not in address


def _origin(module: str) -> Path:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise UserError(f"there is no module {module!r} to take a background policy from")
    return Path(found.origin)


def _of_bytes(paths: list[Path]) -> str:
    """Of one file its SHA-256; of several one over their names and contents."""
    if len(paths) == 1:
        return hashlib.sha256(paths[0].read_bytes()).hexdigest()
    told = "".join(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in paths)
    return hashlib.sha256(told.encode()).hexdigest()
