"""Recordings of persons and of policies, ten steps each, and the tokens of three persons."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import worlds
from avatarium.agents.consent import keys
from avatarium.worlds.core import blocks
from avatarium.worlds.core.recorder import Recorder

TOKENS = tuple(letter * 32 for letter in "abc")
SUBJECTS = tuple(keys.subject_of(keys.key_of(token)) for token in TOKENS)


def record(folder: Path, seed: int, extra: dict[str, Any], world: str = "steering", steps: int = 10, **config: Any) -> Path:
    """A transcript of some steps of standing still, in whose header there is ``extra``."""
    batch = worlds.make_batch(world, autoreset=False, **config)
    batch.reset([seed])
    recorder = Recorder(folder, batch, [seed], dict.fromkeys(batch.roles, "random"), extra)
    for _ in range(steps):
        batch.step({name: np.zeros((1, r.count, r.action_size), r.action_dtype) for name, r in batch.roles.items()})
        recorder.step()
    recorder.close()
    batch.close()
    return recorder.paths[0]


def with_extra(path: Path, to: Path, extra: dict[str, Any]) -> Path:
    """A copy of a transcript with another ``extra`` in its header."""
    with to.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in blocks.read(path):
            told = json.dumps(json.loads(content) | {"extra": extra}).encode() if tag == blocks.HEAD else content
            blocks.write(file, tag, told)
    return to


def persons(*who: tuple[str, int, str]) -> dict[str, Any]:
    """What a header tells of persons: avatar, number among ``SUBJECTS``, session."""
    return {"persons": [{"agent": agent, "subject": SUBJECTS[k], "session": session} for agent, k, session in who]}
