"""What policies tell of themselves: the same numbers as the trainer's, and manifests that say who tells what."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from avatarium.agents.manifest import Manifest, from_json
from avatarium.agents.networks.heads import discrete, gaussian
from avatarium.agents.readouts import entropy, gaussian_entropy
from avatarium.worlds import UserError

PLAIN = Manifest("tiny", "wayfinding", 1, "walker", "0" * 64, (5, 3))


def test_entropies_are_those_of_training() -> None:
    logits = (5.0 * np.random.default_rng(0).normal(size=(64, 9))).astype(np.float32)
    logits[3, 1:5] = -1e30  # closed
    expected = discrete(torch.from_numpy(logits), (5, 4), torch.zeros(64, 2, dtype=torch.int64))[1].numpy()
    assert entropy(logits, (5, 4)) == pytest.approx(expected, abs=1e-5)
    assert entropy(np.zeros((1, 9), np.float32), (5, 4)) == pytest.approx(np.log(20.0))
    spread = np.random.default_rng(1).normal(size=(7, 6)).astype(np.float32)
    expected = gaussian(torch.from_numpy(spread), torch.zeros(7, 3))[1].numpy()
    assert gaussian_entropy(spread[:, 3:]) == pytest.approx(expected, abs=1e-5)


def test_a_manifest_says_whether_values_are_told() -> None:
    telling = replace(PLAIN, value=True)
    assert from_json(telling.to_json().encode()) == telling and telling.outputs == (("logits", 8), ("value", 1))
    assert '"value"' not in PLAIN.to_json() and from_json(PLAIN.to_json().encode()) == PLAIN and PLAIN.outputs == (("logits", 8),)
    with pytest.raises(UserError, match="has to be true or false, not 1"):
        from_json(telling.to_json().replace("true", "1").encode())
