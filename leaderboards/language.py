"""What words mean: how much a word tells about the wish of who says it.

Mutual information between wish and word over all steps in which something is wished for, in bits, less its bias by the number of
samples (Miller 1955). Lowe et al. 2019, "On the pitfalls of measuring emergent communication", arXiv:1903.05168, tell what such a number
does not say: that anybody listens. Whether they do shows when hearing is taken away (``--set hearing.mute=true``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatarium.agents import consent
from avatarium.leaderboards.stats import LEVEL, RESAMPLES, SEED, Interval
from avatarium.worlds.core import speech
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript


@dataclass(frozen=True)
class Language:
    """How the speakers of some episodes use their words."""

    table: np.ndarray
    """int64 [wishes, 1 + words]: steps in which a wish and a word, or silence (0), came together."""
    bits: Interval
    """Mutual information between wish and word; the interval is over episodes."""
    most: float
    """Entropy of the wishes in bits: what a word could tell at most."""


def language(paths: Sequence[Path]) -> Language:
    """Fold transcripts of a world whose avatars have ``wish`` and ``word``. Raises UserError for others, and for none."""
    tables = np.array([_table(told) for path in paths for told in consent.select([Transcript.open(path)], "replay").permitted])
    if not len(tables):
        raise UserError("there are no transcripts to learn the language from")
    draws = np.random.default_rng(SEED).multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=RESAMPLES // 4)
    resampled = [information(np.tensordot(draw, tables, 1)) for draw in draws]
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    whole = tables.sum(axis=0)
    wishes = whole.sum(axis=1)
    return Language(whole, Interval(information(whole), float(low), float(high)), entropy(wishes))


def _table(told: Transcript) -> np.ndarray:
    """How often each wish (from 1) and each word came together: int64 [wishes, 1 + words]."""
    avatars = told.frame("avatars")
    if not {"wish", "word"} <= set(avatars.dtype.names or ()):
        raise UserError(f"{told.path}: nobody in {told.spec.name} has wishes to put into words")
    said = avatars[1:][(avatars["wish"][1:] > 0) & (avatars["present"][1:] == 1)]
    wishes = next(f.size for role in told.roles.values() for f in role.features if f.name == "wish")
    found = np.zeros((wishes, 1 + speech.WORDS), np.int64)
    np.add.at(found, (said["wish"] - 1, said["word"]), 1)
    return found


def information(table: np.ndarray) -> float:
    """Mutual information in bits of a table of counts [I, J], less (I - 1)(J - 1) / (2 n ln 2) for rows and columns in use; at least 0."""
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), table.sum()
    if not n:
        return 0.0
    bias = (np.count_nonzero(rows) - 1) * (np.count_nonzero(columns) - 1) / (2 * n * np.log(2))
    return max(0.0, entropy(rows) + entropy(columns) - entropy(table.ravel()) - float(bias))


def entropy(counts: np.ndarray) -> float:
    """Entropy in bits of the distribution that ``counts`` [I] are of."""
    some = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(some * np.log2(some)).sum())
