"""A submitted policy that plays from inside the sandbox."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from avatarium.agents.exported import Manifest, OnnxPolicy, PolicyError
from avatarium.leaderboards.sandbox.host import USUAL, Deadlines, InfrastructureError, Worker
from avatarium.leaderboards.sandbox.trust import require
from avatarium.worlds.core.spec import Role

MAX_FLOATS = 2**21
"""Most float32 values in one message; larger batches go in parts."""
AUDIT_EVERY = 64
"""One call in so many, nobody knows which, is asked again for a single avatar alone, to catch a graph that lets one avatar see another's
senses."""
TOLERANCE = 1e-3
"""How far, relative to 1 or to the value if larger, an answer may lie from the answer to the same avatar in another batch."""
ATTEMPTS = 3

Arrays = tuple[np.ndarray, ...]


class SandboxedPolicy(OnnxPolicy):
    """The same as an ``OnnxPolicy``, but the graph is parsed and run in a locked process. Call ``close`` when done.

    The host keeps the recurrent state and draws the actions, so the process has no memory of its own: when it is killed from
    outside, a new one gives the same answers.
    """

    def __init__(self, manifest: Manifest, onnx_bytes: bytes, role: Role, trust: bool = True, deadlines: Deadlines = USUAL) -> None:
        self.features, self.trust, self.deadlines = role.observation_size, trust, deadlines
        self.audited = True
        self.kept: list[tuple[Arrays, list[np.ndarray]]] | None = None
        """Where it is a list, every call and its answer are kept there."""
        self._chance = random.SystemRandom()  # the answers do not depend on it, only who is caught when
        self.worker: Worker | None = None
        floats = self.features + sum(width for _, width in manifest.outputs) + 2 * sum(state.size for state in manifest.recurrent)
        self.max_rows = MAX_FLOATS // floats + 1
        super().__init__(manifest, onnx_bytes)

    def start(self, onnx_bytes: bytes) -> None:
        """Start the process, lock it, load the model. Raises PolicyError when the gates refuse it, and UserError, before anything is
        loaded, when it is not trusted and the sandbox is weak here."""
        self.onnx_bytes = onnx_bytes
        self._restart()

    @property
    def layers(self) -> dict[str, bool]:
        """Which protections hold for this policy's process."""
        return self.worker.layers if self.worker else {}

    def infer(self, arrays: Arrays) -> list[np.ndarray]:
        """Outputs and states float32 [B, ...] for the observation and states float32 [B, ...]. Raises PolicyError."""
        rows = len(arrays[0])
        parts = [self._ask(tuple(a[i : i + self.max_rows] for a in arrays)) for i in range(0, rows, self.max_rows)]
        found = parts[0] if len(parts) == 1 else [np.concatenate(columns) for columns in zip(*parts, strict=True)]
        if self.audited and rows > 1 and self._chance.randrange(AUDIT_EVERY) == 0:
            self._audit(arrays, found, self._chance.randrange(rows))
        if self.kept is not None:
            self.kept.append((tuple(array.copy() for array in arrays), found))
        return found

    @contextlib.contextmanager
    def unaudited(self) -> Iterator[None]:
        """While it is probed: whoever asks the same questions in order says better what is wrong."""
        self.audited = False
        try:
            yield
        finally:
            self.audited = True

    def close(self) -> None:
        """End the process."""
        if self.worker:
            self.worker.close()
            self.worker = None

    def __enter__(self) -> "SandboxedPolicy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def process(self) -> Worker:
        """A process that is locked and has no model yet."""
        return Worker(deadlines=self.deadlines)

    def _restart(self) -> Worker:
        self.close()
        self.worker = self.process()
        try:
            require(self.worker.layers, self.trust)
            self.facts = self.worker.load(self.onnx_bytes, self.manifest, self.features)
        except Exception:
            self.close()
            raise
        return self.worker

    def _ask(self, arrays: Arrays) -> list[np.ndarray]:
        """One exchange; a process that was ended from outside is replaced, one that failed by itself is not."""
        for attempt in range(ATTEMPTS):
            try:
                worker = self.worker or self._restart()
                return worker.run(arrays)
            except InfrastructureError:
                self.close()
                if attempt == ATTEMPTS - 1:
                    raise
            except PolicyError as fault:
                self.close()
                raise PolicyError(f"{self.name}: {fault}") from None
        raise AssertionError

    def _audit(self, arrays: Arrays, found: list[np.ndarray], row: int) -> None:
        alone = self._ask(tuple(array[row : row + 1] for array in arrays))
        for array, again in zip(found, alone, strict=True):
            if not agree(array[row : row + 1], again):
                raise PolicyError(f"{self.name}: its answer for one avatar depends on the other avatars in the batch")


def agree(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two answers are the same but for rounding."""
    return bool(np.allclose(one, two, rtol=TOLERANCE, atol=TOLERANCE))
