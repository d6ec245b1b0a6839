"""What others did, to learn from: decisions regained from transcripts, for behaviour cloning and for learning what situations are worth.

Two hundred episodes of a world's heuristic, and how they are read::

    avatarium evaluate wayfinding heuristic --episodes 200 --split train --out runs/demos

    found = demonstrations.load([Path("runs/demos")], "wayfinding", "walker")
    train, validation = found.split(0.1, seed=0)
    for shown in train.fragments(steps=128, slots=64, rng=np.random.default_rng(0)):
        ...

``avatarium play`` records what a person does; ``Wanted(policies=(BY_HAND,))`` takes the person's avatar and leaves the others out. What
persons did is learnt from by their consent alone, which ``load`` asks for, and in whose ledger it enters what was learnt from.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.consent import TRAINING, Gate, Making, Permit, PrivateError, data_hash
from avatarium.leaderboards import metrics
from avatarium.training.demos import retelling
from avatarium.training.demos.retelling import Columns, Told
from avatarium.training.demos.tracks import Demonstrations
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role, WorldSpec
from avatarium.worlds.core.transcript import Transcript

__all__ = ["BY_HAND", "MOST", "Demonstrations", "Wanted", "load"]

BY_HAND = "by hand"
"""What a person who plays counts as, among the names of policies."""
MOST = 1_000_000
"""Decisions that are held in memory unless more are asked for."""


@dataclass(frozen=True)
class Wanted:
    """Which of the recorded episodes are learnt from."""

    policies: tuple[str, ...] = ()
    """Names of policies; only avatars that these moved count. Empty: whoever moved them."""
    by: str = "episode_return"
    """The metric that tells good episodes from bad ones: a name, or ``package.module:METRIC``."""
    least: float | None = None
    """What an episode has to reach by that metric; for metrics of which less is better, what it may reach at most."""
    best: float = 1.0
    """Share of the remaining episodes that is taken, the best first."""


def load(
    paths: Path | str | Sequence[Path | str],
    world: str,
    role: str,
    overrides: Mapping[str, Any] | None = None,
    gamma: float = 0.99,
    wanted: Wanted = Wanted(),
    most: int = MOST,
    strict: bool = True,
    progress: Callable[[int], None] = lambda decisions: None,
    skip_private: bool = False,
) -> Demonstrations:
    """Decisions of ``role`` from transcripts, files or folders of them, to train with in ``world`` with the settings ``overrides``.

    What avatars saw is not in a transcript: every episode is played again, and its rewards have to come out byte for byte. Raises
    UserError for transcripts that do not, that are damaged, of another world or version, or in which the role senses or does other
    things; without ``strict`` these are left out and told in ``skipped``. Raises UserError when nothing is left, and when there are more
    than ``most`` decisions. ``progress`` is called with the number of decisions regained since the last call.

    Raises PrivateError for recordings of persons who do not allow them to be learnt from; with ``skip_private`` these are left out and
    told in ``skipped``. What is used of persons is entered in their ledger.
    """
    spec = discovery.spec(world)
    pupil = _Pupil(spec, role, overrides or {})
    files, skipped = _files(paths, world), list[str]()
    gate, permits = Gate("train"), dict[int, Permit]()
    found: list[tuple[int, Told, float]] = []
    for number, path in enumerate(files):
        try:
            transcript = Transcript.open(path)
            pupil.check(transcript)
            permit = gate.look(transcript)
        except UserError as refusal:
            if not skip_private if isinstance(refusal, PrivateError) else strict:
                raise
            skipped.append(str(refusal))
            continue
        avatars = _avatars(transcript, role, wanted.policies)
        if avatars:
            permits[number] = permit
            found.append((number, Told.by(transcript, avatars), _score(transcript, role, avatars, wanted.by)))
    chosen = _chosen(found, wanted)
    if not chosen:
        raise UserError(_nothing(len(files), skipped, wanted))
    _check_size(sum(told.decisions for _, told in chosen), most, pupil.role)
    data = data_hash(told.digest for _, told in chosen)
    with gate.using(TRAINING, [Making(data, {told.digest: permits[number] for number, told in chosen})]):
        pass  # nobody who withdraws from now on is missed: the ledger knows what is learnt from
    return replace(_regained(spec, pupil.role, chosen, gamma, skipped, strict, progress), data=data)


def _regained(
    spec: WorldSpec,
    role: Role,
    chosen: list[tuple[int, Told]],
    gamma: float,
    skipped: list[str],
    strict: bool,
    progress: Callable[[int], None],
) -> Demonstrations:
    """Play the chosen episodes again, group by group."""
    columns, at = Columns.empty(role, sum(told.decisions for _, told in chosen)), 0
    parts = []
    for group in retelling.grouped([told for _, told in chosen]):
        numbers, told = zip(*(chosen[k] for k in group), strict=True)
        part = retelling.retell(spec, role, told, numbers, columns, at)
        if strict and part.wrong:
            raise UserError(next(iter(part.wrong.values())))
        skipped += part.wrong.values()
        progress(part.rows - at)
        at = part.rows
        parts.append(part)
    tracks = np.concatenate([part.tracks for part in parts])
    if not len(tracks):
        raise UserError(_nothing(len(chosen), skipped, Wanted()))
    order = np.lexsort((tracks["first"], tracks["who"], tracks["episode"]))
    finals = np.concatenate([part.finals for part in parts])
    return Demonstrations(
        spec.name, role, gamma, Columns(*(column[:at] for column in columns.arrays())), tracks[order], finals[order], tuple(skipped)
    )


class _Pupil:
    """The role that is to learn, and whose transcripts it can learn from."""

    def __init__(self, spec: WorldSpec, role: str, overrides: Mapping[str, Any]) -> None:
        self._spec = spec
        self._config: Any = settings.build(spec.config, overrides)
        self._address = discovery.address(spec)
        roles = {r.name: r for r in spec.roles(self._config)}
        if role not in roles:
            raise UserError(f"world {spec.name!r} has no role {role!r}: its roles are {', '.join(roles)}")
        self.role = roles[role]

    def check(self, transcript: Transcript) -> None:
        """Raise UserError, with what to do, unless the role was there as it is now."""
        path, head, spec = transcript.path, transcript.header, self._spec
        if head["world"] != self._address:
            raise UserError(f"{path} was recorded in {head['world']}, not in {spec.name}: give transcripts of {spec.name}")
        if head["version"] != spec.version:
            raise UserError(
                f"{path} was recorded with version {head['version']} of {spec.name}, this is version {spec.version}: record it again"
            )
        transcript.spec = spec  # looking it up reads the metadata of all packages that are installed
        there = transcript.roles.get(self.role.name)
        if there is None or there.signature() != self.role.signature():
            unlike = ", ".join(self._unlike(asdict(transcript.config)))
            raise UserError(
                f"{path} was recorded with {unlike}, under which a {self.role.name} senses or does other things: "
                "record it again with the settings of the training, or train with those of the recording"
            )

    def _unlike(self, there: dict[str, Any]) -> list[str]:
        """Settings of a recording that change the role's signature, as words; all that differ when no single one does."""
        differing = [name for name, value in asdict(self._config).items() if there[name] != value]
        telling = [name for name in differing if self._signature({name: there[name]}) != self.role.signature()]
        return [f"{name}={there[name]}" for name in telling or differing]

    def _signature(self, changes: dict[str, Any]) -> str | None:
        roles = {r.name: r for r in self._spec.roles(settings.build(self._spec.config, asdict(self._config) | changes))}
        return roles[self.role.name].signature() if self.role.name in roles else None


def _files(paths: Path | str | Sequence[Path | str], world: str) -> list[Path]:
    """All transcripts at ``paths``, sorted within folders."""
    found: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        some = sorted(path.rglob("*.avt")) if path.is_dir() else [path]
        if not some:
            raise UserError(
                f"there are no transcripts (.avt) in {path}: record some, for example by "
                f"avatarium evaluate {world} heuristic --episodes 200 --out {path}"
            )
        found += some
    return list(dict.fromkeys(found))


def _avatars(transcript: Transcript, role: str, policies: Sequence[str]) -> list[int]:
    """Avatars of the role that were moved by one of ``policies``, or all of them."""
    head, person = transcript.header, "" if transcript.is_branch else BY_HAND  # what branches repeat was done once
    movers = [person if transcript.by_hand == f"{role}_{a}" else str(head["policies"].get(role, "")) for a in range(head["roles"][role])]
    return [a for a, mover in enumerate(movers) if not policies or mover in policies]


def _score(transcript: Transcript, role: str, avatars: Sequence[int], by: str) -> float:
    """How good the episode was, more being better; minus infinity when that cannot be told."""
    metric = metrics.metric(by)
    above, below = metric.fold(transcript, role, avatars)
    if not below:
        return -math.inf
    return above / below if metric.higher_is_better else -above / below


def _chosen(found: list[tuple[int, Told, float]], wanted: Wanted) -> list[tuple[int, Told]]:
    """The episodes that are good enough, in the order of their files."""
    if not 0.0 < wanted.best <= 1.0:
        raise UserError(f"best is {wanted.best}, but it has to be a share of the episodes, more than 0 and at most 1")
    if wanted.least is not None:
        bar = wanted.least if metrics.metric(wanted.by).higher_is_better else -wanted.least
        found = [one for one in found if one[2] >= bar]
    kept = sorted(found, key=lambda one: -one[2])[: math.ceil(wanted.best * len(found))]
    return [(number, told) for number, told, _ in sorted(kept, key=lambda one: one[0])]


def _nothing(files: int, skipped: Sequence[str], wanted: Wanted) -> str:
    """Why there is nothing to learn from."""
    if skipped:
        return f"none of {files} transcripts can be learnt from; the first of {len(skipped)} that were left out: {skipped[0]}"
    asked = f" by {' or '.join(wanted.policies)}" if wanted.policies else ""
    bar = f" that reaches {wanted.by} {wanted.least:g}" if wanted.least is not None else ""
    return f"none of {files} transcripts holds an episode{asked}{bar}: ask for less, or record more"


def _check_size(decisions: int, most: int, role: Role) -> None:
    if decisions > most:
        gigabytes = decisions * 4 * (role.observation_size + role.action_size + 3) / 1e9
        raise UserError(
            f"the transcripts hold {decisions} decisions of {role.name}, about {gigabytes:.1f} GB, and {most} are taken at most: "
            f"give fewer, or the best {100 * most // decisions} % of them"
        )
