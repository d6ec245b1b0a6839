"""The museum: avatars explore halls of exhibits without any reward, among others who do the same."""

from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.museum import rules
from avatarium.worlds.museum.config import Config
from avatarium.worlds.museum.heuristic import heuristic
from avatarium.worlds.museum.observe import overview, roles, state_features
from avatarium.worlds.museum.oracle import oracle
from avatarium.worlds.museum.scene import scene
from avatarium.worlds.museum.sights import SIGHTS
from avatarium.worlds.museum.state import FRAME_FIELDS, LEVEL_FIELDS, allocate, places

METRICS = (
    *("exhibits_seen", "knowledge", "states_discovered", "rooms_seen", "hidden_seen", "wing_found", "vault_opened", "time_to_90"),
    *("screen_time", "loop_time", "glass_time", "gaze_following", "state_entropy", "coverage_overlap"),
)

WORLD = WorldSpec(
    name="museum",
    version=1,
    summary="explore halls of exhibits without any reward: what is new, what can be found out, what distracts",
    tags=("curiosity",),
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
    level_fields=LEVEL_FIELDS,
    frame_fields=FRAME_FIELDS,
    heuristic=heuristic,
    oracle=oracle,
    places=places,
    metrics=METRICS,
)
