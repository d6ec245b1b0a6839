"""The OpenAPI schema tells the truth: whatever it allows is answered as it says, and nothing brings the service down."""

from collections.abc import Iterator
from typing import Any

import demo
import pytest
from boards import Board
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
deeper = pytest.importorskip("schemathesis.specs.openapi.checks").positive_data_acceptance
NEGATIVE = schemathesis.GenerationMode.NEGATIVE

EXAMPLES = 10
DEEPER = ("POST /api/v1/submissions",)
"""Whose bodies may be refused for what no schema tells."""
KNOWN = {"season": demo.SEASON, "number": 1, "name": "ada"}
"""What stands for most parameters of paths, so that more than refusals is tried."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service with a season, and a token that may do everything."""
    folder = tmp_path_factory.mktemp("schema")
    found = Board(str(folder / "board.sqlite"), folder)
    rows = demo.fill(found.database, found.artefacts, 12)
    client: Any = found.client(requests=10**6, token_requests=10**6, uploads=10**6, replays=10**6)
    client.headers_of_all, client.key = found.token("read", "submit", "admin"), rows[0].key
    yield client
    found.close()


def test_answers_are_what_the_schema_says(service: Any) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", service.app)
    wrong = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            try_out(operation, service)
        except (Exception, BaseExceptionGroup) as failure:
            wrong[operation.label] = str(failure)
    assert not wrong, "\n\n".join(f"{label}\n{told}" for label, told in wrong.items())


def try_out(operation: Any, service: Any) -> None:
    """Ask what an operation allows, and what it does not. Raises where an answer is not what the schema says."""
    unless = [deeper] if operation.label in DEEPER else []

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(operation.as_strategy(), booleans())
    def asked(case: Any, known: bool) -> None:
        for name, value in {**KNOWN, "key": service.key}.items():
            if known and name in case.path_parameters:
                case.path_parameters[name] = value
        case.call_and_validate(headers=service.headers_of_all, excluded_checks=unless)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(operation.as_strategy(generation_mode=NEGATIVE))
    def nonsense(case: Any) -> None:
        case.call_and_validate(headers=service.headers_of_all)

    asked()
    if operation.path_parameters or operation.query or operation.body:
        nonsense()


def test_the_schema_is_whole(service: Any) -> None:
    told = service.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert operation["description"].endswith("."), (method, path)
            problems = [status for status in operation["responses"] if status >= "400"]
            kinds = {kind for status in problems for kind in operation["responses"][status]["content"]}
            assert kinds <= {"application/problem+json"}, (method, path)
