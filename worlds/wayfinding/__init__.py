"""Wayfinding: avatars travel from room to room in buildings they have never seen, among others who do the same."""

from avatarium.worlds.core.building import LEVEL_FIELDS
from avatarium.worlds.core.eyes import Sights, paint_rooms
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.wayfinding import rules
from avatarium.worlds.wayfinding.config import Config
from avatarium.worlds.wayfinding.guide import oracle
from avatarium.worlds.wayfinding.heuristic import heuristic
from avatarium.worlds.wayfinding.observe import overview, roles, state_features
from avatarium.worlds.wayfinding.scene import colours, scene
from avatarium.worlds.wayfinding.state import allocate, places

WORLD = WorldSpec(
    name="wayfinding",
    version=1,
    summary="travel from room to room in buildings never seen before, among others who do the same",
    tags=("navigation",),
    config=Config,
    roles=roles,
    events=rules.EVENTS,
    allocate=allocate,
    reset=rules.reset,
    step=rules.step,
    look_again=rules.look_again,
    overview=overview,
    state_features=state_features,
    scene=scene,
    sights=Sights(colours, paint_rooms),
    level_fields=LEVEL_FIELDS,
    frame_fields=("avatars",),
    heuristic=heuristic,
    oracle=oracle,
    places=places,
    metrics=("success", "spl", "collisions", "intrusion", "journeys_per_minute", "journey_time", "crowd_delay"),
)
