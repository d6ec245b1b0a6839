"""Honest submissions with random damage, for the reader of archives, the reader of manifests and the gates to survive."""

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents import archive
from avatarium.agents.exported import PolicyError
from avatarium.agents.manifest import Manifest, from_json
from avatarium.leaderboards.corpus import faults
from avatarium.leaderboards.corpus.building import CELLS, LOGITS, added, node, remembering, role, submission, weight
from avatarium.leaderboards.gates import OPERATORS
from avatarium.leaderboards.sandbox.host import Deadlines, InfrastructureError, LoadError, Worker
from avatarium.worlds.core.errors import UserError, need

BRIEF = Deadlines(load=5.0, call=2.0)
ROWS = 4
NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53, 2**63 - 1, -(2**63))
"""At which counters, lengths and signs turn."""
VALUES: tuple[Any, ...] = (*NUMBERS, 10**400, 0.5, 1e308, True, None, "", "x", "\u202e", "x" * 3000, [], [1], {}, {"a": 1}, [[[]]])


@dataclass
class Tally:
    """What became of mutants, by what was damaged."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Mutants that brought something other than a sentence: what the reader raised instead."""
    slowest_s: float = 0.0
    """The longest that the parent was kept by one of them."""
    processes: int = 1
    """How many locked processes they took."""


def mutants(seeds: range) -> Tally:
    """Make a mutant for each seed and try it: archives and manifests here, graphs in a locked process, which is used again."""
    tally, bases = Tally(), originals()
    with tempfile.TemporaryDirectory() as folder, _Gatekeeper(tally) as gatekeeper:
        tries: dict[str, Callable[[bytes, Manifest], str]] = {
            "archive": lambda content, manifest: _read(Path(folder, "x.zip"), content),
            "manifest": lambda content, manifest: _told(content),
            "graph": gatekeeper.attempt,
        }
        for seed in seeds:
            rng = random.Random(seed)
            kind, original = rng.choice(list(tries)), rng.choice(bases)
            content = damaged(rng, kind, original[kind])
            began = time.perf_counter()
            try:
                end = tries[kind](content, from_json(original["manifest"]))
            except Exception as error:  # whatever is no sentence is what is looked for
                end = "wrong"
                tally.wrong.append(f"seed {seed}, {kind}: {type(error).__name__}: {error}")
            tally.ends[kind, end] += 1
            tally.slowest_s = max(tally.slowest_s, time.perf_counter() - began)
    return tally


def originals() -> list[dict[str, bytes]]:
    """Honest submissions, each whole and in its parts."""
    layers = [node("Gemm", "m v b", "h"), node("Tanh", "h", "t"), node("LayerNormalization", "t b", "n"), node("Softmax", "n", "e", axis=1)]
    square = [weight("v", np.eye(5)), weight("b", np.ones(5))]
    mind = [node("Unsqueeze", "m z", "x"), node("GRU", "x w1 r", "y", hidden_size=CELLS), node("Squeeze", "y zz", "state_out_h")]
    recurrent = [weight("w1", np.ones((1, 3 * CELLS, 5))), weight("r", np.ones((1, 3 * CELLS, CELLS)))]
    axes = [weight("z", [0], np.int64), weight("zz", [0, 1], np.int64)]
    recall = remembering([*mind, node("Identity", "m", LOGITS)], [*recurrent, *axes])
    zips = [submission(), added(*layers, weights=square), recall, faults.most_memory()]
    return [{"archive": content, **dict(zip(("manifest", "graph"), _parts(content), strict=True))} for content in zips]


def damaged(rng: random.Random, kind: str, content: bytes) -> bytes:
    """``content`` with damage: bits, bytes and lengths anywhere, or a field of it with another value."""
    if kind != "archive" and rng.random() < 0.5:
        return _other_key(rng, content) if kind == "manifest" else _other_field(rng, content)
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        _DAMAGE[rng.randrange(len(_DAMAGE))](rng, found)
    return bytes(found)


def _flip(rng: random.Random, found: bytearray) -> None:
    if found:
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, found: bytearray) -> None:
    if found:
        found[rng.randrange(len(found))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _number(rng: random.Random, found: bytearray) -> None:
    size = rng.choice((2, 4, 8))
    at = rng.randrange(len(found) + 1)
    found[at : at + size] = (rng.choice(NUMBERS) % 256**size).to_bytes(size, "little")


def _cut(rng: random.Random, found: bytearray) -> None:
    del found[rng.randrange(len(found) + 1) :]


def _remove(rng: random.Random, found: bytearray) -> None:
    at = rng.randrange(len(found) + 1)
    del found[at : at + rng.randrange(1, 64)]


def _repeat(rng: random.Random, found: bytearray) -> None:
    at = rng.randrange(len(found) + 1)
    found[at:at] = found[at : at + rng.randrange(1, 200)] * rng.choice((1, 2, 50))


def _insert(rng: random.Random, found: bytearray) -> None:
    at = rng.randrange(len(found) + 1)
    found[at:at] = rng.randbytes(rng.randrange(1, 32))


_DAMAGE = (_flip, _flip, _set, _number, _cut, _remove, _repeat, _insert)


def _other_key(rng: random.Random, content: bytes) -> bytes:
    found = json.loads(content)
    key = rng.choice(list(found))
    found[rng.choice((key, key, key[::-1]))] = rng.choice(VALUES)
    return json.dumps(found).encode("utf-8", "surrogatepass")


def _other_field(rng: random.Random, content: bytes) -> bytes:
    model = need("onnx", extra="leaderboards").load_model_from_string(content)
    graph = model.graph
    some = rng.choice(graph.node)
    tensor = rng.choice(graph.initializer)
    names = [name for one in graph.node for name in (*one.input, *one.output)]
    changes: list[Callable[[], Any]] = [
        lambda: setattr(some, "op_type", rng.choice(sorted(OPERATORS))),
        lambda: some.input.append(rng.choice(names)),
        lambda: some.input.pop(),
        lambda: some.output.__setitem__(0, rng.choice(names)),
        lambda: some.input.__setitem__(rng.randrange(len(some.input)), rng.choice([*names, ""])),
        lambda: some.attribute.add(name=rng.choice(("axis", "axes", "perm", "to", "hidden_size", "alpha")), type=2, i=rng.choice(NUMBERS)),
        lambda: some.attribute.add(
            name=rng.choice(("axes", "pads", "kernel_shape")), type=7, ints=rng.choices(NUMBERS, k=rng.randrange(4))
        ),
        lambda: tensor.dims.append(rng.choice(NUMBERS)),
        lambda: tensor.dims.__setitem__(0, rng.choice(NUMBERS)),
        lambda: setattr(tensor, "data_type", rng.randrange(24)),
        lambda: setattr(tensor, "raw_data", rng.randbytes(len(tensor.raw_data))),
        lambda: setattr(tensor, "name", rng.choice(names)),
        lambda: setattr(model.opset_import[0], "version", rng.randrange(30)),
        lambda: graph.node.append(some),
        lambda: graph.node.sort(key=lambda _: rng.random()),
        lambda: graph.node.remove(some),
    ]
    for change in rng.sample(changes, rng.choice((1, 1, 2, 3))):
        try:
            change()
        except (IndexError, ValueError):  # there is none to change, or it is gone
            continue
    return bytes(model.SerializeToString())


def _parts(content: bytes) -> tuple[bytes, bytes]:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(content)
        file.flush()
        return archive.unpack(file.name)


def _read(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        archive.read(path)
    except UserError:
        return "refused"
    return "accepted"


def _told(content: bytes) -> str:
    try:
        from_json(content)
    except UserError:
        return "refused"
    return "accepted"


class _Gatekeeper:
    """A locked process that graphs are brought to, one after the other; a new one when it has fallen."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.worker = tally, Worker(deadlines=BRIEF)

    def __enter__(self) -> "_Gatekeeper":
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.close()

    def attempt(self, content: bytes, manifest: Manifest) -> str:
        """How far a graph comes: refused by the gates, not loaded, failed while it ran, or played; or its process has ended."""
        for step, end in self._steps(content, manifest):
            try:
                step()
            except (PolicyError, InfrastructureError) as error:
                if self.worker.process.poll() is None:
                    return "not loaded" if isinstance(error, LoadError) else end
                self.worker, self.tally.processes = Worker(deadlines=BRIEF), self.tally.processes + 1
                return f"ended: {error}"
        return "played"

    def _steps(self, content: bytes, manifest: Manifest) -> Iterator[tuple[Callable[[], Any], str]]:
        yield lambda: self.worker.load(content, manifest, role().observation_size), "refused"
        states = [np.zeros((ROWS, *state.shape), np.float32) for state in manifest.recurrent]
        yield lambda: self.worker.run((np.ones((ROWS, role().observation_size), np.float32), *states)), "failed"
