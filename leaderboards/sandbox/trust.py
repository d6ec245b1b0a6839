"""Whose files may run here: where the sandbox is weak, only those of people whom the operator trusts."""

from collections.abc import Mapping

from avatarium.leaderboards.sandbox.lockdown import LAYERS
from avatarium.worlds.core.errors import UserError

NEEDED = ("landlock", "seccomp")
"""Without these a graph that takes over its process could read files and make any system call."""
FLAG = "--i-trust-these-files"


def require(layers: Mapping[str, bool], trust: bool = False) -> None:
    """Raise UserError unless the protections that hold are enough for files of strangers, or the operator vouches for the files."""
    lacking = [f"{name} ({LAYERS[name]})" for name in NEEDED if not layers.get(name)]
    if lacking and not trust:
        raise UserError(
            f"this machine's sandbox lacks {' and '.join(lacking)}: judge other people's policies on Linux 5.13 or later, or say {FLAG}"
        )
