"""What belongs into one data set: what avatars of one role of one world lived through, as long as they sensed and did the same things."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import Role, WorldSpec


@dataclass(frozen=True)
class Kind:
    """A role as it is under some settings of its world. Two are equal where their rows fit into one table."""

    world: str
    """Where ``worlds.make`` finds it: a name, or ``package.module:WORLD``."""
    name: str
    version: int
    role: Role
    """With a count of 0: how many there are is a matter of the episode."""
    usual: bool
    """Whether the role is like that under the default settings."""
    bodied: bool = False
    """Whether it has a place."""
    public: bool = False
    """Whether it is for everybody, and tells nobody's name."""

    @classmethod
    def of(cls, spec: WorldSpec, role: Role, bodied: bool = False, public: bool = False) -> "Kind":
        """The kind of a role."""
        alike = replace(role, count=0)
        usual = any(replace(other, count=0) == alike for other in spec.roles(spec.config()))
        return cls(discovery.address(spec), spec.name, spec.version, alike, usual, bodied, public)

    @property
    def label(self) -> str:
        """What its folder is called: the role, with a mark of what is sensed and done where settings made that unlike the usual."""
        return self.role.name if self.usual else f"{self.role.name}-{hashlib.sha256(repr(self.role).encode()).hexdigest()[:8]}"

    def about(self) -> dict[str, Any]:
        """What a reader has to know, as JSON: what the numbers of observations, actions, rewards and events mean."""
        role, spec = self.role, discovery.spec(self.world)
        slices = role.slices()
        features = [{"start": slices[f.name].start, "stop": slices[f.name].stop, **asdict(f)} for f in role.features]
        heads = [{"name": head.name, "choices": list(head.choices)} for head in role.heads]
        return {
            "world": self.world,
            "version": self.version,
            "role": role.name,
            "step_s": 0.1,
            "features": features,
            "actions": {"controls": list(role.continuous), "range": list(role.span)} if role.continuous else {"heads": heads},
            "terms": list(role.terms),
            "events": [asdict(event) for event in spec.events],
        }
