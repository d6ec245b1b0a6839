"""Pictures drawn on a GPU have the bytes of those drawn on a CPU. Where there is no GPU they are drawn in the simulator of CUDA."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from numba import cuda

from avatarium import worlds
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.eyes import Eyes
from avatarium.worlds.core.eyes.art import AVATAR_ID, BOX_ID, FLOOR_ID, MARK_ID, SKY_ID, art
from avatarium.worlds.core.plan import FURNITURE, GLASS, WALL
from avatarium.worlds.gpu import assembly, device
from avatarium.worlds.gpu.batch import GpuBatch
from avatarium.worlds.gpu.drawing import draw

SEEING = [name for name in discovery.names() if discovery.spec(name).sights is not None]
PICTURE = {"pixels.width": 9, "pixels.height": 8, "pixels.depth": True, "pixels.segments": True}
WORLDS = {
    "gathering": {**PICTURE, "guests": 4, "episode_steps": 50, "sync.aosi": 5, "sync.drawn": True},
    "commons": {**PICTURE, "pickers": 3, "pixels.depth": False},
    "concierge": {**PICTURE, "pixels.segments": False},
}
"""Episodes that end, states that arrive late; things that are no boxes; several roles; pictures with and without the other channels."""

COMPARE = textwrap.dedent(
    """
    import json
    import sys

    import numpy as np

    from avatarium import worlds
    from avatarium.worlds.core.chance import random_actions
    from avatarium.worlds.gpu import device
    from avatarium.worlds.gpu.batch import GpuBatch

    KINDS = ((3,), np.uint8), ((), np.float32), ((), np.uint8)

    def same(here, there):
        return here.tobytes() == device.fetch(there).tobytes()

    def sensed(cpu, gpu, steps):
        rng = np.random.default_rng(0)
        for _ in range(steps):
            actions = random_actions(cpu, rng)
            cpu.step(actions)
            gpu.step(actions)
            for role in cpu.roles:
                assert same(cpu.observations[role], gpu.observations[role]), role
                assert cpu.observations[role][..., -cpu.roles[role].picture.size :].std() > 0.05

    def drawn(cpu, gpu):
        seen = set()
        for role in cpu.roles:
            eyes, other = cpu.eyes(role, 16, 13, 100.0), gpu.eyes(role, 16, 13, 100.0)
            assert eyes.shape == other.shape
            here = [np.full((*eyes.shape, *tail), 5, kind) for tail, kind in KINDS]
            there = [device.place(array) for array in here]
            eyes.look(*here)
            other.look(*there)
            assert all(same(*pair) for pair in zip(here, there))
            for channels in (False, False), (True, False), (False, True):
                rows = np.full((*eyes.shape[:2], 3 + (3 + sum(channels)) * 16 * 13), 7, np.float32)
                others, which = device.place(rows), np.array([False, True])
                eyes.look_into(rows, 3, channels, which)
                other.look_into(others, 3, channels, device.place(which))
                assert (rows[0] == 7).all() and (rows[1, :, 3:] < 7).all() and same(rows, others)
            seen |= set(here[2].ravel().tolist())
        return seen

    def absent(cpu, gpu):
        cpu.state.avatars["present"][1, 0] = 0
        device.store(gpu.state.avatars, cpu.state.avatars)

    def refused(batch, eyes):
        for array, simulated, words in (
            (device.place(np.zeros((1, 2, 3), np.uint8)), device.SIMULATED, "the views need a C-contiguous array uint8"),
            (np.zeros((*eyes.shape, 3), np.uint8), False, "rgb does not lie on a GPU"),
        ):
            before, device.SIMULATED = device.SIMULATED, simulated
            try:
                eyes.look(array)
            except worlds.UserError as error:
                assert words in str(error), error
            else:
                raise AssertionError(f"{words}: was taken")
            finally:
                device.SIMULATED = before
        try:
            batch.eyes(next(iter(batch.roles)), 1000, 8)
        except worlds.UserError as error:
            assert "cannot be drawn" in str(error)
        else:
            raise AssertionError("a picture of 1000 pixels was drawn")

    def painted(cpu, gpu):
        role = next(iter(cpu.roles))
        eyes, other = cpu.eyes(role), gpu.eyes(role)
        eyes.paint(1, 2)
        other.paint(1, 2)
        assert all(same(*pair) for pair in ((eyes.floor, other.floor), (eyes.marks, other.marks), (eyes.counts, other.counts)))

    for name, settings in json.loads(sys.argv[1]).items():
        cpu, gpu = worlds.make_batch(name, 2, **settings), GpuBatch(worlds.spec(name), 2, **settings)
        cpu.reset(5)
        gpu.reset(5)
        sensed(cpu, gpu, 53 if "episode_steps" in settings else 12)
        assert cpu.episodes.count.max() == (2 if "episode_steps" in settings else 1)
        painted(cpu, gpu)
        seen = drawn(cpu, gpu)
        absent(cpu, gpu)
        print(*sorted(seen | drawn(cpu, gpu)))
        refused(gpu, gpu.eyes(next(iter(gpu.roles)), 8, 8))
    """
)


def seen(simulate: bool) -> list[set[int]]:
    """Numbers of the things that were seen in each of the worlds while the pictures of both were compared."""
    command = [sys.executable, "-W", "ignore", "-c", COMPARE, json.dumps(WORLDS)]
    done = subprocess.run(
        command, env=os.environ | {"NUMBA_ENABLE_CUDASIM": str(int(simulate))}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return [{int(word) for word in line.split()} for line in done.stdout.splitlines()]


def check(simulate: bool) -> None:
    """Compare, and see that there was something to compare."""
    found = dict(zip(WORLDS, seen(simulate), strict=True))
    assert {SKY_ID, FLOOR_ID, BOX_ID + WALL, BOX_ID + GLASS, BOX_ID + FURNITURE, AVATAR_ID + 1} < found["gathering"]
    assert {MARK_ID, AVATAR_ID} < found["commons"]
    assert {BOX_ID + FURNITURE, AVATAR_ID + 1} < found["concierge"]


def test_in_the_simulator_pictures_have_the_bytes_of_the_cpu() -> None:
    check(simulate=True)


@pytest.mark.skipif(not cuda.is_available(), reason="there is no GPU that CUDA can use")
def test_on_a_gpu_pictures_have_the_bytes_of_the_cpu() -> None:
    check(simulate=False)


def by_columns(batch: Batch, eyes: Eyes, threads: int, out: tuple[Any, ...]) -> tuple[Any, ...]:
    """What ``draw`` takes to draw what ``eyes`` saw last, but for the threads to be."""
    state, (count, _, height, _) = batch.state, eyes.shape
    canvas = np.zeros((height, threads), np.uint32), np.zeros((height, threads), np.float32)
    return (
        state.plan, state.avatars, eyes._late, eyes._clock, eyes.colours, eyes.floor.reshape(count, -1), eyes.marks, eyes.counts, art(),
        eyes.lens, canvas, eyes._all, eyes.first, out,
    )  # fmt: skip


@pytest.mark.parametrize("world", WORLDS)
def test_columns_drawn_one_by_one_have_the_bytes_of_whole_pictures(world: str) -> None:
    batch, rng = worlds.make_batch(world, 8, **WORLDS[world]), np.random.default_rng(1)
    batch.reset(6)
    for _ in range(3):
        for _ in range(7):
            batch.step(random_actions(batch, rng))
        for role in batch.roles:
            eyes = batch.eyes(role, 96, 64, 110.0)
            want = np.zeros((*eyes.shape, 3), np.uint8), np.zeros(eyes.shape, np.float32), np.zeros(eyes.shape, np.uint8)
            eyes.look(*want)
            found = tuple(np.full_like(array, 5) for array in want)
            draw(*by_columns(batch, eyes, 100, (*found, np.zeros((0, 0, 0), np.float32), 0, (False, False))), 0, 100)
            assert want[0].std() > 10
            assert all(a.tobytes() == b.tobytes() for a, b in zip(want, found, strict=True))


needs_compiler = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda, whose compiler needs no GPU, is not installed"
)


def compiled(kernel: Any, world: str, **settings: Any) -> assembly.Program:
    """A kernel that a look starts on a GPU."""
    with device.rehearsal() as started:
        batch = GpuBatch(worlds.spec(world), 2, **settings)
        batch.eyes(next(iter(batch.roles)), 24, 16).look()
    ((entry, arguments),) = (one for one in started if one[0].py_func.__name__.endswith(f".{kernel.__name__}"))
    return assembly.lowered(entry, tuple(entry.typeof_pyval(argument) for argument in arguments))


@needs_compiler
def test_drawing_is_exact_and_has_room_in_registers_on_gpus_that_are_not_there() -> None:
    program = compiled(draw, "wayfinding", **{"sync.aosi": 5})
    for capability in ((8, 0), (9, 0)):
        text = program.ptx(capability)
        assert f".target sm_{capability[0]}{capability[1]}" in text
        assert not assembly.inexact(text)
        assert ".f64" not in re.sub(r"_ZN\w+", "", text), "something is computed in double precision"
        code = assembly.machine_code(text, capability)
        assert (code.stack_bytes, code.spilled_bytes) == (0, 0)
        assert code.registers <= 128, "fewer than 512 threads have room on a multiprocessor"


@needs_compiler
@pytest.mark.parametrize("world", SEEING)
def test_painting_is_exact_on_a_gpu_that_is_not_there(world: str) -> None:
    text = compiled(worlds.spec(world).sights.paint, world).ptx()
    assert not assembly.inexact(text)
    assert not assembly.doubles(text)
