"""What ``avatarium doctor`` finds."""

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import torch

from avatarium.render import doctor
from avatarium.render.draw import context
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.gpu import device


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


def test_without_a_gpu_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert doctor.gpu() == [("device", "none, or NVIDIA's driver is not installed")]


def asked(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: str, status: int = 0) -> None:
    """Let the driver answer so."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


H200 = "NVIDIA H200, 9.0, 143771 MiB, 143156 MiB, 580.82.07"


def test_a_gpu_is_described(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked(monkeypatch, tmp_path, H200)
    monkeypatch.setattr(device, "check", lambda: None)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = dict(doctor.gpu())
    assert found["device"] == "NVIDIA H200, compute capability 9.0, 143771 MiB (143156 MiB free), driver 580.82.07"
    assert found["worlds"].startswith("numba-cuda") and "cannot" not in found["worlds"]
    assert "built for CUDA 13.0" in found["torch"] and "cannot" not in found["torch"]


def test_what_cannot_use_a_gpu_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked(monkeypatch, tmp_path, H200)
    monkeypatch.setattr(torch.version, "cuda", None)
    for sentence, want in ((device.INSTALL, "pip install 'avatarium[gpu]'"), (device.MISSING, "driver too old")):
        monkeypatch.setattr(device, "check", refusing(sentence))
        found = dict(doctor.gpu())
        assert want in found["worlds"]
        assert "install the build for CUDA" in found["torch"]
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "cannot use it" in dict(doctor.gpu())["torch"]


def refusing(sentence: str) -> Callable[[], None]:
    """A check that fails."""

    def check() -> None:
        raise UserError(sentence)

    return check


def test_a_driver_that_finds_nothing_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked(monkeypatch, tmp_path, "NVIDIA-SMI has failed, because it could not communicate, with the, NVIDIA, driver", status=9)
    assert len(doctor.gpu()) == 1
    asked(monkeypatch, tmp_path, "No devices were found")
    assert len(doctor.gpu()) == 1


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
