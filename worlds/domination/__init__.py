"""Domination: two teams fight over three points; whoever stepped on a point last holds it."""

from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.domination import rules
from avatarium.worlds.domination.config import Config
from avatarium.worlds.domination.heuristic import heuristic
from avatarium.worlds.domination.observe import overview, roles, state_features
from avatarium.worlds.domination.scene import scene
from avatarium.worlds.domination.sights import SIGHTS
from avatarium.worlds.domination.state import allocate

WORLD = WorldSpec(
    name="domination",
    version=1,
    summary="two teams fight over three points: who stepped on a point last holds it, and it counts the longer it is held",
    tags=("competition",),
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
    sights=SIGHTS,
    level_fields=("plan.boxes", "plan.kinds", "plan.num_boxes", "plan.cells", "points", "rooms", "num_rooms", "extent"),
    frame_fields=("avatars", "owners", "held", "score"),
    heuristic=heuristic,
    metrics=("win_rate", "score_margin", "point_share", "tags", "deaths"),
)
