"""Commons: pickers share an orchard whose trees bear again only where fruit is left (Perolat et al. 2017)."""

from avatarium.worlds.commons import rules
from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.heuristic import heuristic
from avatarium.worlds.commons.observe import overview, roles, state_features
from avatarium.worlds.commons.oracle import oracle
from avatarium.worlds.commons.scene import scene
from avatarium.worlds.commons.sights import SIGHTS
from avatarium.worlds.commons.state import allocate, places
from avatarium.worlds.core.spec import WorldSpec

WORLD = WorldSpec(
    name="commons",
    version=1,
    summary="pick fruit in an orchard that bears again only where fruit is left, among others who want it too",
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
    sights=SIGHTS,
    level_fields=(
        "plan.boxes",
        "plan.kinds",
        "plan.num_boxes",
        "plan.cells",
        "rooms",
        "num_rooms",
        "extent",
        "trees",
        "num_trees",
        "patch",
        "owner",
    ),
    frame_fields=("avatars", "ripe"),
    heuristic=heuristic,
    oracle=oracle,
    places=places,
    metrics=("collective_return", "episode_return", "equality", "sustainability", "peace", "fines_per_minute", "restraint"),
)
