"""The caller's side of the sandbox: start a locked process, talk to it, and say what happened when it falls silent."""

import contextlib
import fcntl
import json
import math
import os
import signal
import subprocess
import sys
import time
import weakref
from typing import Any

import numpy as np

from avatarium.agents.exported import Manifest, PolicyError
from avatarium.leaderboards.sandbox.frames import ERROR, LOADED, MAX_FRAME, MODEL, PIPE_BYTES, READY, RESULT, RUN, Channel, ProtocolError
from avatarium.worlds.core.errors import UserError

START_S = 60.0
LOAD_S = 20.0
CALL_S = 10.0
"""Deadlines: for the process to lock itself in, for a model to be checked and loaded, for one answer."""
ENVIRONMENT = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""All that the process gets to see of an environment."""
BOOT = "import sys; r, w, *p = sys.argv[1:]; sys.path += [x for x in p if x not in sys.path]; "
BOOT += "from avatarium.leaderboards.sandbox.worker import main; main(int(r), int(w))"
FACTS_BYTES = 10_000


class InfrastructureError(RuntimeError):
    """Something failed that is not the policy's doing. It is never a score."""


class Worker:
    """One locked process with at most one model. Use as a context manager, or call ``close``."""

    def __init__(self) -> None:
        if os.name != "posix":
            raise UserError("the sandbox needs Linux or macOS: judge submissions there, or watch your own with `avatarium watch`")
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        enlarge(ours_out, theirs_out)
        paths = [path for path in sys.path if path]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", BOOT, str(theirs_in), str(theirs_out), *paths],
                env=ENVIRONMENT,
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(ours_out, False)
        self.channel = Channel(ours_in, ours_out)
        self._end = weakref.finalize(self, end, self.process, ours_in, ours_out)
        self.layers: dict[str, bool] = self._facts(READY, START_S)

    def load(self, onnx_bytes: bytes, manifest: Manifest, features: int) -> dict[str, int]:
        """Hand over the model; returns its nodes, parameters and opset. Raises PolicyError when the gates refuse it."""
        states = [state.shape for state in manifest.recurrent]
        self.shapes = [*((width,) for _, width in manifest.outputs), *states]
        self.widths = [math.prod(shape) for shape in self.shapes]
        order = {
            "features": features,
            "states": [[state.name, list(state.shape)] for state in manifest.recurrent],
            "outputs": list(manifest.outputs),
            "deadline_s": CALL_S,
        }
        self._send(MODEL, json.dumps(order).encode(), b"\n", onnx_bytes)
        facts: dict[str, int] = self._facts(LOADED, LOAD_S)
        return facts

    def run(self, arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Outputs, then states, float32 [B, ...] for the observation and states, contiguous float32 [B, ...]."""
        rows = len(arrays[0])
        self._send(RUN, rows.to_bytes(4, "little"), *(array.data for array in arrays))
        size = 4 * rows * sum(self.widths)
        content = self._receive(RESULT, size, CALL_S, "its answer")
        if content.nbytes != size:
            raise self._blame("its process broke the protocol of the sandbox")
        flat, start = np.frombuffer(content, np.float32).copy(), 0
        found = []
        for width, shape in zip(self.widths, self.shapes, strict=True):
            found.append(flat[start : start + rows * width].reshape(rows, *shape))
            start += rows * width
        return found

    def close(self) -> None:
        """End the process."""
        self._end()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _facts(self, kind: int, seconds: float) -> Any:
        content = self._receive(kind, FACTS_BYTES, seconds, "loading it" if kind == LOADED else "starting its sandbox")
        return json.loads(bytes(content))

    def _send(self, kind: int, *parts: bytes | memoryview) -> None:
        try:
            self.channel.send(kind, *parts, deadline=time.monotonic() + CALL_S)
        except (BrokenPipeError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise self._blame(f"its process took no input for {CALL_S:.0f} s") from None
            raise self._departed() from None

    def _receive(self, kind: int, cap: int, seconds: float, what: str) -> memoryview:
        try:
            found, content = self.channel.receive(min(cap, MAX_FRAME), time.monotonic() + seconds)
        except TimeoutError:
            if kind == READY:
                self.close()
                raise InfrastructureError(f"the sandbox did not start within {seconds:.0f} s") from None
            raise self._blame(f"{what} took longer than {seconds:g} s") from None
        except (EOFError, OSError):
            raise self._departed() from None
        except ProtocolError:
            raise self._blame("its process broke the protocol of the sandbox") from None
        if found == ERROR:
            sentence = clean(bytes(content))
            self.close()
            raise InfrastructureError(f"the sandbox did not start: {sentence}") if kind == READY else PolicyError(sentence)
        if found != kind:
            raise self._blame("its process broke the protocol of the sandbox")
        return content

    def _blame(self, sentence: str) -> PolicyError:
        self.close()
        return PolicyError(sentence)

    def _departed(self) -> PolicyError | InfrastructureError:
        """What the end of the process says about whose fault it was."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5.0)
        code = self.process.returncode
        self.close()
        if code is None or code >= 0 or -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            return InfrastructureError(f"the sandbox was ended from outside ({name_of(code)})")
        if -code == signal.SIGSYS:
            return PolicyError("it tried to do something that a policy may not do, and was stopped by the sandbox")
        if -code in (signal.SIGXCPU, signal.SIGALRM):
            return PolicyError("it used more processor time than a policy may have")
        return PolicyError(f"it crashed its process ({name_of(code)})")


def enlarge(*fds: int) -> None:
    """Make room in pipes, so that a batch is handed over at once; where that is not permitted they work as they are."""
    for fd in fds:
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def end(process: "subprocess.Popen[bytes]", *fds: int) -> None:
    """Kill the process, wait for it and close our ends of the pipes."""
    process.kill()
    process.wait()
    for fd in fds:
        os.close(fd)


def name_of(code: int | None) -> str:
    """The signal or exit status that ended a process, in words."""
    if code is None:
        return "no exit status"
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def clean(content: bytes) -> str:
    """A sentence from the other side, made safe to print."""
    text = content.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)[:500]
