"""What a submission can be made from: one file per kind of source, found by looking into this folder.

A file holds ``SOURCE``, a ``Source``. Libraries of others are imported when something of theirs is loaded, not before.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from avatarium.agents.archive import read
from avatarium.training.packing.graph import Answer, Form
from avatarium.training.play.arena import Arena
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role


class Wish(NamedTuple):
    """What a policy is wanted for, and what of a source is meant."""

    role: Role
    weights: Path | None = None
    """File of a torch module's weights."""
    module: str | None = None
    """Which of the modules of an RLlib checkpoint."""


class Home(NamedTuple):
    """What a source knows of where it was trained."""

    arena: Arena
    roles: tuple[str, ...]
    """Those that it has a policy for."""


class Loaded(NamedTuple):
    """A policy as a graph, with what it was made from."""

    onnx_bytes: bytes
    form: Form
    answer: Answer | None
    """What the source itself computes; None where there is nothing but the graph."""
    sampling: str = "sample"
    """How it is best played, where nothing else is asked for."""
    training_data: str = ""
    """What it has learnt from, as far as the source tells."""
    data: tuple[str, ...] = ()
    """Hashes of the recordings that it was shown."""


@dataclass(frozen=True)
class Source:
    """A kind of source."""

    what: str
    """A noun with its article."""
    recognises: Callable[[str], bool]
    """Whether what the user names is of this kind, by looking at it; nothing is loaded."""
    load: Callable[[str, Wish], Loaded]
    home: Callable[[str], Home] | None = None
    takes: str | None = None
    """The field of ``Wish`` that means something here and nowhere else."""
    pickled: bool = False
    """Whether loading it runs whatever code its author put there."""


def names() -> list[str]:
    """Names of all kinds of sources."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(text: str) -> Source:
    """The kind of source that ``text``, a path or an address, names. Raises UserError when it is none."""
    known: list[Source] = [importlib.import_module(f"{__name__}.{name}").SOURCE for name in names()]
    for source in known:
        if source.recognises(text):
            return source
    raise UserError(_complaint(Path(text)) or f"{text} is none of what can be packed: {', '.join(source.what for source in known)}")


def _complaint(path: Path) -> str | None:
    """What to say of things that are often given by mistake."""
    if not path.exists():
        return f"there is nothing at {path}: give the path of a run, checkpoint or file, or package.module:factory of a torch module"
    if path.suffix in (".pt", ".pth", ".safetensors", ".ckpt"):
        return f"{path} holds weights without their network: give package.module:factory of the network, and --weights {path}"
    if path.suffix == ".zip":
        try:
            read(path)
        except UserError:
            return None
        return f"{path} is a submission already: put it onto the leaderboard with `avatarium submit {path}`"
    return None
