"""Boards and services for tests."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.service import app, running, tokens
from avatarium.leaderboards.service.settings import Limits, Settings


class Board:
    """A board for tests: its database and artefacts, and services over it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.database = Database(url, upgrade=True)
        self.artefacts = Artefacts(folder / "artefacts")
        self._clients: list[TestClient] = []

    def settings(self, **limits: Any) -> Settings:
        """Settings with some limits changed."""
        return Settings(self.url, str(self.folder / "artefacts"), str(self.folder / "secrets"), trust=True, limits=Limits(**limits))

    def app(self, **limits: Any) -> FastAPI:
        """A service."""
        return app.create(self.settings(**limits))

    def client(self, **limits: Any) -> TestClient:
        """Somebody who asks a service of their own; redirects are not followed."""
        self._clients.append(TestClient(self.app(**limits), follow_redirects=False).__enter__())
        return self._clients[-1]

    def token(self, *scopes: str, account: str = "ada", days: float | None = None) -> dict[str, str]:
        """The header with a fresh token of an account, which is made if need be."""
        with self.database.session() as session:
            try:
                owner = tokens.account(session, account)
            except ValueError:
                owner = tokens.new_account(session, account, now(session), 50)
            _, text = tokens.new_token(session, owner, now(session), "test", list(scopes), days)
        return {"Authorization": f"Bearer {text}"}

    def close(self) -> None:
        """End everything."""
        for client in self._clients:
            client.__exit__(None, None, None)
        self.database.close()


class Serving:
    """An application on a socket, as ``avatarium serve`` has it."""

    def __init__(self, application: FastAPI, header_s: float = 15.0) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(application, http=running.impatient(header_s), ws="none", log_config=None, server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def end(self) -> None:
        """Stop listening, answer what was begun, end."""
        self._server.should_exit = True
        self._thread.join(20)
