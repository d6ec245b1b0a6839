"""Looking at the processes of the sandbox from outside."""

import time
from pathlib import Path


def innermost(process):
    """The process id of the worker, which bubblewrap starts through two of its own."""
    pid = process.pid
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


def gone(pid, within_s=5.0):
    """Whether a process ends soon."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False
