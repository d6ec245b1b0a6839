"""What every agent senses, does and earns, frame by frame, from its own side."""

import numpy as np

from avatarium.render.viewer.reading import Reading
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.spec import Role

_PICTURES = 1 << 28
"""Bytes that pictures of what agents see may take; later ones are not kept, since they can be drawn as well."""


class Diary:
    """Observations, rewards by term and actions of every agent, frame by frame."""

    def __init__(self, roles: dict[str, Role]) -> None:
        self._roles = roles
        self._observation: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._terms: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._actions: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._pictures: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._room = _PICTURES
        self._courses: dict[str, list[np.ndarray]] = {}
        self._seats = {f"{name}_{a}": (name, a) for name, role in roles.items() for a in range(role.count)}

    def note(self, batch: Batch, actions: dict[str, np.ndarray] | None) -> None:
        """Add a frame: what environment 0 of ``batch`` shows after its reset (no ``actions``) or its last step."""
        for name, role in self._roles.items():
            before = self._terms[name][-1] if self._terms[name] else np.zeros((role.count, len(role.terms)), np.float32)
            self._see(name, role, batch.observations[name][0])
            self._terms[name].append(before if actions is None else before + batch.reward_terms[name][0])
            self._actions[name].append(np.zeros(0) if actions is None else actions[name][0].copy())

    def _see(self, name: str, role: Role, observed: np.ndarray) -> None:
        """Keep an observation [A, D], its picture in bytes and apart from the rest."""
        picture = role.picture
        plain = observed.shape[1] - (picture.size if picture is not None else 0)
        self._observation[name].append(observed[:, :plain].copy())
        if picture is not None and picture.shape is not None and self._room > 0:
            seen = observed[:, plain:].reshape(-1, *picture.shape)[:, :3]
            self._pictures[name].append((seen.transpose(0, 2, 3, 1) * 255 + 0.5).astype(np.uint8))
            self._room -= self._pictures[name][-1].nbytes

    def _course(self, role: str) -> np.ndarray:
        """float32 [T, A]: the reward so far, frame by frame; summed once for every frame."""
        known, terms = self._courses.get(role, []), self._terms[role]
        known += [rows.sum(axis=1) for rows in terms[len(known) :]]
        self._courses[role] = known
        return np.array(known, np.float32)

    def reading(self, t: int, agent: str) -> Reading | None:
        """The agent at frame ``t``; None when it is not known, or frame ``t`` has not been noted."""
        if agent not in self._seats or t >= len(self._observation[self._seats[agent][0]]):
            return None
        name, a = self._seats[agent]
        role = self._roles[name]
        seen, did = self._observation[name][t][a], self._actions[name][t]
        pictures = self._pictures[name]
        return Reading(
            features={f: seen[where] for f, where in role.slices().items() if where.stop <= len(seen)},
            terms=dict(zip(role.terms, self._terms[name][t][a].tolist(), strict=True)),
            course=self._course(name)[: t + 1, a],
            action=spoken(role, did[a]) if len(did) else "",
            picture=pictures[t][a] if t < len(pictures) else None,
        )


def spoken(role: Role, action: np.ndarray) -> str:
    """An action in words; idle heads are left out."""
    if role.continuous:
        form = "+.1f" if role.span[0] < 0 else ".2f"
        return ", ".join(f"{name} {value:{form}}" for name, value in zip(role.continuous, action.tolist(), strict=True))
    chosen = [(head.name, head.choices[int(k)]) for head, k in zip(role.heads, action.tolist(), strict=True) if int(k) > 0]
    return ", ".join(f"{name} {choice}" for name, choice in chosen) or "stand"
