"""The caller's side of the sandbox: start a locked process, talk to it, and say what happened when it falls silent."""

import contextlib
import fcntl
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from avatarium.agents.exported import Manifest, PolicyError
from avatarium.leaderboards.sandbox import box
from avatarium.leaderboards.sandbox.frames import (
    ERROR,
    LOADED,
    MAX_FRAME,
    MODEL,
    PIPE_BYTES,
    READY,
    REFUSED,
    RESULT,
    RUN,
    Channel,
    ProtocolError,
)
from avatarium.worlds.core.errors import UserError


class Deadlines(NamedTuple):
    """How many seconds the process has: to lock itself in, to check and load a model, to give one answer."""

    start: float = 60.0
    load: float = 20.0
    call: float = 10.0


USUAL = Deadlines()
SECONDS_PER_ROW = 0.02
"""What an answer may take on average, per avatar: a machine that is busy takes longer now and then, a graph that stalls does so often."""
ENVIRONMENT = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""All that the process gets to see of an environment."""
BOOT = "import sys; r, w, *p = sys.argv[1:]; sys.path += [x for x in p if x not in sys.path]; "
BOOT += "from avatarium.leaderboards.sandbox.worker import main; main(int(r), int(w))"
FACTS_BYTES, MAX_FACT = 10_000, 2**53
BOXED = 128
"""What bubblewrap adds to a signal that ends the process in its box, and calls an exit status."""


BROKEN = "its process broke the protocol of the sandbox"


class InfrastructureError(RuntimeError):
    """Something failed that is not the policy's doing. It is never a score."""


class LoadError(PolicyError):
    """onnxruntime does not take a graph that has passed the gates."""


class Worker:
    """One locked process with at most one model. Use as a context manager, or call ``close``.

    It ends with the thread that it was made in, for that is how Linux counts parents.
    """

    def __init__(self, boot: str = BOOT, deadlines: Deadlines = USUAL) -> None:
        if os.name != "posix":
            raise UserError("the sandbox needs Linux or macOS: judge submissions there, or watch your own with `avatarium watch`")
        self.deadlines = deadlines
        self.layers: dict[str, bool] = {}
        around = box.command()
        try:
            self._start(around, boot)
        except InfrastructureError:
            if not around:
                raise
            self._start([], boot)
            box.give_up()  # for it was the box that would not start

    def load(self, onnx_bytes: bytes, manifest: Manifest, features: int) -> dict[str, Any]:
        """Hand over the model; returns what the gates tell of it. Raises PolicyError when they refuse it, LoadError when onnxruntime does.

        A process that has refused a model can be given another; use that only where the models are one's own.
        """
        states = [state.shape for state in manifest.recurrent]
        self.shapes = [*((width,) for _, width in manifest.outputs), *states]
        self.widths = [math.prod(shape) for shape in self.shapes]
        self.slack = self.deadlines.call
        order = {
            "features": features,
            "states": [[state.name, list(state.shape)] for state in manifest.recurrent],
            "outputs": list(manifest.outputs),
            "deadline_s": self.deadlines.call,
        }
        self._send(MODEL, json.dumps(order).encode(), b"\n", onnx_bytes)
        return self._facts(LOADED, self.deadlines.load, is_fact)

    def run(self, arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Outputs, then states, float32 [B, ...] for the observation and states, contiguous float32 [B, ...]."""
        rows, began = len(arrays[0]), time.monotonic()
        self._send(RUN, rows.to_bytes(4, "little"), *(array.data for array in arrays))
        size = 4 * rows * sum(self.widths)
        content = self._receive(RESULT, size, self.deadlines.call, "its answer")
        if content.nbytes != size:
            raise self._blame(BROKEN)
        self._count(time.monotonic() - began, rows)
        flat, start = np.frombuffer(content, np.float32).copy(), 0
        found = []
        for width, shape in zip(self.widths, self.shapes, strict=True):
            found.append(flat[start : start + rows * width].reshape(rows, *shape))
            start += rows * width
        return found

    def _count(self, seconds: float, rows: int) -> None:
        """Answers may be late now and then, as long as those between make up for it."""
        self.slack = min(self.deadlines.call, self.slack + SECONDS_PER_ROW * rows - seconds)
        if self.slack < 0:
            raise self._blame(f"its answers take longer than {SECONDS_PER_ROW * 1000:g} ms per avatar: use a smaller network")

    def close(self) -> None:
        """End the process."""
        self._end()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, around: list[str], boot: str) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        enlarge(ours_out, theirs_out)
        paths = [path for path in sys.path if path]
        try:
            self.process = subprocess.Popen(
                [*around, sys.executable, "-I", "-c", boot, str(theirs_in), str(theirs_out), *paths],
                env=ENVIRONMENT,
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except BaseException:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(ours_in, False)
        os.set_blocking(ours_out, False)
        self.channel = Channel(ours_in, ours_out)
        self._end = weakref.finalize(self, end, self.process, ours_in, ours_out)
        self.layers = {"bubblewrap": False, **self._facts(READY, self.deadlines.start, is_answer)}
        if around:
            self.layers |= {"bubblewrap": True, "network": True}

    def _facts(self, kind: int, seconds: float, due: Callable[[Any], bool]) -> dict[str, Any]:
        """An object, all of whose values are as ``due`` wants them, which the process sends as JSON."""
        content = bytes(self._receive(kind, FACTS_BYTES, seconds, "loading it" if self.layers else "locking itself in"))
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(map(due, found.values())):
            raise self._blame(BROKEN)
        return found

    def _send(self, kind: int, *parts: bytes | memoryview) -> None:
        deadline = time.monotonic() + self.deadlines.call
        try:
            self.channel.expect_silence()
            self.channel.send(kind, *parts, deadline=deadline)
        except TimeoutError:
            raise self._blame(f"its process took no input for {self.deadlines.call:g} s") from None
        except ProtocolError:
            raise self._blame(BROKEN) from None
        except (EOFError, OSError, ValueError):
            raise self._departed() from None

    def _receive(self, kind: int, cap: int, seconds: float, what: str) -> memoryview:
        try:
            found, content = self.channel.receive(min(cap, MAX_FRAME), time.monotonic() + seconds)
        except TimeoutError:
            raise self._blame(f"{what} took longer than {seconds:g} s") from None
        except ProtocolError:
            raise self._blame(BROKEN) from None
        except (EOFError, OSError):
            raise self._departed() from None
        if found == REFUSED and kind == LOADED:
            raise PolicyError(clean(bytes(content)))
        if found == ERROR:
            raise self._complaint(clean(bytes(content)), kind)
        if found != kind or content.nbytes > cap:
            raise self._blame(BROKEN)
        return content

    def _blame(self, sentence: str) -> PolicyError | InfrastructureError:
        """End the process for something that the policy did; before it is locked there is no policy to have done it."""
        self.close()
        return PolicyError(sentence) if self.layers else InfrastructureError(f"the sandbox did not start: {sentence}")

    def _complaint(self, sentence: str, due: int) -> PolicyError | InfrastructureError:
        if due == READY:
            return self._blame(sentence)
        return LoadError(sentence) if due == LOADED else PolicyError(sentence)

    def _departed(self) -> PolicyError | InfrastructureError:
        """What the end of the process says about whose fault it was. A locked process has no reason to leave by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=min(5.0, self.deadlines.call))
        code = self.process.returncode
        if code is None and self.layers:
            return self._blame(BROKEN)
        self.close()
        if code is not None and code > BOXED and self.layers.get("bubblewrap"):
            code = BOXED - code
        if code is None or not self.layers or -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            return InfrastructureError(f"the sandbox was ended from outside ({name_of(code)})")
        if -code == signal.SIGSYS:
            return PolicyError("it tried to do something that a policy may not do, and was stopped by the sandbox")
        if -code in (signal.SIGXCPU, signal.SIGALRM):
            return PolicyError("it used more processor time than a policy may have")
        return PolicyError(f"it crashed its process ({name_of(code)})")


def is_answer(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_fact(value: Any) -> bool:
    """Whether it is a number of something, or a SHA-256 in hexadecimal digits."""
    return re.fullmatch("[0-9a-f]{64}", value) is not None if isinstance(value, str) else isinstance(value, int) and 0 <= value < MAX_FACT


def enlarge(*fds: int) -> None:
    """Make room in pipes, so that a batch is handed over at once; where that is not permitted they work as they are."""
    for fd in fds:
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def end(process: "subprocess.Popen[bytes]", *fds: int) -> None:
    """Kill the process and whatever it has started, wait for it and close our ends of the pipes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for fd in fds:
        os.close(fd)


def name_of(code: int | None) -> str:
    """The signal or exit status that ended a process, in words."""
    if code is None:
        return "no exit status"
    return signal.Signals(-code).name if code < 0 and -code in list(signal.Signals) else f"exit status {code}"


def clean(content: bytes) -> str:
    """A sentence from the other side, made safe to print."""
    text = content.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)[:500] or "no reason was given"
