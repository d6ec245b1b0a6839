"""Vault opened: visits in which two got a door open that takes two."""

from collections.abc import Sequence

from avatarium.leaderboards.metrics import Metric, Share, happened
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """1 when the first plate was pressed by one of the avatars when the door opened, at least once; over one episode."""
    return float(len(happened(transcript, "vault_opened", role, avatars)) > 0), 1.0


METRIC = Metric(
    name="vault_opened",
    title="vault opened",
    meaning="episodes in which two avatars on two plates opened the door between them",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="after Iqbal and Sha 2019, arXiv:1905.12127",
)
