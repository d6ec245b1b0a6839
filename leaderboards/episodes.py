"""Playing episodes for a score: transcripts are folded into metrics, and a policy that fails pays for it, episode by episode."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avatarium import agents
from avatarium.agents.exported import PolicyError
from avatarium.agents.play import play
from avatarium.agents.policy import Policy
from avatarium.leaderboards import metrics
from avatarium.leaderboards.metrics import Metric, Share
from avatarium.leaderboards.shared_seats import PartnerError
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role, WorldSpec
from avatarium.worlds.core.transcript import Transcript


@dataclass(frozen=True)
class Episode:
    """One scored episode. With a ``fault`` there is no transcript, and the metrics give it their floor."""

    seed: int
    steps: int
    shares: dict[str, Share]
    transcript: Path | None
    digest: str
    fault: str | None = None
    partner_fault: bool = False
    """Whether it was not the judged policy that failed but the one it played with: the episode counts for nothing."""
    background: dict[str, Share] = field(default_factory=dict)
    """The same metrics over those avatars of the role that are not the judged policy's."""
    seats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By role, who had each avatar: ``focal``, ``partner``, or the address of one of the background people."""


@dataclass(frozen=True)
class Setting:
    """What is played: a world with a config, and which role is judged."""

    spec: WorldSpec
    config: dict[str, Any]
    role: Role
    others: Mapping[str, str] = field(default_factory=dict)
    """Policies of the other roles, as ``agents.load`` takes them; by default the world's heuristic, else random."""

    @property
    def metrics(self) -> list[Metric]:
        """What the world is judged by, the headline first."""
        return [metrics.metric(name) for name in self.spec.metrics]

    @property
    def roles(self) -> tuple[Role, ...]:
        """All roles of the world under the config."""
        return self.spec.roles(settings.build(self.spec.config, self.config))

    @property
    def usual(self) -> str:
        """Who plays a role for which nobody is given."""
        return "heuristic" if self.spec.heuristic else "random"

    def seats(self, policy: Policy) -> dict[str, Policy]:
        """``policy`` as the mind of the judged role, and the minds of the other roles."""
        address = discovery.address(self.spec)
        others = {role.name: self.others.get(role.name, self.usual) for role in self.roles if role.name != self.role.name}
        return {self.role.name: policy} | {name: agents.load(mind, address, name, **self.config) for name, mind in others.items()}


def setting(spec: WorldSpec, config: Mapping[str, Any], role: str | None = None) -> Setting:
    """A checked setting; without ``role`` the world's first one is judged. Raises UserError for unknown settings and roles."""
    roles = {r.name: r for r in spec.roles(settings.build(spec.config, config))}
    if role is not None and role not in roles:
        raise UserError(f"{spec.name} has no role {role!r}: its roles are {', '.join(roles)}")
    return Setting(spec, dict(config), roles[role or next(iter(roles))])


def play_scored(
    where: Setting,
    policy: Policy,
    seeds: Sequence[int],
    folder: Path,
    extra: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda steps: None,
) -> list[Episode]:
    """Play one episode per seed, all side by side, and fold the transcripts, which stay in ``folder``.

    When the policy fails, its episode alone is touched by it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = discovery.address(where.spec)

    def played(some: Sequence[int]) -> list[Episode]:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".playing-") as scratch:
            paths = play(address, where.seats(policy), some, Path(scratch), config=where.config, extra=extra, progress=progress)
            return [_kept(where, seed, path, folder) for seed, path in zip(some, paths, strict=True)]

    return halved(seeds, played)


def halved(seeds: Sequence[int], played: Callable[[Sequence[int]], list[Episode]]) -> list[Episode]:
    """What ``played`` gives for ``seeds``; where a policy fails, they are halved until the episode in which it does is alone."""
    try:
        return played(seeds)
    except PolicyError as fault:
        if len(seeds) == 1:
            return [Episode(seeds[0], 0, {}, None, "", str(fault), partner_fault=isinstance(fault, PartnerError))]
    half = len(seeds) // 2
    return [episode for some in (seeds[:half], seeds[half:]) for episode in halved(some, played)]


def _kept(where: Setting, seed: int, path: Path, folder: Path) -> Episode:
    told = Transcript.open(path)
    shares = fold(told, where)
    return Episode(seed, told.steps, shares, Path(shutil.move(path, folder / path.name)), told.digest)


def fold(told: Transcript, where: Setting, avatars: Sequence[int] | None = None, by: Sequence[Metric] = ()) -> dict[str, Share]:
    """Numerator and denominator of each metric, the world's unless others are given, for some avatars of the judged role, else all."""
    chosen = range(where.role.count) if avatars is None else avatars
    found = {m.name: m.fold(told, where.role.name, chosen) for m in by or where.metrics}
    return {name: (float(above), float(below)) for name, (above, below) in found.items()}
