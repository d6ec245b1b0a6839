"""Who lives in an environment of others, read off its names and spaces."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Space
from pettingzoo import AECEnv
from pettingzoo.utils.conversions import aec_to_parallel

from avatarium.training.adapters import spaces
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import EventKind, Feature, Role

NUMBER = re.compile(r"[_\-\s]*\d+$")
VERSION = re.compile(r"_v(\d+)$")


@dataclass(frozen=True)
class ForeignSpec:
    """What is known of an environment of others; the part of a ``WorldSpec`` that a trainer reads."""

    name: str
    version: int
    summary: str
    address: str | None
    """``package.module:function`` that makes the environment, where one was given."""
    kinds: tuple[Role, ...]
    state_size: int
    events: tuple[EventKind, ...] = ()
    tags: tuple[str, ...] = ("foreign",)
    heuristic: None = None
    oracle: None = None
    places: None = None
    metrics: tuple[str, ...] = ("episode_return",)

    def roles(self, config: Any = None) -> tuple[Role, ...]:
        """The roles; they were read off the environment, so ``config`` changes nothing."""
        return self.kinds

    def state_features(self, config: Any = None) -> tuple[Feature, ...]:
        """What the global state holds."""
        return (Feature("state", self.state_size, -np.inf, np.inf, "global state of the environment", "foreign"),)

    def signature(self) -> str:
        """SHA-256 over the environment's name and version and all that a policy must fit."""
        fit = [self.name, self.version, self.state_size, [[role.name, role.count, role.signature()] for role in self.kinds]]
        return hashlib.sha256(json.dumps(fit).encode()).hexdigest()


class Kind(NamedTuple):
    """Agents that share a policy, because their names have the same stem and their spaces are equal."""

    role: Role
    agents: tuple[str, ...]
    senses: spaces.Senses
    deeds: spaces.Deeds


def parallel(env: Any) -> Any:
    """``env`` if its agents act together, or as if they did. Raises UserError when they cannot."""
    if isinstance(env, AECEnv):
        if not env.metadata.get("is_parallelizable", False):
            raise UserError(f"in {env} agents act in turn, so that it cannot be played by all at once: only parallel environments can")
        env = aec_to_parallel(env)
    lacking = [name for name in ("possible_agents", "observation_space", "action_space", "reset", "step") if not hasattr(env, name)]
    if lacking:
        raise UserError(f"{type(env).__name__} is no PettingZoo environment: it has no {', '.join(lacking)}")
    return env


def sort(env: Any, infos: dict[str, Any]) -> tuple[Kind, ...]:
    """Sort the agents of ``env`` by the stem of their names and by their spaces; ``infos`` of a reset tell who gets masks."""
    groups: list[tuple[str, Space[Any], Space[Any], list[str]]] = []
    for agent in env.possible_agents:
        stem, seen, done = NUMBER.sub("", str(agent)) or "agent", env.observation_space(agent), env.action_space(agent)
        for name, its_seen, its_done, members in groups:
            if name == stem and its_seen == seen and its_done == done:
                members.append(agent)
                break
        else:
            groups.append((stem, seen, done, [agent]))
    stems = [stem for stem, *_ in groups]
    return tuple(
        _kind(stem if stems.count(stem) == 1 else str(members[0]), seen, done, members, infos) for stem, seen, done, members in groups
    )


def _kind(name: str, seen: Space[Any], done: Space[Any], members: list[str], infos: dict[str, Any]) -> Kind:
    senses, deeds = spaces.senses(seen, members[0]), spaces.deeds(done, members[0])
    masked = bool(deeds.heads) and (senses.masked or any(spaces.MASK in infos.get(agent, {}) for agent in members))
    role = Role(name, len(members), senses.features, deeds.heads, ("reward",), deeds.controls, masked)
    return Kind(role, tuple(members), senses, deeds)


def title(env: Any) -> tuple[str, int]:
    """Name and version of ``env``, as in ``simple_spread_v3``."""
    name = str(getattr(env, "metadata", {}).get("name") or type(env.unwrapped).__name__)
    version = VERSION.search(name)
    return VERSION.sub("", name), int(version.group(1)) if version else 0
