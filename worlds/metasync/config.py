"""What may be varied in metasync, and settings that have been published."""

from dataclasses import dataclass
from typing import Any

from avatarium.worlds.core.network.config import Link, Traffic
from avatarium.worlds.core.settings import choice, section, setting
from avatarium.worlds.metasync.profiles import MIXTURE, PROFILES, STEADY

SINGLE, DUO, CELLS = "single", "duo", "cells"
LENGTHS, LOG, FULL = "lengths", "log", "full"


@dataclass(frozen=True)
class Rewards:
    """What a request that is done is worth: ``sync`` times ``fade`` to the power of its AoSI, and ``late`` if its AoRI is too high."""

    sync: float = setting(10.0, 0.0, 100.0, "for a request that is answered with what a sensor found in the very step of the request")
    fade: float = setting(0.9, 0.0, 1.0, "what is left of that for each step in between")
    late: float = setting(-1.0, -100.0, 0.0, "for a request that took longer than the deadline")
    deadline_steps: int = setting(2, 0, 1000, "the deadline")


@dataclass(frozen=True)
class Config:
    """Settings of metasync. By default they are those with which Ohri et al. 2025 worked, as far as their simulator tells."""

    form: str = choice(
        SINGLE, DUO, CELLS, meaning="one agent for all, one each for bandwidth and compute, or one at each of three stations"
    )
    users: int = setting(10, 1, 64, "users, where traffic is steady")
    sensors: int = setting(15, 1, 64, "sensors")
    traffic: str = choice(STEADY, *PROFILES, MIXTURE, meaning="users who stay, or who come and go as a profile says, or one of them by lot")
    speed_m: float = setting(1.5, 0.1, 10.0, "metres that a user walks in a step")
    observe: str = choice(LENGTHS, LOG, FULL, meaning="lengths of queues, their logarithms, or these and what else an operator knows")
    episode_steps: int = setting(100, 10, 1000, "length of an episode")
    split: str = choice("train", "validation", "held-out", meaning="which places of sensors, walks and requests; no two splits share any")
    station: Link = section(Link, "a station, and how it is reached")
    requests: Traffic = section(Traffic, "what users make, where traffic is steady", probability=0.7, size=70.0, load=7.0)
    updates: Traffic = section(Traffic, "what sensors make")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")


PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "v2": {
        "users": 3,
        "sensors": 3,
        "speed_m": 0.5,
        "station.compute": 1e5,
        "requests.size": 200.0,
        "requests.load": 50.0,
        "updates.size": 150.0,
        "updates.load": 50.0,
    },
    "small": {"users": 5, "sensors": 8, "speed_m": 0.5},
    "large": {"users": 20, "sensors": 10, "speed_m": 0.5},
    "cells": {"form": CELLS, "users": 15, "sensors": 20, "speed_m": 0.5},
    "dynamic": {
        "traffic": MIXTURE,
        "sensors": 12,
        "speed_m": 0.5,
        "station.compute": 1000.0,
        "station.units_per_mhz": 10.0,
        "station.frequency_mhz": 1500.0,
        "station.mast_m": 10.0,
        "updates.size": 50.0,
        "updates.load": 30.0,
        "rewards.deadline_steps": 5,
    },
}
"""Settings by name, for ``make("metasync", **PRESETS["v2"])``: those of the paper, and of later versions of its simulator.

In ``v2`` work is next to nothing for the station, as it is there. In ``dynamic`` a step is 0.1 s and units are 10 kbit and 10 Mcycles.
"""
