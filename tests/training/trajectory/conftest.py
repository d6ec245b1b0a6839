"""Recordings that the suite makes itself."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.play import play
from avatarium.training.trajectory.recording import NO_BOXES, Recording
from avatarium.training.trajectory.windows import Windows, windows

Recorded = Callable[..., Recording]


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """Makes a recording with steps of 0.4 s from places [T, A, 2], and what else is known."""
    return _recorded


def _recorded(places: np.ndarray, scene: str = "yard", **known: np.ndarray) -> Recording:
    unknown = np.full(places.shape, np.nan, np.float32)
    people = tuple(f"person_{a}" for a in range(places.shape[1]))
    facing, goals, boxes = known.get("facing", unknown), known.get("goals", unknown), known.get("boxes", NO_BOXES)
    return Recording(scene, scene, 0.4, people, places.astype(np.float32), facing.astype(np.float32), goals.astype(np.float32), boxes)


@pytest.fixture
def curved() -> Callable[[int], Windows]:
    """Windows of people who all walk in circles to their left, from somewhere in some direction; by a seed."""

    def make(seed: int) -> Windows:
        rng = np.random.default_rng(seed)
        found = []
        for _ in range(20):
            angle = rng.uniform(0, 2 * np.pi, 6) + 0.12 * np.arange(24)[:, None]
            steps = 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=2)
            found.append(_recorded(np.cumsum(steps, axis=0) + rng.uniform(-20, 20, (6, 2))))
        return windows(found, 2)

    return make


@pytest.fixture
def frames(tmp_path: Path) -> Callable[[str, Sequence[tuple[float, int, float, float]]], Path]:
    """Writes a file of rows frame, person, x, y."""

    def write(name: str, rows: Sequence[tuple[float, int, float, float]]) -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{frame:g}\t{who}\t{x}\t{y}\n" for frame, who, x, y in rows))
        return path

    return write


@pytest.fixture(scope="session")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """Transcripts of three short episodes of a world, played by its heuristic."""
    made: dict[str, list[Path]] = {}

    def of(world: str) -> list[Path]:
        if world not in made:
            role = {"wayfinding": "walker", "gathering": "guest"}[world]
            config = {"episode_steps": 120, "crowd": 2}
            seats = {role: agents.load("heuristic", world, role, **config)}
            made[world] = play(world, seats, [1, 2, 3], tmp_path_factory.mktemp(world), config)
        return made[world]

    return of
