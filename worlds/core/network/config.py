"""What may be varied in a network."""

from dataclasses import dataclass

from avatarium.worlds.core.network.channel import AS_PUBLISHED, THERMAL
from avatarium.worlds.core.settings import choice, setting


@dataclass(frozen=True)
class Link:
    """A station, and how devices reach it."""

    bandwidth_mhz: float = setting(100.0, 0.01, 1e5, "bandwidth")
    units_per_mhz: float = setting(1.0, 1e-3, 1e3, "what a MHz carries in a step for each bit/s/Hz: 1 where that is 1 s, and a unit 1 Mbit")
    compute: float = setting(100.0, 0.01, 1e5, "units of work that are processed in a step")
    frequency_mhz: float = setting(3500.0, 100.0, 1e5, "carrier frequency")
    power_dbm: float = setting(40.0, -20.0, 60.0, "power that is sent with")
    mast_m: float = setting(40.0, 1.0, 500.0, "height of the station's antenna")
    device_m: float = setting(1.5, 0.1, 100.0, "height of the devices' antennas")
    channel: str = choice(AS_PUBLISHED, THERMAL, meaning="noise as the first simulator has it, or thermal noise in the same unit as power")
    scheduler: str = choice("resource_fair", "round_robin", meaning="the same bandwidth for all of a kind, or quanta in turn")
    quantum_mhz: float = setting(7.0, 0.001, 1e5, "the quantum of the latter")


@dataclass(frozen=True)
class Traffic:
    """Packets that a device of one kind makes."""

    period: int = setting(1, 1, 1000, "steps between two packets")
    probability: float = setting(1.0, 0.0, 1.0, "chance that there is one when it is time")
    size: float = setting(50.0, 0.1, 1e5, "units of data to be sent, on average: Poisson, at least 1")
    load: float = setting(6.0, 0.1, 1e5, "units of work to be done, on average: Poisson, at least 1")
