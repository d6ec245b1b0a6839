"""A batch on the CPU and one on a GPU, emulated or simulated, that are to be the same byte for byte: made, played, compared.

As a script, under ``NUMBA_ENABLE_CUDASIM=1``, it plays the cases that it is given by name.
"""

import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from avatarium import worlds
from avatarium.worlds import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.discovery import spec
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

MOST_STEPS = 50
SENSOR = {"rays.noise": 0.2, "rays.delay": 3, "people.mute": True}
SPECIAL: dict[str, dict[str, Any]] = {
    "wayfinding, drawn lag, poor sensors": {"sync.aosi": 4, "sync.aori": 3, "sync.drawn": True, "crowd": 2, **SENSOR},
    "wayfinding, lag of a network": {"sync.source": "network", "walkers": 3},
    "gathering, others late, hearsay": {"sync.aosi": 3, "guests": 3},
    "wayfinding, continuous control": {"control": "continuous", "autoreset": False},
    "domination, by decision": {"command": "commander", "team": 2, "by_decision": True},
    "commons, a picture of others as they were": {"pixels.width": 8, "pixels.height": 8, "sync.aosi": 2, "pickers": 3},
    "masks, without autoreset": {"autoreset": False},
}
"""What is not usual, by name, of which the first word is the world's."""


def cases() -> dict[str, dict[str, Any]]:
    """Settings by name of a case: every world as it is, then the special ones, all in episodes as short as can be."""
    usual: dict[str, dict[str, Any]] = {name: {} for name in worlds.names()}
    return {case: short(case) | settings for case, settings in (usual | SPECIAL).items()}


def short(case: str) -> dict[str, Any]:
    """Episodes of few steps, where a world's are counted in steps."""
    fields = {f.name: f.metadata for f in dataclasses.fields(spec(world(case)).config)}
    return {"episode_steps": max(int(fields["episode_steps"]["low"]), 10)} if "episode_steps" in fields else {}


def world(case: str) -> str:
    """The name of the world of a case."""
    return case.partition(",")[0]


def twins(case: str, num_envs: int) -> tuple[Batch, GpuBatch]:
    """A batch on the CPU and its twin."""
    how: dict[str, Any] = {"num_envs": num_envs, "central": True, **cases()[case]}
    return Batch(spec(world(case)), **how), GpuBatch(spec(world(case)), **how)


def named(batch: Batch) -> dict[str, Any]:
    """The arrays of a batch that matter from one step to the next, by name."""
    lag = batch._lag
    parts = {
        **{"state": batch.state, "episodes": batch.episodes, "events": batch.events, "central": batch.central},
        **{f"out.{name}": out for name, out in zip(batch.roles, batch._out, strict=True)},
        **{f"fault.{k}": fault.past for k, (fault, _) in enumerate(batch._faults)},
        **{name: getattr(lag, name, None) for name in ("late", "posts", "hearsay", "delays", "network")},
    }
    named = {name: array for part, value in parts.items() for name, array in leaves(part, value)}
    named.pop("late.now", None)  # of use within a kernel only
    return named


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The arrays in tuples of tuples, by the names of fields or by their numbers."""
    if isinstance(value, tuple):
        for key, part in zip(getattr(value, "_fields", range(len(value))), value, strict=True):
            yield from leaves(f"{name}.{key}", part)
    elif hasattr(value, "shape") and value.shape:
        yield name, value


def differing(cpu: Batch, gpu: GpuBatch) -> list[str]:
    """Names of arrays that are not the same; of what is kept of episodes that ended, as far as some have in this step."""
    there = named(gpu)
    found = [name for name, array in named(cpu).items() if array.tobytes() != device.fetch(there[name]).tobytes()]
    for name, final in cpu._step.final_observation.items():
        over = cpu._step.termination[name] | cpu._step.truncation[name]
        if final[over].tobytes() != device.fetch(gpu._step.final_observation[name])[over].tobytes():
            found.append(f"final.{name}")
    return found + [name for name in ("ended", "final_central") if not alike(cpu, gpu, name)]


def alike(cpu: Batch, gpu: GpuBatch, name: str) -> bool:
    """Whether both know of the same environments in which an episode ended in this step, and how these ended."""
    ended = device.fetch(gpu.ended)
    if name == "ended":
        return bool((cpu.ended == ended).all()) if cpu.autoreset else bool((cpu.episodes.over >= ended).all())
    return cpu.final_central[ended].tobytes() == device.fetch(gpu.final_central)[ended].tobytes()


def play(cpu: Batch, gpu: GpuBatch, steps: int, seed: int = 0) -> int:
    """Step both by the same random actions; returns how many episodes ended. Raises AssertionError at the first difference."""
    rng, ended = np.random.default_rng(seed), 0
    for step in range(steps):
        actions = random_actions(cpu, rng)
        cpu.step(actions)
        gpu.step(actions)
        ended += int(device.fetch(gpu.ended).sum())
        assert not (found := differing(cpu, gpu)), f"after step {step + 1} these differ: {', '.join(found)}"
    return ended


def whole(case: str, num_envs: int, steps: int) -> int:
    """Play a case, go back to a snapshot, play on, and bring environments home; returns how many episodes ended."""
    cpu, gpu = twins(case, num_envs)
    cpu.reset(7)
    gpu.reset(7)
    assert not (found := differing(cpu, gpu)), f"after reset these differ: {', '.join(found)}"
    ended, there = play(cpu, gpu, steps), (cpu.snapshot(), gpu.snapshot())
    play(cpu, gpu, 2, seed=1)
    cpu.restore(there[0])
    gpu.restore(there[1])
    play(cpu, gpu, 2, seed=2)
    assert gpu.global_state().shape == cpu.global_state().shape
    go_home(gpu)
    return ended


def go_home(gpu: GpuBatch) -> None:
    """Let some environments go on on the CPU, and all on the GPU: by the same actions they stay the same."""
    envs = np.array([gpu.num_envs - 1, 0])
    home = gpu.home(envs)
    rng = np.random.default_rng(3)
    for _ in range(2):
        actions = random_actions(home, rng)
        everybody = {role: np.zeros((gpu.num_envs, *given.shape[1:]), given.dtype) for role, given in actions.items()}
        for role, given in actions.items():
            everybody[role][envs] = given
        home.step(actions)
        gpu.step(everybody)
        there = {name: device.rows(array, envs) for name, array in named(gpu).items() if array.shape[0] == gpu.num_envs}
        found = [name for name, array in named(home).items() if name in there and array.tobytes() != there[name].tobytes()]
        assert not found, f"at home these differ: {', '.join(found)}"


if __name__ == "__main__":
    device.THREADS = 2  # each is one of the CPU
    for name in sys.argv[1:]:
        steps = cases()[name].get("episode_steps", MOST_STEPS) + 2
        print(f"{name}: {whole(name, 2, steps)} episodes ended", flush=True)
