"""Achievements: whether avatars discover a little of everything in a museum, not much of one kind."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.metrics import Metric, Share, exhibits_seen, hidden_seen, rooms_seen, states_discovered, wing_found
from avatarium.worlds.core.transcript import Transcript

PARTS = (rooms_seen, exhibits_seen, states_discovered, wing_found, hidden_seen)
"""From what everybody finds to what takes a plan."""


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Crafter's score of an episode: exp(mean of ln(1 + 100 s)) - 1 percent over the shares s of what can be found; over one episode."""
    shares = np.array([part.METRIC.fold(transcript, role, avatars) for part in PARTS])
    found = shares[:, 0] / np.maximum(shares[:, 1], 1.0)
    return float(np.expm1(np.log1p(100.0 * found).mean()) / 100.0), 1.0


METRIC = Metric(
    name="achievements",
    title="achievements",
    meaning="geometric mean of the shares of rooms, exhibits, machines' faces, wing and hidden exhibits that an avatar found",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="Hafner 2022, Crafter, arXiv:2109.06780",
)
