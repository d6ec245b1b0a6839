"""Files stay short, functions shorter."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

FOLDERS = ("worlds", "agents", "training", "render", "leaderboards", "tests")
FILE_LINES = 400
FUNCTION_LINES = 65
SHORT_LINES = 30
SHORT_SHARE = 0.9


def faults(root: Path) -> list[str]:
    """Files and functions of the tree under ``root`` that are too long, and a share of short functions that is too small."""
    found, lengths = [], []
    for path in (p for folder in FOLDERS for p in sorted((root / folder).rglob("*.py"))):
        text, name = path.read_text(), path.relative_to(root)
        if (lines := len(text.splitlines())) > FILE_LINES:
            found.append(f"{name} has {lines} lines, more than {FILE_LINES}: split it by concept")
        for function in functions(text):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            lengths.append(length)
            if length > FUNCTION_LINES:
                found.append(f"{name}:{function.lineno} {function.name} has {length} lines, more than {FUNCTION_LINES}")
    short = sum(length <= SHORT_LINES for length in lengths)
    if short < SHORT_SHARE * len(lengths):
        found.append(f"{short} of {len(lengths)} functions have at most {SHORT_LINES} lines, fewer than {SHORT_SHARE:.0%}")
    return found


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method in a source text."""
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def function_of(lines: int) -> str:
    """A function of so many lines."""
    return '"""A module."""\n\n\ndef long() -> None:\n    """Do nothing at length."""\n' + "    pass\n" * (lines - 2)


def test_every_file_and_function_is_short(repository: Path) -> None:
    assert not (found := faults(repository)), "\n".join(found)


def test_a_long_file_is_found(plant: Callable[[dict[str, str]], Path]) -> None:
    assert any("worlds/long.py has 401 lines" in f for f in faults(plant({"worlds/long.py": "X = 1\n" * 401})))


def test_a_long_function_is_found(plant: Callable[[dict[str, str]], Path]) -> None:
    assert any("render/long.py:4 long has 66 lines" in f for f in faults(plant({"render/long.py": function_of(66)})))


def test_many_middling_functions_are_found(plant: Callable[[dict[str, str]], Path]) -> None:
    assert any("0 of 1 functions" in f for f in faults(plant({"agents/middling.py": function_of(31)})))
