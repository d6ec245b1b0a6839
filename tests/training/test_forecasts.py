"""Forecasts of wayfinding as they are fitted: from what the sensor sees, to what helps."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.training.studies import forecasts
from avatarium.worlds.core import forecast
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.wayfinding.state import AVATAR, LEARNED


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An episode of the heuristic beside a crowd."""
    return forecasts.recorded(["heuristic"], "train", 1, tmp_path_factory.mktemp("recorded"))["heuristic"][0]


def test_what_is_learnt_from_is_what_the_sensor_sees_and_what_then_happens(transcript: Path) -> None:
    seen, said = forecasts.moments(transcript)
    bodies = Transcript.open(transcript).data["frames.avatars"].astype(AVATAR)
    count = bodies.shape[1]
    tracks = forecast.allocate(1, count, forecast.Forecast(model="learned"), LEARNED)
    forecast.begin(tracks, bodies[0], 0)
    assert len(seen) == len(said) == count * len(range(0, len(bodies) - 24, forecasts.EVERY))
    for t in range(len(bodies) - 24):
        forecast.follow(tracks, bodies[t], 0, t)
        if t % forecasts.EVERY == 0:
            row, me, then = (t // forecasts.EVERY + 1) * count - 1, bodies[t, -1], bodies[t + 24, -1]
            assert np.abs(tracks.model[0, forecast.SEEN] - seen[row]).max() < 1e-4, "of the body that was thought of last"
            x, y = then["x"] - me["x"] - 2.4 * me["vx"], then["y"] - me["y"] - 2.4 * me["vy"]
            beyond = np.array([x * me["cos"] + y * me["sin"], y * me["cos"] - x * me["sin"]]) / forecast.STEP_M
            assert np.abs(beyond - said[row, -2:]).max() < 1e-4


def test_a_model_that_was_fitted_is_nearer_than_constant_velocity(transcript: Path, tmp_path: Path) -> None:
    layers = forecasts.fit([transcript], 600)
    assert {name: layer.shape for name, layer in layers.items()} == {"first": (17, 16), "last": (17, 6)}
    np.savez(tmp_path / "model.npz", **layers)
    learned, straight = (forecasts.distances(transcript, model, tmp_path / "model.npz") for model in ("learned", "constant-velocity"))
    assert (learned < straight).all() and straight[0] < straight[1] < straight[2] < 3


def test_the_table_tells_of_every_model_and_of_everybody(transcript: Path) -> None:
    told = forecasts.table({"heuristic": [transcript, transcript]}, LEARNED).splitlines()
    assert told[0] == "| model | 0.8 s | 1.6 s | 2.4 s | mean | mean, heuristic |"
    assert [line.split(" | ")[0] for line in told[2:]] == ["| constant-velocity", "| learned"]
    assert told[2].split(" | ")[4].strip() == told[2].split(" | ")[5].strip(" |")
