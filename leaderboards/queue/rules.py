"""How long things may take, and how often they are tried."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Of leases and attempts. Everybody who works on one database goes by the same."""

    lease_s: float = 60.0
    """After so long without a heartbeat a job is taken from its worker."""
    beat_s: float = 15.0
    """Between heartbeats."""
    longest_s: float = 3600.0
    """What takes longer than this counts as hung, heartbeats or not."""
    attempts: int = 6
    """So often a job is begun before it is given up."""
    back_off_s: float = 5.0
    """Until the second attempt; three times as long until each further one."""
    longest_back_off_s: float = 900.0

    def back_off(self, attempts: int) -> float:
        """Seconds to wait after so many attempts."""
        return min(self.back_off_s * 3.0 ** max(0, attempts - 1), self.longest_back_off_s)


RULES = Rules()
"""The usual ones."""
MAX_FAULTS = 5
"""A submission that fails in more episodes than these is not played on."""
