"""Which process somebody is, for those on the same machine who want to know whether it is still there."""

import errno
import os
import socket
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def machine() -> str:
    """The name of this machine; in a container also of its numbering of processes, which others of that name do not share."""
    try:
        numbering = f"~{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        numbering = ""
    return socket.gethostname() + numbering


def me() -> str:
    """This process: its machine and its number."""
    return f"{machine()}:{os.getpid()}"


def gone(who: str) -> bool:
    """Whether a process of this machine, as ``me`` named it, has ended; False where that cannot be known."""
    where, _, number = who.partition(":")
    if where != machine() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    return False
