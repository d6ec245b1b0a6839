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

    def seats(self, policy: Policy) -> dict[str, Policy]:
        """``policy`` as the mind of the judged role, and the minds of the other roles."""
        address = discovery.address(self.spec)
        usual = "heuristic" if self.spec.heuristic else "random"
        roles = [r.name for r in self.spec.roles(settings.build(self.spec.config, self.config))]
        others = {name: self.others.get(name, usual) for name in roles if name != self.role.name}
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

    When the policy fails, the batch is halved until the episode that it fails in is alone: the others are not touched by it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".playing-") as scratch:
        try:
            paths = play(
                discovery.address(where.spec),
                where.seats(policy),
                seeds,
                Path(scratch),
                config=where.config,
                extra=extra,
                progress=progress,
            )
        except PolicyError as fault:
            paths, sentence = [], str(fault)
        else:
            return [_fold(where, seed, path, folder) for seed, path in zip(seeds, paths, strict=True)]
    if len(seeds) == 1:
        return [Episode(seeds[0], 0, {}, None, "", sentence)]
    half = len(seeds) // 2
    return [e for part in (seeds[:half], seeds[half:]) for e in play_scored(where, policy, part, folder, extra, progress)]


def _fold(where: Setting, seed: int, path: Path, folder: Path) -> Episode:
    told = Transcript.open(path)
    shares = fold(told, where)
    kept = Path(shutil.move(path, folder / path.name))
    return Episode(seed, told.steps, shares, kept, told.digest)


def fold(told: Transcript, where: Setting) -> dict[str, Share]:
    """Numerator and denominator of each metric of the world, for all avatars of the judged role."""
    found = {m.name: m.fold(told, where.role.name, range(where.role.count)) for m in where.metrics}
    return {name: (float(above), float(below)) for name, (above, below) in found.items()}
