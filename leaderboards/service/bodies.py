"""What a request may send: how much and how slowly, watched while it arrives, before anything looks into it."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avatarium.leaderboards.service import problems
from avatarium.leaderboards.service.problems import ProblemError

SMALL = 2**16
"""Bytes of a body that is no upload."""
FRAME = 2**14
"""What a form may add around its file."""
LONGEST_ADDRESS = 4096


class Bodies:
    """Ends a request with 413 when its body is larger, and with 408 when it comes more slowly, than it may."""

    def __init__(self, app: ASGIApp, uploads: tuple[str, ...], upload_bytes: int, seconds: float) -> None:
        self._app, self._uploads, self._upload_bytes, self._seconds = app, uploads, upload_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, watching its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._upload_bytes + FRAME if scope["path"] in self._uploads else SMALL
        if refusal := _refused(scope, most):
            await problems.answer(Request(scope), *refusal, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _Watched(receive, most, self._seconds), send)


class _Watched:
    """The receiving end of a request whose body is counted and timed."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive, self._most, self._seconds = receive, most, seconds
        self._got, self._complete, self._deadline = 0, False, 0.0

    async def __call__(self) -> Message:
        if self._complete:  # what is waited for now is the end of the connection
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(self._deadline - now, 0.0))
        except TimeoutError:
            raise ProblemError(408, f"the request took longer than {self._seconds:g} s to arrive: send it again", _CLOSE) from None
        self._got += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._got > self._most:
            raise ProblemError(413, _too_large(self._most), _CLOSE)
        return message


_CLOSE = {"Connection": "close"}


def _refused(scope: Scope, most: int) -> tuple[int, str] | None:
    """Why a request is not even begun."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
        return 414, f"the address is longer than {LONGEST_ADDRESS} bytes"
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not length.isdigit():
        return 400, "Content-Length is no number"
    return (413, _too_large(most)) if int(length) > most else None


def _too_large(most: int) -> str:
    return f"the request is larger than {most >> 20} MB, the most that is taken here" if most >= 2**20 else f"more than {most} bytes"
