"""Folders of recordings, and the ledgers that speak of them."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from avatarium.agents.consent import agreeing
from avatarium.agents.consent.ledger import NAME, Ledger

sys.path.insert(0, str(Path(__file__).parent / "outside"))

from people import TOKENS, persons, record, with_extra


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six different episodes in which nobody is a person."""
    folder = tmp_path_factory.mktemp("templates")
    return [record(folder, seed, {}, craft=2) for seed in range(6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where recordings lie."""
    found = tmp_path / "played"
    found.mkdir()
    return found


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    """The ledger of ``folder``, which is not there yet."""
    return Ledger(folder / NAME)


@pytest.fixture
def played(folder: Path, templates: list[Path]) -> Callable[..., Path]:
    """A function that puts down what person ``k`` played, and, with ``purposes``, lets them allow these."""

    def make(k: int, seed: int, *purposes: str, session: str = "") -> Path:
        session = session or secrets.token_hex(8)
        if purposes:
            agreeing.grant(Ledger(folder / NAME), TOKENS[k], purposes, sessions=(session,))
        return with_extra(templates[seed], folder / f"{k}-{seed}-{session[:6]}.avt", persons(("pilot_0", k, session)))

    return make
