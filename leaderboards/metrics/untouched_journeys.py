"""Untouched journeys: whether avatars arrive without walking into anybody on the way."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, of_kind
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Journeys that arrived and in which none of the avatars with a part in them walked into another, over the journeys that ended.

    A journey is part of those who made it and of those who were to help (``whom``). Unlike contacts per minute, this does not flatter
    whoever stands still.
    """
    numbers = avatar_numbers(transcript.roles.values())[role]
    mine = [numbers[avatar] for avatar in avatars]
    arrivals, failures, contacts = (of_kind(transcript, kind) for kind in ("arrival", "failure", "collision"))
    clean, ended, begun = 0, 0, {int(who): -1 for who in np.unique([*arrivals["who"], *failures["who"]])}
    kinds = np.repeat([True, False], [len(arrivals), len(failures)])
    ends = np.concatenate([arrivals, failures])
    for k in np.argsort(ends["step"], kind="stable").tolist():
        end, since = ends[k], begun[int(ends[k]["who"])]
        begun[int(end["who"])] = int(end["step"])
        part = [who for who in (int(end["who"]), int(end["whom"])) if who in mine]
        if part:
            during = (contacts["step"] > since) & (contacts["step"] <= end["step"])
            ended += 1
            clean += bool(kinds[k]) and not np.isin(contacts["who"][during], part).any()
    return float(clean), float(ended)


METRIC = Metric(
    name="untouched_journeys",
    title="untouched",
    meaning="share of journeys that arrived without walking into anybody",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Francis et al. 2023, arXiv:2306.16740",
)
