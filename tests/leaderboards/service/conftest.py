"""A service over a board, on both kinds of databases, with tokens and a made-up season."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))

import demo
from boards import Board, Serving

_web = Path(__file__).parents[2] / "render" / "web" / "conftest.py"
_spec = importlib.util.spec_from_file_location("browsing", _web)
assert _spec
assert _spec.loader
browsing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(browsing)
chromium = browsing.chromium


@pytest.fixture
def board(board_url: str, tmp_path: Path) -> Iterator[Board]:
    """An empty board, on SQLite and on PostgreSQL."""
    found = Board(board_url, tmp_path)
    yield found
    found.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Board]:
    """An empty board on SQLite, for what does not depend on the database."""
    found = Board(str(tmp_path / "board.sqlite"), tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a board with a made-up season, for tests that only read; ``client.rows`` are its submissions."""
    folder = tmp_path_factory.mktemp("shown")
    found = Board(str(folder / "board.sqlite"), folder)
    rows = demo.fill(found.database, found.artefacts, 60)
    client: Any = found.client(requests=100_000)
    client.rows, client.board = rows, found
    yield client
    found.close()


@pytest.fixture
def serving() -> Iterator[Callable[..., Serving]]:
    """Serves applications on sockets."""
    begun: list[Serving] = []

    def serve(application: FastAPI, header_s: float = 15.0) -> Serving:
        begun.append(Serving(application, header_s))
        return begun[-1]

    yield serve
    for one in begun:
        one.end()


@pytest.fixture
def served(serving: Callable[..., Serving]) -> Callable[..., str]:
    """Serves applications on sockets; returns their addresses."""
    return lambda *arguments: serving(*arguments).address


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """The browser with a page of ordinary size; whatever it complains about fails the test."""
    chromium.complaints.clear()
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    chromium.look(1200, 800, prefers_color_scheme="light")
    yield chromium
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    assert chromium.complaints == []


@pytest.fixture(scope="session")
def season_of_wayfinding() -> Any:
    """The smallest season over wayfinding."""
    from avatarium.leaderboards.seasons import definition

    return definition.define("spring", "Spring", ["wayfinding"], {"wayfinding": 1})


@pytest.fixture
def opened(board: Board, season_of_wayfinding: Any) -> Board:
    """A board on which a season over wayfinding is open, with its secret at hand."""
    from avatarium.leaderboards.seasons import managing

    managing.announce(board.database, season_of_wayfinding, board.folder / "secrets" / "spring.secret")
    return board
