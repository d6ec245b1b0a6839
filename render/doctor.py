"""``avatarium doctor``: what this machine has, and what to install for the rest."""

import argparse
import importlib
import os
import platform
import subprocess
from importlib import metadata

from avatarium.worlds.core.errors import UserError

GROUP = "avatarium.doctor"
"""Entry points of this group are functions that return more findings: a list of (what, finding)."""

BARE = ("numpy", "numba", "gymnasium", "pettingzoo")
EXTRAS = {
    "train": ("torch", "ray", "tensorboard", "matplotlib", "onnxscript"),
    "render": ("moderngl", "glcontext", "pygame", "av", "pillow"),
    "leaderboards": ("onnx", "onnxruntime", "sqlalchemy", "rich"),
    "data": ("pyarrow", "minari"),
    "fast": ("isal",),
    "gpu": ("numba-cuda",),
}
GRAPHICS = ("name", "compute_cap", "memory.total", "memory.free", "driver_version")
"""What NVIDIA's driver is asked of each GPU."""

Findings = list[tuple[str, str]]


class Doctor:
    """Look at this machine."""

    help = "say what this machine has for training, drawing and judging, and what is missing"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """It takes none."""

    def run(self, args: argparse.Namespace) -> int:
        """Print one finding per line."""
        for title, findings in examine().items():
            print(title)
            width = max((len(what) for what, _ in findings), default=0)
            for what, finding in findings:
                print(f"  {what:<{width}}  {finding}")
        return 0


def examine() -> dict[str, Findings]:
    """All findings by section."""
    sections = {"Python": python(), "Packages": packages(), "Drawing": drawing(), "Films": films(), "Computing": computing(), "GPU": gpu()}
    more = others()
    return sections | ({"Judging": more} if more else {})


def python() -> Findings:
    """Interpreter and system."""
    return [("python", platform.python_version()), ("system", f"{platform.system()} {platform.release()}, {platform.machine()}")]


def packages() -> Findings:
    """Versions of what is installed, and how to get what is not."""
    found = [("avatarium", _version("avatarium") or "not installed"), *((name, _version(name) or "missing") for name in BARE)]
    for extra, names in EXTRAS.items():
        missing = [name for name in names if not _version(name)]
        have = ", ".join(f"{name} {_version(name)}" for name in names if name not in missing)
        lack = f"missing {', '.join(missing)}: pip install 'avatarium[{extra}]'" if missing else ""
        found.append((f"extra {extra}", "; ".join(part for part in (have, lack) if part)))
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def drawing() -> Findings:
    """What draws, and whether a window can be opened."""
    from avatarium.render.draw import context
    from avatarium.render.viewer import window

    found = context.describe()
    if found["backend"] == "gl":
        first = [("backend", "OpenGL"), ("renderer", found["renderer"]), ("version", found["version"]), ("on a GPU", found["hardware"])]
    else:
        first = [("backend", f"CPU ({found['why']})"), ("for OpenGL", context.INSTALL)]
    return [*first, ("display", window.display() or "none: watch and play need one; watch --screenshot and record do not")]


def films() -> Findings:
    """Whether films can be encoded."""
    try:
        import av
    except ModuleNotFoundError:
        return [("encoder", "none: pip install 'avatarium[render]'")]
    return [("encoder", "H.264 (libx264)" if "libx264" in av.codecs_available else f"PyAV {av.__version__} lacks libx264")]


def computing() -> Findings:
    """What kernels and networks run on."""
    llvm = importlib.import_module("llvmlite.binding")
    from avatarium.worlds.core import cache

    found = [
        ("processors", str(os.cpu_count())),
        ("compiled for", llvm.get_host_cpu_name()),
        ("kernels kept in", str(cache.cache_folder())),
    ]
    if not _version("torch"):
        return [*found, ("torch", "not installed")]
    import torch

    return [*found, ("torch", f"{torch.get_num_threads()} threads")]


def gpu() -> Findings:
    """What worlds and networks can run on beside the processors, and what is missing for it."""
    there = [("device", "{}, compute capability {}, {} ({} free), driver {}".format(*device)) for device in graphics()]
    return [*there, ("worlds", _worlds()), ("torch", _torch())] if there else [("device", "none, or NVIDIA's driver is not installed")]


def graphics() -> list[list[str]]:
    """Of each GPU of NVIDIA's what ``GRAPHICS`` names; none where there is no driver to ask."""
    command = ["nvidia-smi", f"--query-gpu={','.join(GRAPHICS)}", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[part.strip() for part in line.split(",")] for line in told.splitlines()]
    return [row for row in rows if len(row) == len(GRAPHICS)]


def _worlds() -> str:
    """Whether worlds can be stepped on the GPU that is there."""
    from avatarium.worlds.gpu import device

    try:
        device.check()
    except UserError as lack:
        return str(lack) if str(lack) == device.INSTALL else f"numba-cuda {_version('numba-cuda')} cannot use it: is the driver too old?"
    return f"numba-cuda {_version('numba-cuda')}"


def _torch() -> str:
    """Whether networks can be trained on the GPU that is there."""
    if not _version("torch"):
        return "missing: pip install 'avatarium[train]'"
    import torch

    if torch.version.cuda is None:
        return f"{torch.__version__} is built for CPUs: install the build for CUDA"
    lack = "" if torch.cuda.is_available() else ", which cannot use it: is the driver too old?"
    return f"{torch.__version__}, built for CUDA {torch.version.cuda}{lack}"


def others() -> Findings:
    """Findings of other rooms and packages, through entry points of the group ``GROUP``; one that fails says so."""
    found: Findings = []
    for entry in metadata.entry_points(group=GROUP):
        try:
            found += [(str(what), str(finding)) for what, finding in entry.load()()]
        except (ImportError, AttributeError, OSError, UserError) as failure:
            found.append((entry.name, f"could not be asked: {failure}"))
    return found
