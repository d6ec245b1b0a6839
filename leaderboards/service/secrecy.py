"""What nobody may see before a season is revealed: seeds, transcripts and replays of the ranked and the final track.

A transcript holds its seed, and whoever knows a seed can train on it. Digests are shown at once: they commit to what is hidden.
"""

from pathlib import Path

import sqlalchemy as sql

from avatarium.leaderboards.database.models import PUBLIC, REVEALED, Episode, EvalPlan, Job, Season
from avatarium.leaderboards.seasons import secret as secrets


def open_episodes() -> sql.ColumnElement[bool]:
    """A condition on ``Episode``: it was played for a public track, or for a season that has been revealed.

    What cannot be traced to a plan is not shown.
    """
    plan = sql.select(EvalPlan.id).join(Job, Job.plan == EvalPlan.id).join(Season, Season.name == EvalPlan.season)
    shown = sql.or_(EvalPlan.track == PUBLIC, Season.state == REVEALED)
    return plan.where(Job.id == Episode.job, shown).exists()


def is_open(track: str, season_state: str) -> bool:
    """Whether seeds of a track may be told."""
    return track == PUBLIC or season_state == REVEALED


def secret(season: Season, folder: Path) -> str | None:
    """From which the seeds of a season follow: as revealed, or from its file in ``folder``. Raises UserError for a wrong one."""
    if season.secret is not None:
        return season.secret
    path = folder / f"{season.name}.secret"
    return secrets.read(path, season.commitment) if season.commitment and path.is_file() else None
