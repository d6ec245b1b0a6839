"""From a source to a submission: loaded, compared, described, checked, and only then put where it is wanted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from avatarium.agents import archive
from avatarium.agents.exported import Manifest
from avatarium.training.packing import sources, verdict
from avatarium.training.packing.graph import TOLERANCE, difference
from avatarium.training.packing.sources import Home, Loaded, Source, Wish
from avatarium.training.play.arena import Arena, find, is_foreign
from avatarium.training.run.export import needed
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import Role

SHA256 = re.compile("[0-9a-f]{64}")
Say = Callable[[str, str], None]
"""(what, finding) -> nothing: one line for the user."""


@dataclass(frozen=True)
class Order:
    """What to pack, for whom, and what is to be said of it."""

    source: str
    out: Path
    world: str | None = None
    settings: tuple[str, ...] = ()
    role: str | None = None
    weights: Path | None = None
    module: str | None = None
    sampling: str | None = None
    name: str | None = None
    author: str = ""
    licence: str = ""
    data: str | None = None
    parent: str | None = None
    check: bool = True


def pack(order: Order, say: Say = lambda what, finding: None) -> Path:
    """Write the submission that is ordered; returns its path.

    Raises UserError, and leaves what lies there as it is, when the source is no policy for the world, when the graph differs from it by
    more than ``TOLERANCE``, or when the leaderboard would refuse it.
    """
    _check_place(order)
    source = sources.find(order.source)
    _check_options(source, order)
    parent = _parent(order.parent)
    home = source.home(order.source) if source.home else None
    arena = _arena(order, home)
    role = _role(order, arena, home)
    say("source", f"{order.source}, {source.what}")
    if source.pickled:
        say("beware", "it holds pickles, which run code of whoever made them, here and with your rights: load only what you trust")
    loaded = source.load(order.source, Wish(role, order.weights, order.module))
    say("policy of", f"{role.name} in {arena.name} version {arena.version}, {role.observation_size} numbers seen")
    _compare(loaded, role, say)
    manifest = describe(order, arena, role, loaded, parent)
    order.out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=order.out.parent, prefix=".packing-") as folder:
        draft = archive.pack(Path(folder) / order.out.name, loaded.onnx_bytes, manifest)
        if order.check:
            say("check", verdict.passed(draft, arena))
        draft.replace(order.out)
    say("submission", f"{order.out}   (avatarium submit {order.out})")
    return order.out


def describe(order: Order, arena: Arena, role: Role, loaded: Loaded, parent: str | None) -> Manifest:
    """The manifest of what is ordered. Raises UserError for texts that it cannot hold."""
    return Manifest(
        name=order.name or _title(order.source),
        world=arena.name,
        world_version=arena.version,
        role=role.name,
        signature=role.signature(),
        actions=() if role.continuous else tuple(len(head.choices) for head in role.heads),
        controls=len(role.continuous),
        span=role.span,
        recurrent=loaded.form.states,
        sampling=order.sampling or loaded.sampling,
        author=order.author,
        licence=order.licence,
        training_data=loaded.training_data if order.data is None else order.data,
        parent=parent,
        settings=needed(arena, role),
        value=loaded.form.value,
        data=loaded.data,
    )


def _title(source: str) -> str:
    """What a policy is called after its source.

    >>> _title("runs/wayfinding-1"), _title("mine.nets:small"), _title("ppo.zip")
    ('wayfinding-1', 'small', 'ppo')
    """
    path = Path(source)
    return path.resolve().stem if path.exists() or ":" not in source else source.rpartition(":")[2]


def _parent(text: str | None) -> str | None:
    if text is None or SHA256.fullmatch(text):
        return text
    if text.endswith(".zip"):
        return verdict.key(Path(text))
    raise UserError(f"--parent {text[:80]} is no SHA-256 of 64 hexadecimal digits: copy it from the leaderboard, or give the parent's zip")


def _check_place(order: Order) -> None:
    """Refuse to write over anything but an earlier submission."""
    if order.out.suffix != ".zip":
        raise UserError(f"--out {order.out} does not end in .zip, as submissions do")
    if order.out.exists():
        try:
            archive.read(order.out)
        except UserError:
            raise UserError(f"{order.out} is there already, and is no submission: give another --out") from None


def _check_options(source: Source, order: Order) -> None:
    for option in ("weights", "module"):
        if getattr(order, option) is not None and source.takes != option:
            raise UserError(f"--{option} says nothing to {source.what}: leave it out")


def _arena(order: Order, home: Home | None) -> Arena:
    """The world with the settings that are asked for, or else those of the training."""
    if home is None and order.world is None:
        raise UserError(
            f"for which world is {order.source}? Give --world, and --set where it was trained with other settings than the usual"
        )
    if home and order.world not in (None, home.arena.name, home.arena.address):
        raise UserError(f"{order.source} was trained in {home.arena.name}, not in {order.world}: leave --world out")
    if home and order.settings:
        raise UserError(f"{order.source} knows the settings that it was trained with: leave --set out")
    if home:
        return home.arena
    assert order.world is not None
    if is_foreign(order.world):
        raise UserError(f"{order.world} is an environment of others: only policies for Avatarium's own kind of world can be submitted")
    return find(order.world, settings.parse_overrides(order.settings, discovery.spec(order.world).config))


def _role(order: Order, arena: Arena, home: Home | None) -> Role:
    known = home.roles if home else tuple(arena.roles)
    if order.role is None and len(known) > 1:
        raise UserError(f"{arena.name} has the roles {', '.join(known)}: say with --role whose policy this is")
    name = order.role or known[0]
    if name not in known:
        raise UserError(f"there is no policy for a role {name!r} of {arena.name}: {nearest(name, known)}")
    return arena.roles[name]


def _compare(loaded: Loaded, role: Role, say: Say) -> None:
    if loaded.answer is None:
        say("difference", "none, since the graph is the source")
        return
    worst = difference(loaded.onnx_bytes, loaded.answer, role, loaded.form)
    say("difference", f"{worst:.1e} at most between graph and source, on observations from all over the space")
    if worst > TOLERANCE:
        raise UserError(
            f"the graph differs from its source by {worst:.1e}, more than {TOLERANCE:g}: its outputs are not finite, or it depends on "
            "something besides its inputs, such as randomness or Python's own branches on values"
        )
