"""Scripted agents: one that goes by what it senses, and one that knows what everybody makes."""

from typing import Any

import numpy as np

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.network.config import Traffic
from avatarium.worlds.core.network.poisson import WHOLE
from avatarium.worlds.core.network.state import REQUESTS, UPDATES
from avatarium.worlds.metasync.config import FULL, LENGTHS
from avatarium.worlds.metasync.observe import CONTROLS
from avatarium.worlds.metasync.profiles import STEADY

CORRECTIONS = ((0.24, -0.07, -0.04), (-0.11, 0.3, -0.09))
"""Where traffic is steady, by what users' shares of bandwidth and of compute differ from fair ones, in logits.

A constant, and factors of ln(1 + n) / 3 of requests and updates in the queues. Found by a (4, 16) evolution strategy over 10 users and
15 sensors, 5 and 10, 5 and 15, 10 and 10, 20 and 10.
"""
LEANINGS = ((1.35, 0.83, -1.22), (-1.06, 3.33, -1.9))
"""The same where users come and go: the shares themselves. Found likewise, under ``PRESETS["dynamic"]``."""
LEAST = 1e-9


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions float32 [B, controls]: in proportion to demand, where it is sensed; else by settings and lengths of queues."""
    if config.observe == FULL:
        share = observation[:, -4:].astype(float).reshape(-1, 2, 2)  # data and work, of users and of sensors
        demand = np.maximum(share / (1 - np.minimum(share, 0.999)), LEAST)
        return controls(role, demand[..., 0] / demand.sum(axis=2))
    asked, told = (np.log1p(observation[:, :2]) / 3 if config.observe == LENGTHS else observation[:, :2]).astype(float).T
    leaning = np.stack([a + b * asked + c * told for a, b, c in (CORRECTIONS if config.traffic == STEADY else LEANINGS)], axis=1)
    if config.traffic == STEADY:
        users, sensors = (np.maximum(one, LEAST) for one in (_made(config.users, config.requests), _made(config.sensors, config.updates)))
        leaning += np.log(users / sensors)
    return controls(role, 1 / (1 + np.exp(-leaning)))


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions float32 [B, controls] in proportion to what users and sensors of the station make: proportionally fair by known loads."""
    network = batch.state.network
    stations = avatars if network.stations.shape[1] > 1 else np.zeros_like(avatars)
    demands = [_demand(batch, network, kind, envs, stations) for kind in (REQUESTS, UPDATES)]
    users, sensors = (np.maximum(demand, LEAST) for demand in demands)
    return controls(role, users / (users + sensors))


def controls(role: str, split: np.ndarray) -> np.ndarray:
    """Actions float32 [B, controls] of a role from what both controls ought to be, [B, 2]."""
    chosen = [CONTROLS.index(role)] if role in CONTROLS else [0, 1]
    return split[:, chosen].astype(np.float32)


def _made(devices: int, traffic: Traffic) -> np.ndarray:
    """Data and work, [2], that so many devices make in a step."""
    return devices * traffic.probability / traffic.period * np.array([traffic.size, traffic.load])


def _demand(batch: Batch, network: Any, kind: int, envs: np.ndarray, stations: np.ndarray) -> np.ndarray:
    """Data and work, float64 [B, 2], that devices of one kind make in a step."""
    devices, mix = (network.users if kind == REQUESTS else network.sensors)[envs], network.mixes[envs, kind]
    clock = batch.clock[envs][:, None]
    there = (devices["station"] == stations[:, None]) & (devices["since"] <= clock) & (clock < devices["until"])
    rate = there.sum(axis=1) * mix["chance"] / WHOLE / mix["period"]
    return np.asarray(rate[:, None] * np.stack([mix["size"], mix["load"]], axis=1))
