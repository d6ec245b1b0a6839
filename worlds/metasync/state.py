"""All that metasync remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.network import state as networks
from avatarium.worlds.metasync.config import CELLS, DUO, Config
from avatarium.worlds.metasync.profiles import PROFILES, pool, requests

SIDE_M = 200.0
MIDDLE, TRIANGLE = ((100.0, 100.0),), ((90.0, 50.0), (150.0, 120.0), (30.0, 120.0))
"""Where stations are (m): one, or three."""

AVATAR = np.dtype(
    [
        ("x", "f4"),  # m
        ("y", "f4"),
        ("heading", "f4"),  # rad
        ("vx", "f4"),  # m per step, to where it is going
        ("vy", "f4"),
        ("goal_x", "f4"),  # m
        ("goal_y", "f4"),
        ("way", "i4"),  # steps until it is there
        ("present", "i4"),  # 1 = is there, and makes requests if it is a user
        ("waiting", "i4"),  # of a user: requests that are not sent yet
        ("aori", "i4"),  # of a user: steps that the request took that was done last; NEVER before the first
        ("aosi", "i4"),  # of a user: steps between that request and what it was answered with; NEVER before the first
        ("done", "i4"),  # of a user: requests done in this step
    ],
    align=True,
)
"""An agent, who stands at its station, or a user, who walks about."""

SENSOR = np.dtype(
    [
        ("waiting", "i4"),  # packets that are not sent yet
        ("age", "i4"),  # steps since that was made which was processed last; since the start while that is nothing
    ],
    align=True,
)
"""A sensor as it is seen."""

BOARD = np.dtype([("bandwidth", "f4"), ("compute", "f4"), ("requests", "i4"), ("updates", "i4")], align=True)
"""A station as it is seen: users' shares in this step, and how many packets of users and of sensors are in its queues."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A agents, then users; S sensors, B stations."""

    network: networks.Network
    avatars: np.ndarray  # AVATAR [N, A]
    boards: np.ndarray  # BOARD [N, B]
    sites: np.ndarray  # float32 [N, S, 2]: where sensors are (m)
    sensors: np.ndarray  # SENSOR [N, S]
    menu: np.ndarray  # networks.MIX [N, 8]: steady requests, updates, requests of each profile


def agents(config: Config) -> int:
    """How many agents there are, of all roles together."""
    return {DUO: 2, CELLS: len(TRIANGLE)}.get(config.form, 1)


def stations(config: Config) -> tuple[tuple[float, float], ...]:
    """Where stations are (m)."""
    return TRIANGLE if config.form == CELLS else MIDDLE


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments; no queue can ever be full."""
    users, sensors, places = pool(config.traffic, config.users), config.sensors, stations(config)
    traffics = [config.requests, config.updates, *(requests(one, config.station) for one in PROFILES.values())]
    capacity = max(users, sensors) * config.episode_steps
    menu = networks.mixed(traffics)
    return State(
        network=networks.allocate(num_envs, users, sensors, places, config.station, traffics, capacity),
        avatars=np.zeros((num_envs, agents(config) + users), AVATAR),
        boards=np.zeros((num_envs, len(places)), BOARD),
        sites=np.zeros((num_envs, sensors, 2), np.float32),
        sensors=np.zeros((num_envs, sensors), SENSOR),
        menu=np.repeat(menu[None], num_envs, axis=0),
    )
