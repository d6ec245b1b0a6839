"""Making anchors: the random policy and the reference play every scenario of a world on the public seeds."""

import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.agents.policy import Policy
from avatarium.leaderboards import paired
from avatarium.leaderboards.anchors import SCHEMA, Json, anchored, digest, file_of, told
from avatarium.leaderboards.block import play_block
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.leaderboards.scenarios import Scenario
from avatarium.leaderboards.scenarios.pillars import judged_by, reference
from avatarium.leaderboards.stats import LEVEL
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

DIGITS = 6


def make(spec: WorldSpec, episodes: int, progress: Callable[[int], None] = lambda episodes: None) -> Path:
    """Play ``episodes`` of every scenario and write the anchors; returns their file. ``progress`` is told how many episodes were played."""
    roles: Json = {}
    for role in spec.role_names():
        roles[role] = {scenario.name: _measured(scenario, spec, role, episodes, progress) for scenario in anchored(spec, role)}
    contents = {"schema": SCHEMA, "world": spec.name, "version": spec.version, "episodes": episodes, "roles": roles}
    path = file_of(spec)
    path.write_text(json.dumps({**contents, "sha256": digest(contents)}, indent=1) + "\n", "utf-8")
    return path


def total(spec: WorldSpec, episodes: int) -> int:
    """How many episodes ``make`` plays."""
    return 2 * episodes * sum(len(anchored(spec, role)) for role in spec.role_names())


def _measured(scenario: Scenario, spec: WorldSpec, role: str, episodes: int, progress: Callable[[int], None]) -> Json:
    partners = _partners(scenario, spec, role)
    policies = (
        agents.load("random", discovery.address(spec), role, **scenario.config),
        reference(spec, role, scenario.people).load(spec, role, scenario.config),
    )
    rows = []
    for policy in policies:
        with tempfile.TemporaryDirectory(prefix="avatarium-anchors-") as folder:
            rows.append(play_block(scenario, spec, role, policy, scenario.seeds(episodes), Path(folder), partners=partners))
        if fault := next((e.fault for e in rows[-1] if e.fault), None):
            raise UserError(f"{policy.name} cannot be an anchor of {spec.name}: {fault}")
        progress(episodes)
    return {**told(scenario, spec, role), "metrics": {name: _anchor(metric(name), *rows) for name in judged_by(spec)}}


def _partners(scenario: Scenario, spec: WorldSpec, role: str) -> Mapping[str, Policy]:
    """The references, where a scenario takes a partner: of the role itself where it is shared, else of the others."""
    if not scenario.with_partner:
        return {}
    roles = (role,) if scenario.mode.focal else tuple(name for name in spec.role_names() if name != role)
    return {name: reference(spec, name, scenario.people).load(spec, name, scenario.config) for name in roles}


def _anchor(by: Metric, random: Sequence[Episode], best: Sequence[Episode]) -> list[Any]:
    """Random, reference, and whether the reference is better in 95 % of resamples of the seeds."""
    scores = paired.drawn([paired.shares(by, random), paired.shares(by, best)])
    gain = (scores[1:, 1] - scores[1:, 0]) * (1.0 if by.higher_is_better else -1.0)
    known = gain[~np.isnan(gain)]
    apart = bool(len(known)) and float(np.quantile(known, (1 - LEVEL) / 2)) > 0.0
    return [*(None if math.isnan(value) else round(float(value), DIGITS) for value in scores[0]), apart]
