"""What a table needs of a submission's episodes: sums by scenario, metric and seed, packed to be read a thousand at once."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from avatarium.leaderboards.database.models import Episode
from avatarium.leaderboards.seasons.definition import Part
from avatarium.worlds.core.errors import UserError


class Sums(NamedTuple):
    """The scored episodes of one submission; C scenarios that count, M metrics of the part, S seeds."""

    shares: np.ndarray
    """float64 [2, C, M, S]: numerators and denominators; NaN where there is no episode."""
    failed: np.ndarray
    """bool [C, S]: where the policy failed."""

    @property
    def complete(self) -> bool:
        """Whether every episode is there."""
        return not np.isnan(self.shares).any()

    @property
    def sha256(self) -> str:
        """Of ``pack``."""
        return hashlib.sha256(self.pack()).hexdigest()

    def pack(self) -> bytes:
        """As bytes, little-endian."""
        return self.shares.astype("<f8", copy=False).tobytes() + self.failed.astype(np.uint8).tobytes()


def shape(part: Part) -> tuple[int, int, int]:
    """How many scenarios, metrics and seeds the sums of a part have."""
    return len(part.counting), len(part.metrics), part.episodes


def unpack(part: Part, content: bytes) -> Sums:
    """Sums from bytes. Raises UserError when they are not those of such a part."""
    scenarios, metrics, seeds = shape(part)
    floats = 2 * scenarios * metrics * seeds
    if len(content) != 8 * floats + scenarios * seeds:
        raise UserError(f"the stored sums of {part.role} in {part.world} do not fit the season: compute them anew")
    shares = np.frombuffer(content, "<f8", floats).reshape(2, scenarios, metrics, seeds)
    return Sums(shares, np.frombuffer(content, np.uint8, offset=8 * floats).reshape(scenarios, seeds).astype(bool))


def sums(part: Part, seeds: Sequence[int], episodes: Iterable[Episode]) -> Sums:
    """The sums of one submission's episodes in a track with ``seeds``; those of other scenarios and seeds are passed over."""
    scenarios, metrics, width = shape(part)
    row = {part.keys[k]: c for c, k in enumerate(part.counting)}
    column = {seed: s for s, seed in enumerate(seeds)}
    shares, failed = np.full((2, scenarios, metrics, width), np.nan), np.zeros((scenarios, width), bool)
    for episode in episodes:
        c, s = row.get(episode.scenario), column.get(episode.seed)
        if c is None or s is None or episode.partner:
            continue
        failed[c, s] = episode.fault is not None
        for m, name in enumerate(part.metrics):
            shares[:, c, m, s] = episode.shares.get(name, (0.0, 0.0))
    return Sums(shares, failed)
