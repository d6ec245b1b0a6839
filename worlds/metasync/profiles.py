"""How many people are there and what they ask for, in episodes whose traffic changes: the six profiles of MetaLore's later versions."""

from dataclasses import dataclass

from avatarium.worlds.core.network.config import Link, Traffic

STEADY, MIXTURE = "steady", "mixture"


@dataclass(frozen=True)
class Profile:
    """Users who come and go."""

    pool: int
    """Users, over the whole episode."""
    size: float
    """Data of a request, as a share of what a station sends in a step for each bit/s/Hz."""
    load: float
    """Work of a request, as a share of what a station can do in a step."""
    probability: float
    """Chance of a request in a step."""
    window: tuple[float, float]
    """When users come, as shares of the episode: uniformly in between."""
    sojourn: float
    """Steps that they stay for, on average: exponential."""
    burst: float = 0.0
    """Share of users who come at another time: about the middle of the episode, for ``BURST_SOJOURN``."""


BURST_CENTRE, BURST_SIGMA, BURST_SOJOURN = 0.5, 0.08, 30.0
"""When those of a burst come, as shares of the episode, and how long they stay (steps)."""
PROFILES = {
    "low": Profile(15, 0.05, 0.05, 0.6, (0.0, 0.8), 70),
    "medium": Profile(25, 0.1, 0.1, 0.8, (0.0, 0.5), 80),
    "high": Profile(40, 0.2, 0.2, 0.9, (0.0, 0.2), 90),
    "ramp_up": Profile(30, 0.15, 0.15, 0.8, (0.2, 0.9), 75),
    "ramp_down": Profile(30, 0.1, 0.08, 0.7, (0.0, 0.2), 35),
    "burst": Profile(35, 0.3, 0.3, 0.9, (0.0, 0.9), 45, burst=0.5),
}
"""Published in Mbit and Gcycles; here over the 10 MHz s and 10 Gcycles that a station there has in a step of 0.1 s."""


def pool(traffic: str, users: int) -> int:
    """How many users there may be in an episode."""
    if traffic == MIXTURE:
        return max(one.pool for one in PROFILES.values())
    return PROFILES[traffic].pool if traffic in PROFILES else users


def requests(profile: Profile, link: Link) -> Traffic:
    """What users of a profile make at a station such as ``link``."""
    size, load = profile.size * link.bandwidth_mhz * link.units_per_mhz, profile.load * link.compute
    return Traffic(probability=profile.probability, size=size, load=load)
