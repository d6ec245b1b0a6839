"""The OpenGL context: had where it can be had, done without in silence where it cannot."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from avatarium import render
from avatarium.render.draw import context
from avatarium.worlds import UserError
from avatarium.worlds.core.scene import Scene

NOWHERE = {"backend": "egl", "libgl": "libNone.so.1", "libegl": "libNone.so.1"}


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not drawn yet."""
    monkeypatch.setattr(context, "_made", context._Made())
    monkeypatch.delenv(context.ENVIRONMENT, raising=False)


@pytest.fixture
def no_opengl(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the libraries of OpenGL."""
    pytest.importorskip("moderngl", reason="moderngl is not installed")
    monkeypatch.setattr(context, "_WAYS", (NOWHERE,))


def test_without_opengl_the_cpu_draws_in_silence(no_opengl: None, scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    assert render.frame(scene, size=(160, 120)).std() > 10
    assert capfd.readouterr() == ("", "")


def test_without_opengl_asking_for_it_tells_the_remedy(no_opengl: None, scene: Scene) -> None:
    with pytest.raises(UserError, match="apt-get install --no-install-recommends libegl1 libgl1"):
        render.frame(scene, backend="gl")


def test_without_moderngl_the_cpu_draws(fresh: None, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderngl", None)  # importing it fails
    assert context.gl() is None
    assert render.frame(scene, size=(160, 120)).std() > 10
    with pytest.raises(UserError, match=r"pip install 'avatarium\[render\]'"):
        context.gl("gl")


def test_the_environment_variable_chooses(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(context.ENVIRONMENT, "cpu")
    assert context.gl() is None
    assert context._made.thread is None  # nothing was even tried
    monkeypatch.setenv(context.ENVIRONMENT, "gpu")
    with pytest.raises(UserError, match="no drawing backend 'gpu'"):
        context.gl()


@pytest.mark.gl
def test_any_thread_may_draw(scene: Scene, opengl: None) -> None:
    expected = render.frame(scene, size=(160, 120), backend="gl")
    found: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: found.append(render.frame(scene, size=(160, 120), backend="gl")))
    thread.start()
    thread.join()
    assert np.array_equal(found[0], expected)


@pytest.mark.gl
def test_a_forked_child_draws_on_the_cpu(opengl: None) -> None:
    script = textwrap.dedent(
        """
        import os
        from avatarium.render.draw import context
        assert context.gl("gl") is not None
        child = os.fork()
        if child == 0:
            os._exit(0 if context.gl() is None else 1)
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env={**os.environ})
