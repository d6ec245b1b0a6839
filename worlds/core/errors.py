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


def resolve(address: str, what: str) -> Any:
    """What lies at the address ``package.module:attribute``, as in entry points.

    Raises UserError, where it is called ``what``, when nothing lies there. A module that lacks something which it imports itself is no
    wrong address: that error is passed on as it is.
    """
    module, _, attribute = address.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), attribute]):
        raise UserError(f"{address!r} is no address of {what}: write package.module:attribute")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{module}.".startswith(f"{missing.name}."):
            raise
        raise UserError(f"there is no module {missing.name!r} to take {what} {address!r} from: is it installed?") from missing
    if not hasattr(found, attribute):
        raise UserError(f"module {module!r} has no {attribute!r} to be {what}")
    return getattr(found, attribute)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to ``word``, or all of them when none is near."""
    options = sorted(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(options)}"
