"""A batch of environments on a GPU, stepped there: the same bytes as on a CPU, in arrays that never leave it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from avatarium.worlds.core import episodes as course
from avatarium.worlds.core.batch import Batch, Snapshot, Step, leaves
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.gpu import device, kernels
from avatarium.worlds.gpu.eyes import GpuEyes

MOVED = (
    *("state", "episodes", "events", "ended", "central", "final_central", "observations", "present", "actions", "rewards"),
    *("reward_terms", "allowed", "_out", "_final", "_actions", "_faults", "_step", "_packed", "_all"),
)
"""What of a batch is made of arrays."""
UNDER_WAY = ("late", "posts", "hearsay", "delays", "network", "link", "split")
"""The same of what lags behind."""


class GpuBatch(Batch):
    """A ``Batch`` whose environments are stepped on a GPU, a thread for each.

    All arrays lie there: numba's, which torch and CuPy take as they are, without a copy, by ``__cuda_array_interface__``
    (``torch.as_tensor(batch.observations["walker"], device="cuda")``, once: they stay where they are). Calls return before what they
    started is done; it happens in the order of ``stream``, by default the stream that others use by default as well. Actions may lie here
    or there. ``home`` copies environments to the CPU. Raises UserError where there is no GPU, or numba-cuda is not installed.
    """

    def __init__(
        self,
        spec: WorldSpec,
        num_envs: int = 1,
        autoreset: bool = True,
        central: bool = False,
        by_decision: bool = False,
        **config: Any,
    ) -> None:
        device.check()
        self.stream: Any = 0
        """Of CUDA, in whose order everything happens."""
        self.onlookers: list[Callable[[], None]] = []
        """Called in every step, before episodes that ended are followed by the next; what they do is to be started on ``stream``."""
        super().__init__(spec, num_envs, 1, autoreset, central, by_decision, **config)
        self._whole = {"central": central, "by_decision": by_decision, **config}

    def _look_out(self) -> list[Any]:
        """Take all that was allocated to the GPU, then make eyes of it."""
        moved = device.Mover()
        for name in MOVED:
            setattr(self, name, moved(getattr(self, name)))
        for name in UNDER_WAY:
            if hasattr(self._lag, name):
                setattr(self._lag, name, moved(getattr(self._lag, name)))
        self._origins, self._before = moved(np.zeros(self.num_envs, np.uint64)), moved(np.zeros(self.num_envs, np.bool_))
        return super()._look_out()

    def eyes(self, role: str, width: int = 84, height: int = 84, fov_deg: float = 90.0) -> GpuEyes:
        """Eyes of the avatars of ``role``, to draw what they see into arrays of one's own on the GPU; see ``Eyes.look``."""
        late = None if self._lag.late is None else (self._lag.late, self.clock)
        return GpuEyes(self.spec, self.config, self._packed, self.state, role, width, height, fov_deg, late, self._run)

    def reset(self, seed: int | Sequence[int] | np.ndarray) -> Mapping[str, Any]:  # type: ignore[override]
        """Begin N new episodes from one seed, or from one seed per environment; returns observations by role, float32 [N, A, D]."""
        self._check_seeds(seed)
        device.store(self._origins, course.origins(seed, self.num_envs), self.stream)
        self._share(kernels.begin, self._out, self.episodes, self.events, self._origins, self.ended)
        self._begin(self._all)
        self._survey()
        self._ready = True
        return self._step.observation

    def step(self, actions: dict[str, Any]) -> Step:
        """As ``Batch.step``; ``actions`` lie on the GPU, or are brought there."""
        self._take(actions)
        self._share(kernels.hush, self._out, self.episodes, self.events, self.ended, self._before, self.autoreset)
        self._advance()
        self._look_late()
        self._survey()
        self._degrade(self._all)
        finals = tuple(self._final.values())
        self._share(kernels.finish, self._out, finals, self.episodes, self.central, self.final_central, self.ended, self._before)
        for look in self.onlookers:
            look()
        if self.autoreset:
            self._begin(self.ended)
            self._survey()
        return self._step

    def _advance(self) -> int:
        """As ``Batch._advance``; nobody waits to be told how many episodes ended: it returns 0."""
        self._share(self.spec.step, self.state, self.episodes, self._packed, self._due_actions(), self._out, self.events)
        return 0

    def _put(self, mine: Any, given: Any) -> None:
        if given is not mine:
            device.store(mine, given, self.stream)

    def _share(self, kernel: Any, *arguments: Any) -> list[Any]:
        self._run(kernel, arguments, self.num_envs)
        return []

    def _run(self, kernel: Any, arguments: tuple[Any, ...], count: int, which: Any = None) -> None:
        device.run(kernel, arguments, count, self.stream, which)

    def global_state(self) -> Any:
        """float32 [N, G]: what a central critic may see; a new array on the GPU."""
        out = device.place(np.zeros((self.num_envs, self._state_size), np.float32))
        self._share(self.spec.overview, self.state, self.episodes, self._packed, out)
        return out

    def snapshot(self) -> Snapshot:
        """A copy of everything that changes, on the GPU; ``restore`` continues from it bit for bit."""
        return Snapshot(tuple(self._copied(array) for array in self._memory()))

    def _copied(self, array: Any) -> Any:
        copy = device.empty_like(array)
        device.store(copy, array, self.stream)
        return copy

    def copy_from(self, other: Batch, rows: np.ndarray) -> None:
        """Raises UserError: futures are branched on the CPU, where ``home`` brings environments."""
        raise UserError("environments on a GPU do not take over those of another batch: branch from batch.home(envs)")

    def home(self, envs: Sequence[int] | np.ndarray) -> Batch:
        """A batch on the CPU in which environments ``envs`` [K] stand as they do now, and go on as they would here, byte for byte."""
        chosen = np.asarray(envs, np.int64)
        if chosen.ndim != 1 or not len(chosen) or chosen.min() < 0 or chosen.max() >= self.num_envs:
            raise UserError(f"envs={envs}: give numbers of environments from 0 to {self.num_envs - 1}")
        batch = Batch(self.spec, len(chosen), autoreset=self.autoreset, **self._whole)
        batch.restore(Snapshot(tuple(self._rows(chosen))))
        return batch

    def _rows(self, envs: np.ndarray) -> list[np.ndarray]:
        """What ``_memory`` has of environments ``envs``, on the CPU; arrays that all environments share whole."""
        one, two = (leaves(self.spec.allocate(n, self.config)) for n in (1, 2))
        shared = {k for k, (a, b) in enumerate(zip(one, two, strict=True)) if a.shape == b.shape}
        return [device.fetch(array) if k in shared else device.rows(array, envs) for k, array in enumerate(self._memory())]
