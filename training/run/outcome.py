"""What a finished run leaves behind: policies, curve, verdict, replay."""

import dataclasses
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatarium.agents import addressed
from avatarium.agents.play import play
from avatarium.leaderboards.evaluate import Result, evaluate, table
from avatarium.training.run import candid, card, curve, export, history
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.run.recipe import recipe_for
from avatarium.worlds.core.spec import WorldSpec

TRAINED = "trained"
"""What the policy is called in its verdict."""
FIRST_SEED = 500_000_000
"""Episodes of the evaluation are seeded from here on."""
SPLITS = ("validation", "held-out")
"""Levels that are like those of training, and levels that are of another kind: what a world with splits is judged on."""


@dataclass(frozen=True)
class Outcome:
    """Paths of what was written, by role, and the verdict as text."""

    policies: dict[str, Path]
    picture: Path
    card: Path
    verdict: str
    replay: Path | None


def finish(found: Checkpoint, run: Path, episodes: int, say: Callable[[str], None]) -> Outcome:
    """Export every role's policy, draw the curve, compare with the baselines over ``episodes`` of each unseen split, write the card."""
    here = found.plan.arena
    policies = {}
    for name, role in found.roles.items():
        path = run / ("policy.zip" if len(found.roles) == 1 else f"policy_{name}.zip")
        policies[name] = export.write_policy(path, found, role, run.resolve().name)
    picture = curve.draw(history.read(run), f"{here.name}: {run.resolve().name}", recipe_for(here.name).shown, run / "curve.png")
    if not episodes or here.spec is None:
        return Outcome(policies, picture, card.write(run / "card.md", found, policies, ()), "", None)
    say(f"letting it play {episodes} episodes that training has not seen, and the baselines the same ones ...")
    verdicts: list[tuple[str, list[Result]]] = []
    for name in policies:
        for split, config in places(here.spec, found.plan.settings).items():
            results = judge(found, here.spec, name, policies, config, run / "evaluation" / name / split, episodes)
            verdicts.append((split, results))
    replay = _replay(found, run, policies, config)
    told = "\n".join(f"{results[0].role}, {split} levels\n{table(results)}" for split, results in verdicts)
    return Outcome(policies, picture, card.write(run / "card.md", found, policies, verdicts), told, replay)


def _replay(found: Checkpoint, run: Path, policies: dict[str, Path], config: dict[str, Any]) -> Path:
    """The first episode of the evaluation once more, with all that the networks can tell of themselves."""
    with tempfile.TemporaryDirectory(dir=run, prefix=".replay-") as folder:
        seats = candid.company(found.plan, found.modules, run.resolve().name)
        for name, path in policies.items():
            addressed(seats[name], str(path))
        (played,) = play(found.plan.world, seats, [FIRST_SEED], Path(folder), config)
        return played.replace(run / "replay.avt")


def places(spec: WorldSpec, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings to judge under, by name: each unseen split, or those of training where the world has no splits."""
    if "split" not in {f.name for f in dataclasses.fields(spec.config)}:
        return {"fresh": settings}
    return {split: settings | {"split": split} for split in SPLITS}


def judge(
    found: Checkpoint, spec: WorldSpec, role: str, policies: dict[str, Path], config: dict[str, Any], folder: Path, episodes: int
) -> list[Result]:
    """Results of the policy, first, and of the baselines that the world has, beside the other roles as they were in training."""
    entrants = {TRAINED: str(policies[role]), "random": "random"}
    entrants |= {name: name for name in ("heuristic", "oracle") if getattr(spec, name) is not None}
    others = found.plan.minds | {name: str(path) for name, path in policies.items() if name != role}
    return evaluate(found.plan.world, entrants, range(FIRST_SEED, FIRST_SEED + episodes), config, folder, role, others=others)
