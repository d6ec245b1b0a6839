"""The GPU that figures are taken on."""

import shutil
import subprocess
from typing import Any

from numba import cuda

from avatarium.worlds.gpu import device

SIMULATOR = "none: numba's simulator of CUDA"
ASKED = (
    "driver_version",
    "pstate",
    "clocks.sm",
    "clocks.max.sm",
    "clocks.mem",
    "clocks.max.mem",
    "power.draw",
    "power.limit",
    "temperature.gpu",
)
"""What nvidia-smi tells; clocks in MHz, power in W, temperature in degrees Celsius."""


def facts() -> dict[str, Any]:
    """Name, driver, clocks and memory of the GPU in use, as far as they can be had; asked for while it is warm."""
    if device.SIMULATED:
        return {"name": SIMULATOR}
    found = cuda.get_current_device()
    return {
        "name": str(found.name),
        "compute_capability": ".".join(map(str, found.compute_capability)),
        "multiprocessors": found.MULTIPROCESSOR_COUNT,
        "memory_bytes": memory(),
        "memory_bytes_per_s": 2 * 1000 * found.MEMORY_CLOCK_RATE * found.GLOBAL_MEMORY_BUS_WIDTH / 8,  # two transfers in a cycle, kHz, bits
        **told(found.uuid),
    }


def memory() -> int:
    """Bytes of memory of the GPU."""
    return 1 << 30 if device.SIMULATED else int(cuda.current_context().get_memory_info().total)


def told(uuid: str) -> dict[str, str]:
    """What nvidia-smi tells of the GPU with that ``uuid``; nothing where it is not installed or knows of no such one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return {}
    command = [program, f"--id={uuid}", f"--query-gpu={','.join(ASKED)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    values = [value.strip() for value in done.stdout.strip().split(",")]
    return dict(zip(ASKED, values, strict=True)) if done.returncode == 0 and len(values) == len(ASKED) else {}
