"""What ``avatarium doctor`` finds."""

from importlib import metadata

import pytest

from avatarium.render import doctor
from avatarium.render.draw import context
from avatarium.worlds.cli import main


def test_every_section_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    for word in ("python", "numba", "extra train", "extra render", "backend", "display", "H.264", "compiled for", "torch"):
        assert word in told


def test_missing_packages_come_with_their_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without(package: str) -> str:
        if package in ("moderngl", "torch"):
            raise metadata.PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(metadata, "version", without)
    found = dict(doctor.packages())
    assert "missing moderngl: pip install 'avatarium[render]'" in found["extra render"]
    assert "missing torch: pip install 'avatarium[train]'" in found["extra train"]
    assert "missing" not in found["extra leaderboards"]


def test_software_rendering_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"backend": "gl", "renderer": "llvmpipe", "version": "4.5", "hardware": "no, OpenGL is computed on the CPU"}
    monkeypatch.setattr(context, "describe", lambda: told)
    assert dict(doctor.drawing())["on a GPU"].startswith("no")


def test_without_opengl_the_remedy_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_made", context._Made())
    monkeypatch.setattr(context, "_WAYS", ())
    found = dict(doctor.drawing())
    assert found["backend"].startswith("CPU")
    assert found["for OpenGL"] == context.INSTALL


class Entry:
    """An entry point that gives one finding, or fails."""

    def __init__(self, name: str, fault: Exception | None = None) -> None:
        self.name, self._fault = name, fault

    def load(self) -> object:
        """The function that is asked."""
        if self._fault is not None:
            raise self._fault
        return lambda: [("seccomp", "yes")]


def test_other_rooms_may_add_findings_and_fail_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda group: [Entry("sandbox"), Entry("broken", ImportError("no such room"))])
    assert doctor.others() == [("seccomp", "yes"), ("broken", "could not be asked: no such room")]
