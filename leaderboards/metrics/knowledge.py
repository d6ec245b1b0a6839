"""Knowledge asked for later: what a visit was good for when somebody asks the way afterwards."""

from collections.abc import Sequence

from avatarium.leaderboards.knowledge import efficiency
from avatarium.leaderboards.metrics import Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """SPL of ways from where the visit began to everything that can be asked for, known cells only, over the number of questions.

    Asked for are the exhibits of open rooms, or the rooms in worlds without exhibits; what was not seen counts 0.
    """
    found = efficiency(transcript, role, avatars)
    return float(found.sum()), float(found.size)


METRIC = Metric(
    name="knowledge",
    title="knowledge",
    meaning="ways that an avatar could show afterwards, each weighted by the shortest way over the one it knows",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="SPL after Anderson et al. 2018, arXiv:1807.06757",
)
