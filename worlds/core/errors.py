"""What a user may get wrong, said in one sentence."""

import difflib
import importlib
from collections.abc import Iterable
from typing import Any


class UserError(ValueError):
    """Something the user can mend; the message says how. The command line prints it alone and exits with code 2."""


def need(module: str, extra: str) -> Any:
    """Import ``module``, which comes with the optional ``extra``; a UserError says what to install when it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] == "avatarium":
            raise
        raise UserError(f"this needs {missing.name}, which is not installed: pip install 'avatarium[{extra}]'") from missing


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to ``word``, or all of them when none is near."""
    options = sorted(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(options)}"
