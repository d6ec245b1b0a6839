"""Where people will be: the sensor beside what then happened, both models, and that a world without it is what it was."""

import hashlib
import os
import subprocess
import sys
from typing import Any

import numpy as np

from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core import forecast, people, settings
from avatarium.worlds.core.checks.trial import actions_for, trace
from avatarium.worlds.wayfinding import WORLD
from avatarium.worlds.wayfinding.state import LEARNED

STEPS = 120
MODELS = ("constant-velocity", "learned")
MODEL = "2ed40c8b5a7c092a7518b952e9cbf841a151e40cc9b1d784cf10e760073510dc"
"""SHA-256 of the weights under version 1."""


def opened(model: str = "learned", num_envs: int = 8, **config: Any) -> Batch:
    """A batch with a crowd."""
    batch = make_batch("wayfinding", num_envs=num_envs, **{"crowd": 8, "forecast.model": model, **config})
    batch.reset(1)
    return batch


def walk(batch: Batch, steps: int) -> np.ndarray:
    """Let everybody who learns follow the shortest way; returns the bodies, AVATAR [T + 1, N, A]."""
    bodies = [batch.state.avatars.copy()]
    envs, avatars = np.repeat(np.arange(batch.num_envs), 8), np.tile(np.arange(8), batch.num_envs)
    for _ in range(steps):
        assert WORLD.oracle is not None
        batch.step({"walker": WORLD.oracle(batch, "walker", envs, avatars).reshape(batch.num_envs, 8, -1)})
        bodies.append(batch.state.avatars.copy())
    return np.stack(bodies)


def places(bodies: np.ndarray) -> np.ndarray:
    """float32 [..., 2]."""
    return np.stack([bodies["x"], bodies["y"]], axis=-1)


def test_it_tells_of_those_in_sight_and_of_nobody_else_in_the_frame_of_who_sees_them() -> None:
    batch = opened("constant-velocity")
    bodies = walk(batch, 40)[-1]
    where, seen = batch.roles["walker"].slices(), batch.observations["walker"]
    shown = seen[..., where["people"]].reshape(8, 8, people.NEAREST, people.COLUMNS)
    told = seen[..., where["forecast"]].reshape(8, 8, people.NEAREST, forecast.HORIZONS, 2)
    there = shown[..., 0] > 0
    assert 0.1 < there.mean() < 1 and (told[~there] == 0).all()
    moving = shown[..., None, 1:3] + shown[..., None, 5:7] * 0.14 * np.array([0.8, 1.6, 2.4])[:, None]
    assert np.abs(told - moving)[there].max() < 1e-5, "by constant velocity it is what one could find out from people"
    assert np.hypot(bodies["vx"], bodies["vy"]).max() > 1


def test_the_learned_model_is_nearer_to_what_happens() -> None:
    off = {}
    for model in MODELS:
        batch = opened(model, num_envs=16, split="held-out")
        batch.reset(7)
        walk(batch, 30)
        told, bodies = batch.state.tracks.places[:, forecast.DEPTH :].copy(), walk(batch, 24)
        off[model] = [np.linalg.norm(told[:, h] - places(bodies[8 * h + 8]), axis=-1).mean() for h in range(forecast.HORIZONS)]
    assert (np.array(off["learned"]) < np.array(off["constant-velocity"])).all()


def test_the_learned_model_is_the_perceptron_of_its_file_over_places_0_4_s_apart() -> None:
    batch = opened(num_envs=4)
    bodies = walk(batch, STEPS)
    now, past = bodies[-1], places(bodies[-1 : -1 - forecast.DEPTH : -forecast.STRIDE])
    velocity = np.stack([now["vx"], now["vy"]], axis=-1)

    def own(vectors: np.ndarray) -> np.ndarray:
        x, y = vectors[..., 0], vectors[..., 1]
        return np.stack([x * now["cos"] + y * now["sin"], y * now["cos"] - x * now["sin"]], axis=-1)

    seen = np.stack([own(velocity * 0.4), *(own(step) for step in past[:-1] - past[1:])], axis=-2) / 0.56
    with np.load(LEARNED) as layers:
        felt = np.maximum(seen.reshape(*now.shape, -1) @ layers["first"][:-1] + layers["first"][-1], 0)
        added = (felt @ layers["last"][:-1] + layers["last"][-1]).reshape(*now.shape, forecast.HORIZONS, 2) * 0.56
    ahead, left = added[..., 0], added[..., 1]
    cos, sin = now["cos"][..., None], now["sin"][..., None]
    turned = np.stack([ahead * cos - left * sin, ahead * sin + left * cos], axis=-1)
    reach = np.array([0.8, 1.6, 2.4])[:, None]
    expected = places(now)[..., None, :] + velocity[..., None, :] * reach + turned
    assert np.abs(np.moveaxis(batch.state.tracks.places[:, forecast.DEPTH :], 1, 2) - expected).max() < 1e-4


def test_episodes_know_nothing_of_one_another() -> None:
    batch = opened(num_envs=1, episode_steps=50)
    walk(batch, 50)
    assert batch.episodes.clock[0] == 0
    past = batch.state.tracks.places[0, : forecast.DEPTH]
    assert (past == places(batch.state.avatars[0])).all(), "everybody has stood where the new episode put them"


def test_a_faulty_forecast_is_degraded_like_any_sensor() -> None:
    where = opened().roles["walker"].slices()["forecast"]
    silent = opened(**{"forecast.mute": True})
    walk(silent, 10)
    assert (silent.observations["walker"][..., where] == 0).all()
    late = opened(**{"forecast.delay": 5})
    told = [late.observations["walker"][..., where].copy()]
    for _ in range(5):
        walk(late, 1)
        told.append(late.observations["walker"][..., where].copy())
    assert (told[5] == told[0]).all()


def test_forecasts_arrive_as_late_as_the_states_of_others() -> None:
    prompt, late = opened(), opened(**{"sync.aosi": 5})
    where, told = prompt.roles["walker"].slices()["forecast"], []
    for _ in range(12):
        for batch in (prompt, late):
            walk(batch, 1)
        told.append((prompt.observations["walker"][..., where].copy(), late.observations["walker"][..., where].copy()))
    here = (told[6][0] != 0) & (told[11][1] != 0)
    assert here.mean() > 0.05 and np.median(np.abs(told[6][0] - told[11][1])[here]) == 0


def test_without_it_nothing_is_there() -> None:
    config = settings.build(WORLD.config, {})
    assert "forecast" not in settings.told(config)
    assert settings.told(settings.build(WORLD.config, {"forecast.model": "learned"}))["forecast"]["model"] == "learned"
    assert not [f for f in WORLD.roles(config)[0].features if f.sensor == "forecast"]
    tracks = make_batch("wayfinding", num_envs=3).state.tracks
    assert tracks.places.size == tracks.model.size == 0
    with_it = make_batch("wayfinding", **{"forecast.model": "learned"}).roles["walker"].slices()
    assert with_it["forecast"].stop - with_it["forecast"].start == forecast.SIZE


def hash_of_a_run() -> str:
    """Of everything that is sensed in a while with learned forecasts."""
    batch = make_batch("wayfinding", num_envs=4, **{"crowd": 4, "forecast.model": "learned"})
    return trace(batch, 5, actions_for(batch, STEPS), slice(0, 4))


def test_learned_forecasts_are_the_same_bytes_on_every_processor() -> None:
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run([sys.executable, __file__], env=os.environ | generic, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [hash_of_a_run()]


def test_the_model_that_is_shipped_is_small_and_the_one_that_scores_were_made_with() -> None:
    """When another one is fitted, the sensor tells other numbers: the version of the world goes up."""
    assert LEARNED.stat().st_size < 50_000
    assert WORLD.version == 1
    assert hashlib.sha256(forecast.weights(LEARNED).tobytes()).hexdigest() == MODEL


if __name__ == "__main__":
    print(hash_of_a_run())
