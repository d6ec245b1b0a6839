"""Gathering: people in a hall who come, find company, take turns in talking, tire of it, move on, and go."""

from avatarium.worlds.core.building import LEVEL_FIELDS
from avatarium.worlds.core.eyes import Sights, paint_rooms
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.gathering import rules
from avatarium.worlds.gathering.config import Config
from avatarium.worlds.gathering.heuristic import heuristic
from avatarium.worlds.gathering.minds import oracle
from avatarium.worlds.gathering.observe import overview, roles, state_features
from avatarium.worlds.gathering.scene import colours, scene
from avatarium.worlds.gathering.state import allocate, places

WORLD = WorldSpec(
    name="gathering",
    version=1,
    summary="find company in a hall, take turns in talking of what others like, and move on in time",
    tags=("social",),
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
    level_fields=(*LEVEL_FIELDS, "interests"),
    frame_fields=("avatars", "formations", "floors"),
    heuristic=heuristic,
    oracle=oracle,
    places=places,
    metrics=(
        "matched_conversation",
        "conversation_time",
        "overlap_share",
        "turn_balance",
        "partner_match",
        "circulation",
        "left_out",
        "greetings_answered",
        "f_formation",
        "reward_gini",
        "offences",
    ),
)
