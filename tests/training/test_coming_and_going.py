"""Learning where people come and go: only the time that somebody is there is learnt from, and leaving is an end."""

from collections.abc import Callable
from typing import Any

import numpy as np


def test_fragments_know_who_is_there(playing: Callable[..., Any]) -> None:
    fragment = playing("gathering", late=0.6, early=0.6, episode_steps=150, steps=200).fragment()
    here, over = fragment.present, fragment.terminations | fragment.truncations
    assert 0.4 < here.mean() < 0.95 and fragment.agent_steps == here.sum()
    assert fragment.terminations.any() and not (over & ~here).any() and not fragment.rewards[~here].any()
    assert over[:-1][here[:-1] & ~here[1:]].all(), "whoever is no longer there was told that its episode is over"
    assert fragment.starts[1:-1][~here[:-1] & here[1:]].all() and fragment.starts[1:][over].all(), "nothing is remembered from before"
    assert np.array_equal(np.lexsort((fragment.final_slots, fragment.final_steps)), np.arange(over.sum()))
    assert over[fragment.final_steps, fragment.final_slots].all()
    assert fragment.final_observations.any(axis=1).all(), "the last thing seen is seen from where it was"
