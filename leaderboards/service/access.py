"""Around every request: its id, headers that keep browsers safe, a line in the access log; HEAD answered as GET without a body."""

import json
import logging
import secrets
import time
from datetime import UTC, datetime

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avatarium.leaderboards.service import problems

MISTAKE = "the service has made a mistake, which it has written down: try again in a moment"
LOG = logging.getLogger("avatarium.access")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Access:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, told = time.perf_counter(), {"status": 0, "bytes": 0}
        bodiless = scope["method"] == "HEAD"
        request_id = secrets.token_hex(8)
        inner = {**scope, "method": "GET" if bodiless else scope["method"], "state": {**scope.get("state", {}), "request_id": request_id}}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = request_id
            elif message["type"] == "http.response.body":
                if bodiless:
                    message = {**message, "body": b""}
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(inner, receive, sent)
        except Exception:
            LOG.exception("request %s failed", request_id)
            if told["status"]:
                raise
            await problems.answer(Request(inner), 500, MISTAKE)(inner, receive, sent)
        finally:
            LOG.info(_line(scope, inner, request_id, told, time.perf_counter() - begun))


def _line(scope: Scope, inner: Scope, request_id: str, told: dict[str, int], took_s: float) -> str:
    """One line of JSON; what stands behind the question mark, and tokens, are never in it."""
    client = scope.get("client")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request": request_id,
        "client": client[0] if client else "",
        "account": inner["state"].get("account", ""),
        "method": scope["method"],
        "path": scope["path"][:500],
        **told,
        "ms": round(1000 * took_s, 1),
    }
    return json.dumps(line)
