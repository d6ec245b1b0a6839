"""On which machines a run takes place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Machines:
    """Where to train."""

    address: str = ""
    """Of a Ray cluster: ``auto``, ``host:port`` of its head, or ``ray://host:port`` of its client server; empty: this machine alone."""
    installed: bool = False
    """Whether the nodes use the Avatarium that is installed there, instead of a copy of this one."""
    oversubscribed: bool = False
    """Whether there may be more runners and learners than this machine has CPUs."""
    gpus: bool = False
    """Whether learners, or the driver where there are none, compute on a GPU each."""

    device: str = "cpu"
    """Where worlds are stepped: on CPUs, or with ``cuda`` on the GPU of every learner."""

    def options(self) -> list[str]:
        """The words of the command line that say the same."""
        words = ["--cluster", self.address] if self.address else []
        words += ["--installed"] * self.installed + ["--oversubscribe"] * self.oversubscribed + ["--gpus"] * self.gpus
        return words + (["--device", self.device] if self.device != "cpu" else [])


HERE = Machines()
"""On this machine alone."""
