"""Length-prefixed messages over a pair of pipes, with a cap on every length and a deadline on every wait."""

import contextlib
import os
import select
import struct
import time
from collections.abc import Sequence

HEADER = struct.Struct("<BI")
"""Kind of the message, bytes that follow."""
READY, MODEL, REFUSED, LOADED, RUN, RESULT, ERROR = range(1, 8)
"""Worker: I am locked. Host: here is the model. Worker: the gates refuse it, or: it is loaded. Host: observations. Worker: outputs.
Worker: what else went wrong."""
MAX_FRAME = 64 * 2**20
MAX_ERROR = 2000
"""Bytes of a sentence that comes from the worker."""
PIPE_BYTES = 2**20
SPIN_S = 1e-4
"""How long to look again and again before going to sleep: to be woken takes longer than a small network."""


class ProtocolError(Exception):
    """The other side sent something that is not a message, or not one that was due."""


class Channel:
    """Both directions of a conversation. With a deadline, a moment of ``time.monotonic``, ``TimeoutError`` ends reads and writes, whose
    descriptors must not block then; without one they may take for ever."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.buffer = bytearray(2**16)
        self.readable, self.writable = select.poll(), select.poll()
        self.readable.register(read_fd, select.POLLIN)
        self.writable.register(write_fd, select.POLLOUT)

    def send(self, kind: int, *parts: bytes | memoryview, deadline: float | None = None) -> None:
        """Send one message made of ``parts``."""
        views = [memoryview(HEADER.pack(kind, sum(memoryview(part).nbytes for part in parts))), *(memoryview(p).cast("B") for p in parts)]
        while views:
            try:
                views = _after(views, os.writev(self.write_fd, views))
            except BlockingIOError:
                wait(self.writable, deadline)

    def receive(self, cap: int, deadline: float | None = None) -> tuple[int, memoryview]:
        """Kind and contents of the next message; the contents are valid until the next call. EOFError when the other side is gone."""
        have, total, sleepy = 0, HEADER.size, time.monotonic() + SPIN_S
        while have < total:
            try:
                got = os.readv(self.read_fd, [memoryview(self.buffer)[have:]])
            except BlockingIOError:
                self._rest(sleepy, deadline)
                continue
            if not got:
                raise EOFError
            have += got
            if have >= HEADER.size and total == HEADER.size:
                total += self._length(max(cap, MAX_ERROR))
                if total > len(self.buffer):
                    self.buffer = self.buffer + bytearray(total - len(self.buffer))
            if have < total and deadline is not None and time.monotonic() > deadline:
                raise TimeoutError
        if have > total:
            raise ProtocolError("more was sent than one message")
        return self.buffer[0], memoryview(self.buffer)[HEADER.size : total]

    def expect_silence(self) -> None:
        """Raise ProtocolError when something has been sent that nobody has asked for. The read end must not block."""
        with contextlib.suppress(BlockingIOError):
            if os.readv(self.read_fd, [self.buffer]):
                raise ProtocolError("something was sent before it was due")
            raise EOFError

    def _rest(self, sleepy: float, deadline: float | None) -> None:
        """Let others have the processor, and from the moment ``sleepy`` on sleep until there is something to read."""
        if time.monotonic() < sleepy:
            os.sched_yield()
        else:
            wait(self.readable, deadline)

    def _length(self, cap: int) -> int:
        length = int(HEADER.unpack_from(self.buffer)[1])
        if length > cap:
            raise ProtocolError(f"a message of {length} bytes was announced where at most {cap} were due")
        return length


def wait(poll: "select.poll", deadline: float | None) -> None:
    """Wait until the descriptor in ``poll`` is ready; TimeoutError at the deadline, if there is one."""
    if not poll.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000.0):
        raise TimeoutError


def _after(views: Sequence[memoryview], done: int) -> list[memoryview]:
    """What is left of ``views`` when ``done`` bytes are written."""
    left: list[memoryview] = []
    for view in views:
        if done < view.nbytes:
            left.append(view[done:])
        done = max(0, done - view.nbytes)
    return left
