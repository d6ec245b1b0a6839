"""Concierge: visitors wish for rooms they do not know; a host knows the way, but not the wish. They have to find words for it."""

from avatarium.worlds.concierge import rules
from avatarium.worlds.concierge.config import Config
from avatarium.worlds.concierge.heuristic import heuristic, oracle
from avatarium.worlds.concierge.observe import look_again, overview, roles, state_features
from avatarium.worlds.concierge.scene import colours, scene
from avatarium.worlds.concierge.state import allocate, places
from avatarium.worlds.core.building import LEVEL_FIELDS
from avatarium.worlds.core.eyes import Sights, paint_rooms
from avatarium.worlds.core.spec import WorldSpec

WORLD = WorldSpec(
    name="concierge",
    version=2,
    summary="visitors wish for rooms they do not know, a host knows the ways but not the wishes: they need words",
    tags=("language", "navigation", "cooperation"),
    config=Config,
    roles=roles,
    events=rules.EVENTS,
    allocate=allocate,
    reset=rules.reset,
    step=rules.step,
    look_again=look_again,
    overview=overview,
    state_features=state_features,
    scene=scene,
    sights=Sights(colours, paint_rooms),
    level_fields=(*LEVEL_FIELDS, "room_of"),
    frame_fields=("avatars",),
    heuristic=heuristic,
    oracle=oracle,
    places=places,
    metrics=("success", "sct", "collisions", "intrusion"),
)
