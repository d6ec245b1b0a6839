"""Foresight: what the policy makes its decisions of is made to tell where the people it senses are going.

An auxiliary task beside the reward (Jaderberg et al. 2017, https://arxiv.org/abs/1611.05397): a linear head on the last layer but one of
the policy foretells how far everybody in sight will have moved in so many steps. What became of them is read from later observations, in
which others are told in an order that changes: whoever is seen is sought in the next observation where they last were, own steps and turns
deducted. Bodies of 0.25 m radius never overlap, so that nobody else can be within ``SAME_M`` of there. Whoever is lost from sight on the
way, and whatever lies beyond the end of an episode or of a fragment, is not asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.worlds.core.bodies import RADIUS_M, STEP_S, TOP_SPEED
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.people import COLUMNS, RANGE_M
from avatarium.worlds.core.spec import Role

SENSES = ("people", "velocity", "heading")
"""Features that it takes: others, and own motion."""
SAME_M = float(RADIUS_M)
STEP_M = float(TOP_SPEED * STEP_S)
"""The farthest one walks in a step."""


@dataclass(frozen=True)
class Foresight:
    """What one role is to foresee, and how much that counts."""

    people: slice
    """Of the observation, as are the other two."""
    velocity: slice
    heading: slice
    steps: int
    """How far ahead."""
    weight: float

    @property
    def outputs(self) -> int:
        """How many numbers are foretold: two for each of the people."""
        return 2 * (int(self.people.stop - self.people.start) // COLUMNS)


def by_role(weight: float, steps: int, roles: Mapping[str, Role]) -> dict[str, Foresight]:
    """For the roles that sense people and their own motion; nothing for weight 0. Raises UserError when there is no such role."""
    if not weight:
        return {}
    able = {name: role.slices() for name, role in roles.items() if set(SENSES) <= set(role.slices())}
    if not able:
        raise UserError(f"foresight={weight:g}: nobody here senses {', '.join(SENSES)}, which it takes: leave it out")
    return {name: Foresight(where["people"], where["velocity"], where["heading"], steps, weight) for name, where in able.items()}


def futures(observations: Tensor, starts: Tensor, foresight: Foresight) -> Tensor:
    """How far everybody in sight will have moved, float32 [T, S, outputs], in the frame in which they are seen now.

    ``observations`` float32 [T + 1, S, D]; ``starts`` bool [T + 1, S]: episodes begin there. The way at top speed is 1; NaN: not known.
    """
    seen = _people(observations, foresight)
    present, heading = seen[..., 0] > 0, observations[..., foresight.heading]
    steps = _turned(observations[..., foresight.velocity] * STEP_M, heading)
    places = _turned(seen[..., 1:3] * float(RANGE_M), heading[:, :, None]) + steps.cumsum(0)[:, :, None]
    after = _followed(places, present, starts)
    found = torch.full_like(places[:-1], torch.nan)
    last = len(found) - foresight.steps + 1
    if last > 0:
        who = torch.arange(present.shape[-1], device=places.device).expand(last, *present.shape[1:])
        known = present[:last]
        for step in range(foresight.steps):
            who = after[step : step + last].gather(-1, who.clamp_min(0)).where(known, -1)
            known = who >= 0
        there = places[foresight.steps :].gather(2, who.clamp_min(0)[..., None].expand(*who.shape, 2))
        moved = _turned(there - places[:last], heading[:last, :, None], back=True) / (foresight.steps * STEP_M)
        found[:last] = moved.where(known[..., None], torch.nan)
    return found.flatten(-2)


def _people(observations: Tensor, foresight: Foresight) -> Tensor:
    """What is told of everybody in sight: [..., K, COLUMNS]."""
    seen = observations[..., foresight.people]
    return seen.reshape(*seen.shape[:-1], -1, COLUMNS)


def _turned(vectors: Tensor, heading: Tensor, back: bool = False) -> Tensor:
    """Vectors [..., 2] ahead and to the left under a ``heading`` (cosine, sine) as they are in the plan, or ``back`` from there."""
    (x, y), cos, sin = vectors.unbind(-1), heading[..., 0], heading[..., 1] * (-1.0 if back else 1.0)
    return torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)


def _followed(places: Tensor, present: Tensor, starts: Tensor) -> Tensor:
    """int64 [T, S, K]: the place in the order of the next observation of each that is seen in one; -1 where nobody there is the same.

    ``places`` float32 [T + 1, S, K, 2], ``present`` bool [T + 1, S, K].
    """
    apart = (places[:-1, :, :, None] - places[1:, :, None]).norm(dim=-1)
    can_be = present[:-1, :, :, None] & present[1:, :, None] & ~starts[1:, :, None, None]
    nearest, which = apart.where(can_be, torch.inf).min(dim=-1)
    found: Tensor = which.where(nearest < SAME_M, -1)
    return found


def straight_on(observations: Tensor, foresight: Foresight) -> Tensor:
    """What ``futures`` would be if everybody went on as they do: float32 [..., outputs]."""
    return _people(observations, foresight)[..., 5:7].flatten(-2)


def missed(foretold: Tensor, came: Tensor) -> Tensor:
    """How far off each decision's forecasts were: the sum [...] of squared distances over the people of whom ``came`` tells something."""
    return torch.nan_to_num(foretold[..., : came.shape[-1]] - came, nan=0.0).square().sum(-1)
