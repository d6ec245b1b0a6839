"""The OpenGL context that pictures are drawn in: made at the first picture, once per process, or not at all."""

import os
import threading
from dataclasses import dataclass, field
from typing import Any

from avatarium.worlds.core.errors import UserError, nearest, need

BACKENDS = ("auto", "gl", "cpu")
ENVIRONMENT = "AVATARIUM_RENDER"
"""Environment variable that takes the place of ``backend="auto"``: gl or cpu."""

INSTALL = "apt-get install --no-install-recommends libegl1 libgl1"
_WAYS: tuple[dict[str, Any], ...] = ({"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}, {"backend": "egl"}, {})


@dataclass
class _Made:
    """What this process knows about its context; ``owner`` is the process and thread that may use it."""

    context: Any = None
    owner: tuple[int, int] | None = None
    failures: list[str] = field(default_factory=list)


_made = _Made()


def wanted(backend: str = "auto") -> str:
    """The backend asked for by name, or else by the environment variable. Raises UserError for an unknown one."""
    name = os.environ.get(ENVIRONMENT, "auto") if backend == "auto" else backend
    if name not in BACKENDS:
        raise UserError(f"there is no drawing backend {name!r}: {nearest(name, BACKENDS)}")
    return name


def gl(backend: str = "auto") -> Any | None:
    """The process's moderngl context, or None for drawing on the CPU.

    None comes back, without a word, when no context can be made, and in a forked child or another thread than the one the
    context belongs to. Raises UserError with the remedy when ``backend`` is "gl" and there is none.
    """
    name = wanted(backend)
    if name == "cpu":
        return None
    if name == "gl":
        need("moderngl", "render")
    here = (os.getpid(), threading.get_ident())
    if _made.owner is None:
        _made.context = _create()
        _made.owner = here
    if _made.context is not None and _made.owner == here:
        return _made.context
    if name == "gl":
        why = "; ".join(_made.failures) or "it belongs to another process or thread"
        raise UserError(f"no OpenGL context can be had ({why}): {INSTALL}, or leave the backend on auto to draw on the CPU")
    return None


def _create() -> Any | None:
    """EGL first, which needs no display, then the window system."""
    try:
        import moderngl
    except ModuleNotFoundError:
        _made.failures.append("moderngl is not installed")
        return None
    for way in _WAYS:
        try:
            return moderngl.create_context(standalone=True, require=330, **way)
        except Exception as failure:  # glcontext raises bare Exception whatever went wrong
            _made.failures.append(str(failure))
    return None


def describe() -> dict[str, str]:
    """Backend, renderer, vendor and version of the context, and whether it is a real GPU; for ``avatarium doctor``."""
    context = gl()
    if context is None:
        return {"backend": "cpu", "why": "; ".join(_made.failures) or f"{ENVIRONMENT}=cpu"}
    info = context.info
    software = any(word in info["GL_RENDERER"].lower() for word in ("llvmpipe", "softpipe", "swrast", "swiftshader"))
    return {
        "backend": "gl",
        "renderer": info["GL_RENDERER"],
        "version": info["GL_VERSION"],
        "hardware": "no, OpenGL is computed on the CPU" if software else "yes",
    }
