"""Serving: uvicorn in this process, and processes beside it that judge what comes in. Ctrl-C ends all of them."""

import asyncio
import contextlib
import logging
import multiprocessing
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from avatarium.leaderboards.queue.executors.serving import Workplace
from avatarium.leaderboards.service.app import create
from avatarium.leaderboards.service.keeping import keep
from avatarium.leaderboards.service.settings import Settings
from avatarium.worlds.core.errors import UserError

GRACE_S = 10
"""For requests that are being answered when the service ends."""
KEEP_ALIVE_S = 15


def serve(settings: Settings, host: str, port: int, workers: int, proxy: str) -> int:
    """Serve until Ctrl-C or SIGTERM; requests that are being answered are answered. Raises UserError where it cannot listen."""
    app = create(settings)
    listening = _listen(host, port)
    where = f"[{host}]" if ":" in host else host
    _log_to_stderr()
    config = uvicorn.Config(
        app,
        http=impatient(settings.limits.header_s),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None,
        limit_concurrency=settings.limits.connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    with contextlib.closing(listening), judging(settings, workers):
        print(f"the leaderboard is at http://{where}:{listening.getsockname()[1]}/, Ctrl-C ends it", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([listening])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UserError where there cannot be one."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UserError(f"nothing can listen at {host}:{port} ({error.strerror or error}): choose another --host or --port") from None


def impatient(seconds: float) -> type[H11Protocol]:
    """uvicorn's protocol, but for connections on which no whole head of a request arrives within so many seconds: these are closed."""

    class Impatient(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._waiting = self.loop.call_later(seconds, self._give_up)

        def _give_up(self) -> None:
            if self.cycle is None:
                self.transport.close()

    return Impatient


@contextlib.contextmanager
def judging(settings: Settings, workers: int) -> Iterator[None]:
    """Within it, a process keeps tables and so many workers; at the end they give back what they are at."""
    place = Workplace(settings.board, settings.artefacts, grace_s=GRACE_S / 2)
    process = multiprocessing.get_context("spawn").Process(target=keep, args=(place, Path(settings.secrets), workers))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(GRACE_S)
        process.kill()
        process.join()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name, level in (("avatarium", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
