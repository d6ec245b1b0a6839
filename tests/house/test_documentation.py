"""Functions have types, public ones docstrings."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOMS = ("worlds", "agents", "training", "render", "leaderboards")
DOCUMENTED_SHARE = 0.85
KERNELS = ("kernel", "inlined", "njit")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def faults(root: Path) -> list[str]:
    """Functions without types, private ones too, and undocumented public ones where more than a few are, in the rooms under ``root``."""
    found: list[str] = []
    silent: list[str] = []
    total = 0
    for path in (p for room in ROOMS for p in sorted((root / room).rglob("*.py"))):
        tree = ast.parse(path.read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        loose = (f for f in functions if not is_kernel(f) and not is_typed(f))
        found += [f"{path.relative_to(root)}:{f.lineno} {f.name} is not fully typed" for f in loose]
        for node in public(tree):
            where = f"{path.relative_to(root)}:{node.lineno} {node.name}"
            total += 1
            if ast.get_docstring(node) is None:
                silent.append(f"{where} has no docstring")
    if len(silent) > (1 - DOCUMENTED_SHARE) * total:
        found += silent
    return found


def public(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Public classes, functions and methods, not those inside functions."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def is_typed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the result and every parameter but ``self`` and ``cls`` are annotated."""
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    parameters += [p for p in (function.args.vararg, function.args.kwarg) if p is not None]
    return function.returns is not None and all(p.annotation is not None for p in parameters if p.arg not in ("self", "cls"))


def is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether numba compiles it: numba infers a kernel's types from its arguments, so it declares none."""
    return any(ast.unparse(decorator).partition("(")[0] in KERNELS for decorator in function.decorator_list)


def test_functions_are_typed_and_documented(repository: Path) -> None:
    assert not (found := faults(repository)), "\n".join(found)


def test_a_missing_type_is_found(plant: Callable[[dict[str, str]], Path]) -> None:
    root = plant({"worlds/loose.py": 'def loose(x) -> None:\n    """Say nothing of x."""\n\n\ndef _hidden(x):\n    pass\n'})
    assert faults(root) == ["worlds/loose.py:1 loose is not fully typed", "worlds/loose.py:5 _hidden is not fully typed"]


def test_a_kernel_needs_no_types(plant: Callable[[dict[str, str]], Path]) -> None:
    root = plant({"worlds/kernel.py": '@kernel\ndef twice(x):\n    """Let numba find out about x."""\n'})
    assert faults(root) == []


def test_missing_docstrings_are_found(plant: Callable[[dict[str, str]], Path]) -> None:
    root = plant({"agents/silent.py": "class Mute:\n    def say(self) -> None:\n        pass\n"})
    assert faults(root) == ["agents/silent.py:1 Mute has no docstring", "agents/silent.py:2 say has no docstring"]
