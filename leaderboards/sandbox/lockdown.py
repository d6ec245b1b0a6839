"""Locking this process in, layer by layer, and saying which layers hold."""

import os
import resource
import signal
from pathlib import Path

from avatarium.leaderboards.sandbox import kernel

MEMORY_BYTES = 2**30
"""What the process may use on top of what it has when it is locked."""
ASSUMED_BYTES = 2**28
"""What it has by then, where there is no /proc to tell."""
CPU_S = 4 * 3600
NOBODY = 65534
LAYERS = {
    "process": "a process of its own, without the caller's environment and files",
    "bubblewrap": "a box with no files but Python's and no processes but its own (bubblewrap)",
    "network": "a network namespace without interfaces",
    "limits": "caps on memory, processor time, files and processes",
    "user": "no privileges of root",
    "no_new_privs": "no way to gain privileges",
    "undumpable": "no other process can look in, no core files",
    "landlock": "no files (Landlock)",
    "seccomp": "only the system calls that inference takes (seccomp)",
}
"""Every protection, from the outside in, with what it means."""


def lock() -> dict[str, bool]:
    """Give up, for good, all that running a network does not take. Returns which layers hold.

    The order matters: whoever changes users forgets to die with its parent; Landlock opens a descriptor, so the limit on those follows it;
    after seccomp nothing more can be given up.
    """
    limits, user = _limits(), _become_nobody()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    return {
        "limits": limits,
        "user": user,
        "no_new_privs": kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1),
        "undumpable": kernel.prctl(kernel.PR_SET_DUMPABLE, 0),
        "landlock": kernel.landlock() and _limit(resource.RLIMIT_NOFILE, 0),
        "seccomp": kernel.seccomp(),
    }


def _limits() -> bool:
    caps = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_AS: _memory_in_use() + MEMORY_BYTES,
    }
    failed = [kind for kind, cap in caps.items() if not _limit(kind, cap)]
    return not failed


def _limit(kind: int, cap: int) -> bool:
    try:
        resource.setrlimit(kind, (cap, cap))
    except (ValueError, OSError):
        return False
    return True


def _memory_in_use() -> int:
    """Bytes of address space, as the kernel counts them."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else ASSUMED_BYTES


def _become_nobody() -> bool:
    """Drop root; any other user has no privileges to begin with."""
    if os.geteuid() != 0:
        return True
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except (OSError, AttributeError):  # not mapped in this container, or not known to this system
        return False
    return True
