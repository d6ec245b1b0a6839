"""One transcript beside the row that it is the proof of: the same episode, simulated again, and the same numbers."""

from collections.abc import Iterator
from pathlib import Path

from avatarium.leaderboards.block import FOCAL
from avatarium.leaderboards.database.models import Episode, Submission
from avatarium.leaderboards.episodes import fold, setting
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.seasons.definition import Definition
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript, verify


def replayed(path: Path, row: Episode, one: Submission, definition: Definition) -> Iterator[str]:
    """What is wrong, a sentence each; nothing when the transcript proves the row."""
    name = f"{one.name} in {row.scenario_name}, seed {row.seed}"
    try:
        verdict = verify(path)
        told = Transcript.open(path)
    except UserError as error:
        yield f"{name}: {error}"
        return
    if not verdict.ok:
        yield f"{name}: {verdict.message}"
    about = told.header["extra"]
    if (told.digest, told.header["seed"], about.get("key"), about.get("submission")) != (row.digest, row.seed, row.scenario, one.key):
        yield f"{name}: the transcript is of another episode"
        return
    part = definition.part(one.world, one.role)
    where = setting(part.spec, told.header["config"], one.role)
    focal = [k for k, who in enumerate(about["seats"][one.role]) if who == FOCAL]
    found = fold(told, where, focal, [metric(name) for name in part.metrics])
    if {key: list(share) for key, share in found.items()} != row.shares:
        yield f"{name}: the numbers that are stored do not follow from the transcript"
