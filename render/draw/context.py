"""The OpenGL context that pictures are drawn in: made at the first picture, once per process, or not at all.

It lives on a thread of its own. So pictures can be asked for from any thread, and a window library that draws with OpenGL itself does
not disturb it.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from avatarium.worlds.core.errors import UserError, nearest, need

BACKENDS = ("auto", "gl", "cpu")
ENVIRONMENT = "AVATARIUM_RENDER"
"""Environment variable that takes the place of ``backend="auto"``: gl or cpu."""

INSTALL = "apt-get install --no-install-recommends libegl1 libgl1"
_WAYS: tuple[dict[str, Any], ...] = ({"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}, {"backend": "egl"}, {})

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class _Made:
    """What this process knows about its context; ``pid`` is the process that made it, which a forked child is not."""

    context: Any = None
    thread: ThreadPoolExecutor | None = None
    pid: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


_made = _Made()


def wanted(backend: str = "auto") -> str:
    """The backend asked for by name, or else by the environment variable. Raises UserError for an unknown one."""
    name = os.environ.get(ENVIRONMENT, "auto") if backend == "auto" else backend
    if name not in BACKENDS:
        raise UserError(f"there is no drawing backend {name!r}: {nearest(name, BACKENDS)}")
    return name


def gl(backend: str = "auto") -> Any | None:
    """The process's moderngl context, to be used within ``run`` alone; or None for drawing on the CPU.

    None comes back, without a word, when no context can be made, and in a forked child of the process that made one.
    Raises UserError with the remedy when ``backend`` is "gl" and there is none.
    """
    name = wanted(backend)
    if name == "cpu":
        return None
    if name == "gl":
        need("moderngl", "render")
    with _made.lock:
        if _made.thread is None:
            _made.pid, _made.thread = os.getpid(), ThreadPoolExecutor(1, "avatarium-gl")
            _made.context = _made.thread.submit(_create, _made.failures).result()
    if _made.context is not None and _made.pid == os.getpid():
        return _made.context
    if name == "gl":
        why = "; ".join(_made.failures) or "it belongs to the process that this one was forked from"
        raise UserError(f"no OpenGL context can be had ({why}): {INSTALL}, or leave the backend on auto to draw on the CPU")
    return None


def renew() -> Any | None:
    """Another context in place of one that was lost; None where there is none to be had any more."""
    with _made.lock:
        if _made.thread is None or _made.pid != os.getpid():
            return None
        _made.context = _made.thread.submit(_create, _made.failures).result()
    return _made.context


def run(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``work`` returns, done on the context's thread."""
    assert _made.thread is not None
    return _made.thread.submit(work, *args, **kwargs).result()


def _create(failures: list[str]) -> Any | None:
    """EGL first, which needs no display, then the window system."""
    try:
        import moderngl
    except ModuleNotFoundError:
        failures.append("moderngl is not installed")
        return None
    for way in _WAYS:
        try:
            return moderngl.create_context(standalone=True, require=330, **way)
        except Exception as failure:  # glcontext raises bare Exception whatever went wrong
            failures.append(str(failure))
    return None


def describe() -> dict[str, str]:
    """Backend, renderer and version of the context, and whether it is a real GPU; for ``avatarium doctor``."""
    context = gl()
    if context is None:
        return {"backend": "cpu", "why": "; ".join(_made.failures) or f"{ENVIRONMENT}=cpu"}
    info = run(lambda: dict(context.info))
    software = any(word in info["GL_RENDERER"].lower() for word in ("llvmpipe", "softpipe", "swrast", "swiftshader"))
    return {
        "backend": "gl",
        "renderer": info["GL_RENDERER"],
        "version": info["GL_VERSION"],
        "hardware": "no, OpenGL is computed on the CPU" if software else "yes",
    }
