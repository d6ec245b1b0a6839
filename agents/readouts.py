"""What policies tell of themselves while they play, for whoever watches: names, and what can be read from their outputs."""

import math

import numpy as np

VALUE, ENTROPY, INTRINSIC = "value", "entropy", "intrinsic"
"""The return that is expected; nats of the distribution that actions are drawn from; the reward from within for the step."""
GAUSSIAN = 0.5 * math.log(2.0 * math.pi * math.e)
"""Entropy of a Gaussian whose deviation is 1."""


def entropy(logits: np.ndarray, choices: tuple[int, ...]) -> np.ndarray:
    """Entropy float32 [B] of independent heads with so many ``choices`` each, in nats; ``logits`` [B, sum(choices)] side by side.

    >>> entropy(np.zeros((1, 4), np.float32), (4,)).round(4)
    array([1.3863], dtype=float32)
    """
    total, start = np.zeros(len(logits), np.float32), 0
    for size in choices:
        part = logits[:, start : start + size]
        start += size
        part = part - part.max(axis=1, keepdims=True)
        weights = np.exp(part)
        whole = weights.sum(axis=1)
        total += np.log(whole) - np.einsum("bc,bc->b", weights, part) / whole
    return total


def gaussian_entropy(log_std: np.ndarray) -> np.ndarray:
    """Entropy float32 [B] of Gaussian controls, before they are clipped, from the logarithms of their deviations [B, K], in nats."""
    total: np.ndarray = (log_std + GAUSSIAN).sum(axis=1).astype(np.float32)
    return total
