"""Importing anything does nothing: no file is written, no socket, thread or process made, no kernel compiled, no heavy library loaded."""

import json
import os
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path

# Runs in a fresh interpreter: imports every module of one room and prints what that did besides importing.
PROBE = textwrap.dedent(
    """
    import importlib, json, os, pkgutil, sys, threading

    room, heavy, seen = sys.argv[1], sys.argv[2].split(), []
    MAKES = ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.mkdir", "os.remove", "os.rename")

    def by_us(frame):  # not by a library that one of our modules imports: between the deed and our module lies no import
        while frame is not None and not frame.f_globals.get("__name__", "").startswith(("importlib", "_frozen_importlib")):
            if frame.f_globals["__name__"].startswith("avatarium."):
                return True
            frame = frame.f_back
        return False

    def watch(event, args):
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (writes or event in MAKES) and by_us(sys._getframe(1)):
            seen.append(f"{event} {args[0] if args else ''}")

    def start(thread):  # Python 3.11 raises no audit event for it
        if by_us(sys._getframe(1)):
            seen.append(f"starts a thread, {thread.name}")

    sys.addaudithook(watch)
    threading.Thread.start = start
    package = importlib.import_module(room)
    if room == "avatarium.worlds":
        from numba.core import event

        compiled = event.RecordingListener()
        event.register("numba:compile", compiled)
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        if module.name.rpartition(".")[2] != "__main__":
            importlib.import_module(module.name)
    if room == "avatarium.worlds":
        seen += ["compiles " + str(e.data["dispatcher"]) for _, e in compiled.buffer if e.is_start]
    seen += [f"loads {name}" for name in heavy if name in sys.modules]
    bare = ("worlds", "agents", "training", "render", "leaderboards")
    seen += [f"is imported twice, as {name} too" for name in bare if name in sys.modules]
    print(json.dumps(seen))
    """
)
HEAVY = {
    "worlds": "torch ray moderngl pygame av onnxruntime sqlalchemy rich matplotlib",
    "agents": "ray moderngl pygame av sqlalchemy",
    "render": "torch ray onnxruntime sqlalchemy",
    "leaderboards": "torch ray moderngl pygame",
    "training": "moderngl pygame",
}

SLOW = ("torch", "ray", "moderngl", "pygame", "av", "onnxruntime", "sqlalchemy", "rich", "matplotlib")


def faults(site: Path) -> list[str]:
    """What importing all modules of each room under ``site`` does that it should not."""
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "RAY_DISABLE_IMPORT_WARNING": "1"}
    found = []
    for room, heavy in HEAVY.items():
        command = [sys.executable, "-c", PROBE, f"avatarium.{room}", heavy]
        done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False)
        told = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done.stderr.splitlines()[-1:]
        found += [f"avatarium.{room}: {fault}" for fault in told]
    return found


def command_modules(config: Path) -> list[str]:
    """The modules in which commands are declared."""
    entries = tomllib.loads(config.read_text())["project"]["entry-points"]["avatarium.commands"]
    return sorted({entry.partition(":")[0] for entry in entries.values()})


def command_faults(site: Path, config: Path) -> list[str]:
    """Heavy libraries that ``avatarium --help`` loads because a command's module imports them at its top."""
    modules = command_modules(config)
    program = "import importlib, sys; [importlib.import_module(m) for m in sys.argv[1:]]; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", program, *modules], env=environment, cwd=site, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.splitlines()[-1:]
    return [f"a command loads {name}" for name in SLOW if name in done.stdout.split()]


def test_importing_has_no_side_effects(installed: Path) -> None:
    assert not (found := faults(installed)), "\n".join(found)


def test_side_effects_are_found(plant: Callable[[dict[str, str]], Path], site: Callable[[Path], Path], tmp_path: Path) -> None:
    target = tmp_path / "touched"
    folder = site(
        plant(
            {
                "worlds/writes.py": f"open({str(target)!r}, 'w').close()\n",
                "worlds/compiles.py": "import numba\nnumba.njit('int64(int64)')(lambda x: x)\n",
                "worlds/heavy.py": "import sqlalchemy\n",
                "agents/threads.py": "import threading\nthreading.Thread(target=int).start()\n",
                "render/breaks.py": "1 / 0\n",
            }
        )
    )
    found = faults(folder)
    assert f"avatarium.worlds: open {target}" in found
    assert any(fault.startswith("avatarium.worlds: compiles") for fault in found)
    assert "avatarium.worlds: loads sqlalchemy" in found
    assert any(fault.startswith("avatarium.agents: starts a thread") for fault in found)
    assert "avatarium.render: ZeroDivisionError: division by zero" in found


def test_commands_load_nothing_heavy_before_they_run(installed: Path, repository: Path) -> None:
    assert not (found := command_faults(installed, repository / "pyproject.toml")), "\n".join(found)


def test_a_heavy_command_is_found(repository: Path, plant: Callable[[dict[str, str]], Path], site: Callable[[Path], Path]) -> None:
    names = (module.removeprefix("avatarium.").replace(".", "/") for module in command_modules(repository / "pyproject.toml"))
    folder = site(plant({f"{name}.py": "" for name in names} | {"render/commands.py": "import sqlalchemy\n"}))
    assert command_faults(folder, folder / "pyproject.toml") == ["a command loads sqlalchemy"]
