"""Random numbers, trigonometry, settings and features: the small parts that everything stands on."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from avatarium.worlds.core import rng, settings, trig
from avatarium.worlds.core.episodes import origins
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.wayfinding.config import Config


def test_trigonometry_is_as_accurate_as_it_says() -> None:
    angles = np.linspace(-np.pi, np.pi, 20001, dtype=np.float32)
    sines = np.array([trig.sine(a) for a in angles])
    cosines = np.array([trig.cosine(a) for a in angles])
    assert np.abs(sines - np.sin(angles.astype(np.float64))).max() < 2e-6
    assert np.abs(cosines - np.cos(angles.astype(np.float64))).max() < 3e-6
    turned = np.array([trig.atan2(np.float32(np.sin(a)), np.float32(np.cos(a))) for a in angles[1:-1]])
    assert np.abs(turned - angles[1:-1]).max() < 2e-4


def test_uniform_numbers_are_uniform_and_streams_do_not_touch_one_another() -> None:
    stream = np.zeros((2, rng.PURPOSES), np.uint64)
    drawn = np.array([rng.uniform(stream, 0, rng.RULES) for _ in range(20000)])
    assert drawn.min() >= 0 and drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 0.01 and abs(drawn.var() - 1 / 12) < 0.005
    assert stream[1].tolist() == [0] * rng.PURPOSES and stream[0, rng.LEVEL] == 0


@how(deadline=None)  # the first call compiles
@given(st.integers(-5, 5), st.integers(0, 20), st.integers(0, 2**63))
def test_between_stays_between(low: int, span: int, seed: int) -> None:
    stream = np.full((1, rng.PURPOSES), seed, np.uint64)
    assert low <= rng.between(stream, 0, rng.LEVEL, low, low + span) <= low + span


def test_a_seed_means_the_same_alone_and_in_a_list() -> None:
    assert origins(5, 1)[0] == origins([5], 1)[0] == origins(5, 64)[0]
    assert len(set(origins(5, 64).tolist()) | set(origins(6, 64).tolist())) == 128


def test_settings_are_checked_with_one_sentence() -> None:
    for overrides, words in (
        ({"walkrs": 3}, "did you mean 'walkers'"),
        ({"walkers": 99}, "between 1 and 16"),
        ({"walkers": 2.5}, "whole number"),
        ({"guidance": "sign"}, "did you mean 'signs'"),
        ({"rays.nois": 0.1}, "did you mean 'noise'"),
        ({"rays.noise": 7}, "between 0.0 and 1.0"),
        ({"walkers.many": 7}, "has no parts"),
    ):
        with pytest.raises(UserError, match=words):
            settings.build(Config, overrides)


def test_settings_from_the_command_line_are_read_as_their_types() -> None:
    read = settings.parse_overrides(["walkers=3", "rays.noise=0.25", "guidance=signs", "rays.mute=yes"], Config)
    assert read == {"walkers": 3, "rays.noise": 0.25, "guidance": "signs", "rays.mute": True}
    config = settings.build(Config, read)
    assert (config.walkers, config.rays, config.guidance) == (3, Sensor(0.25, 0, True), "signs")
    for text, words in (
        ("walkers", "setting=value"),
        ("walkers=x", "whole number"),
        ("rays.mute=maybe", "true or false"),
        ("nope=1", "no setting"),
    ):
        with pytest.raises(UserError, match=words):
            settings.parse_overrides([text], Config)


def test_kernels_get_the_config_as_numbers() -> None:
    row = settings.packed(settings.build(Config, {"guidance": "signs", "split": "held-out", "rewards.arrival": 2.0}))[0]
    assert (row["guidance"], row["split"], row["rewards"]["arrival"], row["walkers"]) == (1, 2, 2.0, 8)
    assert row["patience"].dtype == np.float32 and row["walkers"].dtype == np.int32


def test_a_config_survives_json() -> None:
    config = settings.build(Config, {"rays.delay": 3, "crowd": 2})
    assert settings.build(Config, dataclasses.asdict(config)) == config


def test_the_table_of_settings_names_every_setting() -> None:
    table = settings.table(Config)
    assert all(f"`{f.name}" in table for f in dataclasses.fields(Config))
