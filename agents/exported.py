"""Policies as files: an ONNX graph and its manifest in a zip. This is what training exports, what is watched and what is submitted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatarium.agents.archive import MAX_BYTES, check_onnx_bytes, pack, read
from avatarium.agents.manifest import SPAN, Manifest, Span, StateShape
from avatarium.agents.policy import Turn
from avatarium.agents.readouts import ENTROPY, VALUE, entropy, gaussian_entropy
from avatarium.agents.session import Session, runtime
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.rng import GOLDEN, scramble
from avatarium.worlds.core.spec import Role, WorldSpec

__all__ = [
    "MAX_BYTES",
    "Manifest",
    "OnnxPolicy",
    "PolicyError",
    "StateShape",
    "check_onnx_bytes",
    "drawn",
    "pack",
    "read",
    "sample_actions",
]

Arrays = tuple[np.ndarray, ...]
LOG_STD_LIMIT = 20.0
FORBIDDEN = np.float32(-1e30)
"""The logit of a choice that is not allowed, below any that a policy would give."""


class PolicyError(UserError):
    """A policy did something that a policy must not do; the sentence says what."""


def uniforms(keys: np.ndarray, stream: int) -> np.ndarray:
    """float64 [B] in (0, 1), one per key (uint64 [B]), by splitmix64 (Steele, Lea and Flood 2014); each ``stream`` gives others."""
    with np.errstate(over="ignore"):
        bits = scramble.py_func(keys + GOLDEN * np.uint64(stream + 1))
    found: np.ndarray = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return found


def sample_actions(logits: np.ndarray, keys: np.ndarray, nvec: tuple[int, ...], greedy: bool) -> np.ndarray:
    """One choice per head: int32 [B, heads] from logits [B, sum(nvec)], by inverting the softmax's cumulative distribution.

    ``keys`` uint64 [B] alone decide the draw, so a row's action depends neither on the batch around it nor on what was drawn before.
    """
    actions = np.empty((len(logits), len(nvec)), np.int32)
    start = 0
    for head, choices in enumerate(nvec):
        part = logits[:, start : start + choices].astype(np.float64)
        start += choices
        if greedy:
            actions[:, head] = part.argmax(axis=1)
            continue
        np.exp(part - part.max(axis=1, keepdims=True), out=part)
        np.cumsum(part, axis=1, out=part)
        threshold = uniforms(keys, head) * part[:, -1]
        actions[:, head] = (part[:, :-1] <= threshold[:, None]).sum(axis=1)
    return actions


def sample_controls(mean: np.ndarray, log_std: np.ndarray, keys: np.ndarray, greedy: bool, span: Span = SPAN) -> np.ndarray:
    """Continuous controls float32 [B, C] in their span: a clipped Gaussian (Box and Muller 1958), drawn by ``keys`` uint64 [B] alone."""
    noise = np.zeros(mean.shape)
    for control in range(0 if greedy else mean.shape[1]):
        radius = np.sqrt(-2.0 * np.log(uniforms(keys, 2 * control)))
        noise[:, control] = radius * np.cos(2.0 * np.pi * uniforms(keys, 2 * control + 1))
    spread = np.exp(np.clip(log_std, -LOG_STD_LIMIT, LOG_STD_LIMIT))
    controls: np.ndarray = np.clip(mean + spread * noise, *span).astype(np.float32)
    return controls


def drawn(
    outputs: Sequence[np.ndarray], turn: Turn, choices: tuple[int, ...], greedy: bool, span: Span = SPAN
) -> tuple[np.ndarray, np.ndarray]:
    """Actions for a turn, and the entropy float32 [B] of what they are drawn from.

    ``outputs`` begins with logits float32 [B, sum(choices)], or, without ``choices``, with means and log-deviations float32 [B, controls]
    of controls that are clipped to ``span``.
    """
    if not choices:
        return sample_controls(outputs[0], outputs[1], turn.keys, greedy, span), gaussian_entropy(outputs[1])
    logits = outputs[0] if turn.allowed is None else np.where(turn.allowed, outputs[0], FORBIDDEN)
    return sample_actions(logits, turn.keys, choices, greedy), entropy(logits, choices)


class OnnxPolicy:
    """An exported policy that runs in this process: for one's own files. Other people's belong in the leaderboard's sandbox.

    It tells the entropy of what it draws from and, where the graph has an output for it, the return that it expects.
    """

    def __init__(self, manifest: Manifest, onnx_bytes: bytes) -> None:
        check_onnx_bytes(onnx_bytes, "policy.onnx")
        self.manifest = manifest
        self.name = manifest.name
        self.tells = (ENTROPY, VALUE) if manifest.value else (ENTROPY,)
        self.told: dict[str, np.ndarray] = {}
        self.start(onnx_bytes)

    @classmethod
    def open(cls, path: Path | str, spec: WorldSpec, role: Role) -> "OnnxPolicy":
        """The policy in a submission zip. Raises UserError when it is not one, or not for ``role`` of ``spec``."""
        manifest, onnx_bytes = read(path)
        manifest.check_fits(spec, role)
        return cls(manifest, onnx_bytes)

    def start(self, onnx_bytes: bytes) -> None:
        """Make the graph ready to run."""
        runtime()
        try:
            self.session = Session(onnx_bytes, tuple(s.name for s in self.manifest.recurrent), tuple(n for n, _ in self.manifest.outputs))
        except Exception as error:  # onnxruntime's errors share no base class but Exception
            raise UserError(f"onnxruntime cannot load policy.onnx of {self.name}: {str(error).splitlines()[0][:200]}") from None

    def infer(self, arrays: Arrays) -> list[np.ndarray]:
        """Run the graph on the observation float32 [B, D] and states float32 [B, ...]: outputs, then states."""
        try:
            return self.session.run(arrays)
        except Exception as error:  # as above
            raise PolicyError(f"onnxruntime cannot run policy.onnx of {self.name}: {str(error).splitlines()[0][:200]}") from None

    def initial_state(self, rows: int) -> Arrays:
        """Zeros, float32 [rows, ...] for each recurrent state."""
        return tuple(np.zeros((rows, *state.shape), np.float32) for state in self.manifest.recurrent)

    def step(self, turn: Turn, state: Arrays) -> tuple[np.ndarray, Arrays]:
        """Actions int32 [B, heads] (or float32 [B, controls]) and the new state. Raises PolicyError."""
        found = self.infer(tuple(np.ascontiguousarray(array, np.float32) for array in (turn.observation, *state)))
        self.check_answer(found, len(turn.observation))
        return self._act(found, turn), tuple(found[len(self.manifest.outputs) :])

    def check_answer(self, found: list[np.ndarray], rows: int) -> None:
        """Raise PolicyError unless outputs and states are finite float32 arrays of the shapes that the manifest promises."""
        shapes = [(rows, width) for _, width in self.manifest.outputs] + [(rows, *state.shape) for state in self.manifest.recurrent]
        names = [name for name, _ in self.manifest.outputs] + [f"state {state.name}" for state in self.manifest.recurrent]
        for array, shape, name in zip(found, shapes, names, strict=True):
            if array.shape != shape or array.dtype != np.float32:
                raise PolicyError(f"{self.name} gave {name} as {array.dtype} {list(array.shape)} instead of float32 {list(shape)}")
            if not np.isfinite(array).all():
                raise PolicyError(f"{self.name} gave {name} that are not finite numbers")

    def _act(self, found: list[np.ndarray], turn: Turn) -> np.ndarray:
        actions, unsure = drawn(found, turn, self.manifest.actions, self.manifest.sampling == "greedy", self.manifest.span)
        self.told = {ENTROPY: unsure}
        if self.manifest.value:
            self.told[VALUE] = found[len(self.manifest.outputs) - 1][:, 0]
        return actions
