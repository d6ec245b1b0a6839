"""What the commands of the leaderboards print: progress while they work, tables when they are done."""

import errno
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.worlds.core.errors import UserError

WIDTH = 160
"""Of tables that are not printed to a terminal."""


def say(what: RenderableType) -> None:
    """Print to standard output; text is taken as it is."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(what, markup=False, highlight=False, soft_wrap=isinstance(what, str))


@contextmanager
def bar(what: str, total: int | None, unit: str = "episodes") -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, for a terminal; yields a function that advances it. Without ``total`` it counts steps."""
    end = [BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn()] if total is not None else []
    columns = [SpinnerColumn(), TextColumn("{task.description}"), *end, TimeElapsedColumn()]
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)


@contextmanager
def judging(folder: Path) -> Iterator[None]:
    """Turn what the machine, not the policy, did wrong into a sentence. ``folder`` is where results go."""
    try:
        yield
    except InfrastructureError as error:
        raise UserError(f"{error}: this is no fault of the policy and no score; give the same command again") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"the disk that holds {folder} is full: make room and give the same command again") from None
        raise UserError(f"{error.filename or folder} cannot be used ({error.strerror}): choose another folder") from None


def ready() -> None:
    """Raise UserError, saying what to install, unless all that judging takes is here. Only the sandbox imports the runtime."""
    for module in ("onnx", "onnxruntime", "sqlalchemy", "alembic", "fsspec"):
        if importlib.util.find_spec(module) is None:
            raise UserError(f"this needs {module}, which is not installed: pip install 'avatarium[leaderboards]'")
