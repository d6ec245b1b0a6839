"""Yielding: who makes room when two would walk into one another."""

from collections.abc import Sequence

from avatarium.leaderboards.conduct.encounters import encounters
from avatarium.leaderboards.conduct.tracks import numbers, tracks
from avatarium.leaderboards.metrics import WALKING, Metric, Share
from avatarium.worlds.core.transcript import Transcript


def fold(transcript: Transcript, role: str, avatars: Sequence[int]) -> Share:
    """Encounters in which the avatar made half of the room that was lacking or more, over its encounters.

    Two avatars who meet one another are two encounters, one of either.
    """
    focal, among = set(numbers(transcript, role, avatars).tolist()), encounters(tracks(transcript))
    shares = [met.did_its_share(k) for met in among for k in range(2) if met.pair[k] in focal]
    return float(sum(shares)), float(len(shares))


METRIC = Metric(
    name="yielding",
    title="yielding",
    meaning="encounters, head-on or crossing, in which the avatar makes half of the room that is lacking",
    unit="share",
    low=0.0,
    high=1.0,
    higher_is_better=True,
    floor=0.0,
    fold=fold,
    reference="van den Berg et al. 2011, Reciprocal n-body collision avoidance; Mavrogiannis et al. 2023, arXiv:2103.05668",
    digits=2,
    topic=WALKING,
)
