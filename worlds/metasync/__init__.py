"""Metasync: a base station shares bandwidth and compute between people and sensors (after MetaLore, Ohri et al. 2025)."""

from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.metasync import rules
from avatarium.worlds.metasync.config import Config
from avatarium.worlds.metasync.heuristic import heuristic, oracle
from avatarium.worlds.metasync.observe import overview, roles, state_features
from avatarium.worlds.metasync.scene import scene
from avatarium.worlds.metasync.state import allocate

WORLD = WorldSpec(
    name="metasync",
    version=1,
    summary="share a station's bandwidth and compute between people who ask and sensors that know",
    tags=("network",),
    config=Config,
    roles=roles,
    events=rules.EVENTS,
    allocate=allocate,
    reset=rules.reset,
    step=rules.step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=("network.stations", "sites"),
    frame_fields=("avatars", "boards", "sensors"),
    heuristic=heuristic,
    oracle=oracle,
    metrics=("reward_per_request", "episode_return", "aori", "aosi", "served", "late"),
)
